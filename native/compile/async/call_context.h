#pragma once
// What an asynchronous call takes along from the thread of JavaScript, and what it brings back beside its results.

#include <c10/core/GradMode.h>
#include <c10/core/InferenceMode.h>
#include <c10/util/Exception.h>

#include <exception>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/environment.h"

namespace torch_func::compile {

class CallContext {
 public:
  // With the modes of the calling thread.
  CallContext() : gradMode_(c10::GradMode::is_enabled()), inferenceMode_(c10::InferenceMode::is_enabled()) {}

  // Runs `body` in these modes, on a thread of the pool. Keeps its warnings and its error.
  template <typename Body>
  void run(Body&& body) noexcept {
    try {
      const c10::WarningUtils::WarningHandlerGuard listening(&warnings_);
      const c10::AutoGradMode gradMode(gradMode_);
      std::optional<c10::InferenceMode> inference;
      if (inferenceMode_) inference.emplace(true);
      body();
    } catch (...) {
      error_ = std::current_exception();
    }
  }

  // On the thread of JavaScript, after run(): passes the warnings on, and throws the error.
  void finish(Environment& environment);

 private:
  class Warnings final : public c10::WarningHandler {
   public:
    void process(const c10::Warning& warning) override;
    std::vector<std::pair<std::string, std::string>> list;  // category, message
  };

  bool gradMode_, inferenceMode_;
  Warnings warnings_;
  std::exception_ptr error_;
};

}  // namespace torch_func::compile
