#pragma once
// A compiled function: what was compiled, by signature.

#include <napi.h>

#include <memory>
#include <string>
#include <vector>

#include "compile/call/compilation.h"
#include "compile/call/dynamic_graph.h"
#include "compile/call/signature.h"
#include "core/type_tags.h"

namespace torch_func::compile {

class AsyncQueue;

class CompiledFunction {
 public:
  // One output of a call: a new tensor, or the object of an argument that the function returned.
  struct Output {
    bool isArgument;
    int32_t index;
    bool operator==(const Output&) const = default;
  };
  struct Entry {
    std::unique_ptr<Signature> signature;
    // Its executable is null where calls with this signature run the function itself.
    Compilation compilation;
    std::vector<c10::OperatorHandle> operators;  // that were recorded, each once
    std::vector<int64_t> sizesRead;              // that JavaScript read in the recorded call
    // Null for one size. The signature is then that of all sizes, and there is a plan for each of the last ones.
    std::unique_ptr<DynamicGraph> dynamic;
    std::unique_ptr<DynamicGraph> optimized;  // that after the passes; null where the passes may have used the size
    CompilationOptions options;
    std::vector<std::pair<int64_t, std::shared_ptr<Executable>>> plans;  // that was used last, last
    std::vector<Output> outputs;
    bool returnsTensor = false;  // just one, not in an array or object
    // Whether the program is only right for arguments that do not share memory.
    bool needsSeparateStorage = false;
    // What the program computes after its outputs, and what must come out: see Graph::expectations.
    std::vector<at::Tensor> expected;
    std::string expectedReason;
    // Calls in which that came out, and in which it did not.
    int64_t hits = 0;
    int64_t misses = 0;
    int32_t id = 0;
    uint64_t lastUse = 0;
    // Why an asynchronous call runs on the thread of JavaScript, or null.
    const char* blocking = nullptr;
    // The tensors from outside, as they were in the recorded call.
    struct Outside {
      at::Tensor tensor;
      TensorType type;
      bool requiresGradient;  // where it did, all uses were under no-grad mode
    };
    std::vector<Outside> outside;
    void noteOutside(const Graph& recorded);
    // Whether they have the same types: operators in place may make a tensor another view.
    bool outsideIsSame() const;
    // Whether the results may now depend on them differentiably.
    bool outsideIsDifferentiated() const;
    // For explain(): of the executable that was timed last, milliseconds of each step, and of all.
    std::shared_ptr<Executable> timed;
    std::vector<double> stepTimes;
    double runTime = 0;

    // The one that was used last; null if calls run the function.
    std::shared_ptr<Executable> executable() const;
    // What runs a call of this size; null if calls run the function, or if this size cannot be planned.
    std::shared_ptr<Executable> executableFor(int64_t size);
    // The value of the function, from the outputs of a call and the objects of the tensors among its arguments.
    napi_value result(Environment& environment, std::vector<at::Tensor>& outputs,
                      c10::ArrayRef<napi_value> objects) const;
  };

  // Of the asynchronous calls; null before the first.
  AsyncQueue* queue = nullptr;

  // What a call from JavaScript is to do.
  enum class Action : int8_t { Record, RunFunction };

  // Runs the call, or says what to do instead. Returns the result: a tensor if the function returns just one, else an
  // array of the entry's id and the outputs; or the number of the Action.
  napi_value call(const ResultCall& call);

  // Finds what an asynchronous call runs, and notes the use. Null if the call must be made on this thread.
  std::shared_ptr<Entry> find(const ResultCall& call, Leaves& leaves, std::shared_ptr<Executable>& executable);
  // Times the steps that run this call, if it is compiled and may be repeated.
  void time(const ResultCall& call);

  // Makes the entry one for all sizes, if an entry for another size shows how: see Note [Dynamic sizes]. Else the
  // reasons of the entry say why not.
  void generalize(Entry& entry) const;
  // Adds an entry; returns the id of the entry that had to give way, or -1.
  int32_t add(Entry entry, size_t limit);
  void clear() { entries_.clear(); }
  size_t size() const { return entries_.size(); }
  const std::vector<std::shared_ptr<Entry>>& entries() const { return entries_; }

 private:
  bool runAsExpected(Entry& entry, Executable& executable, c10::ArrayRef<at::Tensor> inputs,
                     std::vector<at::Tensor>& outputs);

  std::vector<std::shared_ptr<Entry>> entries_;
  uint64_t uses_ = 0;
  int32_t nextId_ = 0;
};

inline constexpr napi_type_tag kCompiledFunctionTag = {0x5b1f0f0a3f8d4c21, 0x9f2b7c6e1d3a8450};
CompiledFunction& toCompiledFunction(Environment& environment, napi_value value);

}  // namespace torch_func::compile
