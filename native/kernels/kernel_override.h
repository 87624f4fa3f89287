// A kernel in front of libtorch's own one for the derivative of an operator.
#pragma once

#include <ATen/core/dispatch/Dispatcher.h>
#include <c10/util/Exception.h>
#include <torch/library.h>

#include <string>

namespace torch_func {

// While this object lives, the thread's warnings are dropped: the dispatcher warns about a kernel that replaces
// another one, and the addon's kernels do so on purpose.
class IgnoreWarnings {
  class Handler final : public c10::WarningHandler {
    void process(const c10::Warning&) override {}
  };
  Handler handler_;
  c10::WarningUtils::WarningHandlerGuard guard_{&handler_};
};

// Puts what `make` builds in the place of an operator's autograd kernel, which it is handed: one kernel
// serves every backend. `name` is that of the overload, without `aten::`; the registration lasts as long as
// the library.
template <typename Make>
void overrideAutogradKernel(torch::Library& library, const std::string& name, Make make) {
  IgnoreWarnings ignore;
  const size_t dot = name.find('.');
  const auto op = c10::Dispatcher::singleton().findSchemaOrThrow(
      ("aten::" + name.substr(0, dot)).c_str(), dot == std::string::npos ? "" : name.substr(dot + 1).c_str());
  auto kernel = make(op.getComputedKernelForDispatchKey(c10::DispatchKey::AutogradCPU));
  library.impl(name.c_str(),
               torch::CppFunction::makeFromBoxedKernel(c10::BoxedKernel::makeFromFunctor(std::move(kernel))));
}

}  // namespace torch_func
