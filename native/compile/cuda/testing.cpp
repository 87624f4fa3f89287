// The hooks of the tests of generated kernels, which need no GPU.

#include <ATen/core/LegacyTypeDispatch.h>
#include <dlfcn.h>

#include <cstring>
#include <map>
#include <stdexcept>

#include "compile/capture/record_call.h"
#include "compile/cuda/nvrtc.h"
#include "compile/exports.h"
#include "compile/lowering/lower.h"
#include "compile/passes/pipeline.h"
#include "core/arguments.h"
#include "core/call_arguments.h"
#include "core/errors.h"
#include "core/tensor_handle.h"

namespace torch_func {

namespace {

using namespace compile;

// Runs kernels that a C++ compiler has compiled for the host: functions `run_` + name of a library, called with the
// number of points and the addresses. Without a library it only collects the sources.
class HostDevice final : public KernelDevice {
 public:
  explicit HostDevice(const std::string& library) {
    if (library.empty()) return;
    library_ = dlopen(library.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (library_ == nullptr) throwRuntimeError(dlerror());
  }
  ~HostDevice() override {
    if (library_ != nullptr) dlclose(library_);
  }
  HostDevice(const HostDevice&) = delete;
  HostDevice& operator=(const HostDevice&) = delete;

  c10::Device device() const override { return c10::kCPU; }

  std::shared_ptr<const DeviceKernel> kernel(const KernelSource& source) override {
    sources.emplace(source.name, source);
    auto kernel = std::make_shared<HostKernel>();
    if (library_ != nullptr) {
      kernel->function = reinterpret_cast<HostKernel::Function>(dlsym(library_, ("run_" + source.name).c_str()));
    }
    return kernel;
  }

  void copy(void* target, const void* source, size_t bytes) override { std::memcpy(target, source, bytes); }

  // A replay does the work once more: on the memory of the capture, like a graph.
  std::unique_ptr<DeviceGraph> capture(std::function<void()> work) override {
    return std::make_unique<HostGraph>(std::move(work));
  }

  std::map<std::string, KernelSource> sources;

 private:
  struct HostGraph final : DeviceGraph {
    explicit HostGraph(std::function<void()> work) : work(std::move(work)) {}
    void replay() override { work(); }
    std::function<void()> work;
  };
  struct HostKernel final : DeviceKernel {
    using Function = void (*)(long long, void* const*);
    void launch(int64_t points, c10::ArrayRef<void*> addresses) const override {
      if (function == nullptr) throw std::runtime_error("the library does not have the kernel");
      function(points, addresses.data());
    }
    Function function = nullptr;
  };
  void* library_ = nullptr;
};

std::string textOf(const Executable& executable) {
  std::string text;
  for (const StepReport& step : executable.report()) {
    text += step.text + (step.reason.empty() ? "" : ": " + step.reason) + "\n";
  }
  for (const std::string& line : {executable.problem(), executable.deviceGraph()}) {
    if (!line.empty()) text += line + "\n";
  }
  return text;
}

// testKernels(function, inputs, library): records `function(inputs)`, applies the passes, and plans the graph as if all
// tensors were on CUDA; the plan runs if there is a library, and once more for each list of inputs in a fourth
// argument. With library null, plans for the first CUDA device.
Napi::Value testKernels(const Napi::CallbackInfo& info) {
  Environment& environment = Environment::of(info.Env());
  const auto inputs = toTensorList(environment, info[1], "inputs");
  Graph graph = recordCall(environment, "testKernels", info[0], inputs, info[1]);
  std::string refusal = runPasses(graph, {.strictZeros = true});
  if (!refusal.empty()) throwRuntimeError(refusal);
  for (Value& value : graph.values) {
    const bool isNumber = value.kind == Value::Kind::Constant && value.type.sizes.empty();
    if (!isNumber) value.type.device = c10::Device(c10::kCUDA, 0);
  }
  const bool isHost = info[2].IsString();
  const std::string library = isHost ? info[2].As<Napi::String>().Utf8Value() : "";
  HostDevice device(library);
  Reasons reasons;
  const auto executable = lower(graph, reasons, {.finiteMath = false}, isHost ? &device : nullptr);

  auto result = Napi::Object::New(info.Env());
  auto sources = Napi::Array::New(info.Env());
  for (const auto& [name, source] : device.sources) {
    auto item = Napi::Object::New(info.Env());
    item.Set("name", name);
    item.Set("text", source.text);
    item.Set("parameters", static_cast<double>(source.buffers.size()));
    sources.Set(sources.Length(), item);
  }
  result.Set("sources", sources);
  result.Set("steps", executable == nullptr ? "" : textOf(*executable));
  auto texts = Napi::Array::New(info.Env());
  for (const std::string& reason : reasons) texts.Set(texts.Length(), reason);
  result.Set("reasons", texts);
  if (executable == nullptr || library.empty()) return result;
  std::vector<at::Tensor> outputs;
  {
    const at::AutoDispatchBelowADInplaceOrView below;
    executable->run(inputs, outputs);
  }
  result.Set("outputs", Napi::Value(environment.env, wrapTensorList(environment, outputs)));
  auto runs = Napi::Array::New(info.Env());
  if (info[3].IsArray()) {
    const auto given = info[3].As<Napi::Array>();
    for (uint32_t i = 0; i < given.Length(); ++i) {
      outputs.clear();
      const at::AutoDispatchBelowADInplaceOrView below;
      executable->run(toTensorList(environment, given.Get(i), "runs"), outputs);
      runs.Set(i, Napi::Value(environment.env, wrapTensorList(environment, outputs)));
    }
  }
  result.Set("runs", runs);
  result.Set("steps", textOf(*executable));
  return result;
}

// testNvrtc(library, text, capability): what NVRTC makes of the source.
Napi::Value testNvrtc(const Napi::CallbackInfo& info) {
  const std::string file = stringParameter(info, 0, "testNvrtc", "library");
  void* library = dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) throwRuntimeError(dlerror());
  const KernelSource source{"test", stringParameter(info, 1, "testNvrtc", "text"), {}};
  const auto capability = static_cast<int>(integerParameter(info, 2, "testNvrtc", "capability"));
  const std::string code = Nvrtc(library).compile(source, capability);
  return Napi::Buffer<char>::Copy(info.Env(), code.data(), code.size());
}

}  // namespace

void defineCudaTesting(Napi::Object exports) {
  define<testKernels>(exports, "testKernels");
  define<testNvrtc>(exports, "testNvrtc");
}

}  // namespace torch_func
