// The entry point of the addon, called once for each JavaScript environment.

#include <napi.h>

#include "addon/exports.h"
#include "autograd/saved_tensor_hooks.h"
#include "compile/exports.h"
#include "core/cpu_allocator.h"
#include "core/environment.h"
#include "core/errors.h"
#include "core/tensor_handle.h"
#include "jit/exports.h"
#include "kernels/decompositions.h"
#include "runtime/cuda_collections.h"
#include "runtime/cuda_library.h"
#include "runtime/thread_limit.h"
#include "runtime/trace.h"

namespace torch_func {

namespace {

// initialize(classes): receives the JavaScript classes of results and errors; returns the call frame.
Napi::Value initialize(const Napi::CallbackInfo& info) {
  Environment& environment = Environment::of(info.Env());
  if (!info[0].IsObject())
    throwTypeError("initialize(): argument 'classes' must be an object, not " + describe(environment, info[0]));
  environment.initialize(info[0].As<Napi::Object>());
  return Napi::Value(info.Env(), environment.frame.array(info.Env()));
}

void installIntoLibtorch() {
  limitThreads();
  installCpuAllocator();
  installHookingEngine();
  restoreRemovedOperators();
  registerBatchingDecompositions();
  registerForwardAdDecompositions();
  registerMetaKernels();
  loadCudaLibrary();
  provokeCudaCollections();
  installTrace();
  registerCorrections();
}

void defineExports(Napi::Object exports) {
  define<initialize>(exports, "initialize");
  defineTensorHandle(exports);
  defineOperators(exports);
  defineProperties(exports);
  defineTensorData(exports);
  defineStoredBytes(exports);
  defineNestedArrays(exports);
  defineSharing(exports);
  defineEngine(exports);
  defineCallbacks(exports);
  defineAnomaly(exports);
  defineHooks(exports);
  defineSavedTensorHooks(exports);
  defineGraphNodes(exports);
  defineFunctionNodes(exports);
  defineLevels(exports);
  defineWrapping(exports);
  defineForwardMode(exports);
  defineBatchingFallback(exports);
  defineLevelInfo(exports);
  defineBelow(exports);
  defineFunctionalize(exports);
  defineIndexing(exports);
  defineRandom(exports);
  defineCuda(exports);
  defineRuntime(exports);
  defineStopSignals(exports);
  definePrinting(exports);
  defineMemory(exports);
  defineCompile(exports);
  defineJit(exports);
}

// Installing fails if the libtorch in use is not the one that the addon was built for; lib/native/load.ts adds advice.
napi_value startAddon(napi_env env, napi_value exports) {
  auto* environment = new Environment(env);
  napi_set_instance_data(
      env, environment, [](node_api_basic_env, void* data, void*) { delete static_cast<Environment*>(data); }, nullptr);
  return guard(*environment, [&] {
    installIntoLibtorch();
    defineExports(Napi::Object(env, exports));
    return exports;
  });
}

}  // namespace

}  // namespace torch_func

// Not node-addon-api's macro: what it throws while a worker is being terminated ends the process.
NAPI_MODULE_INIT() { return torch_func::startAddon(env, exports); }
