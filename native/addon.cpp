// Where the addon starts, once per JavaScript environment.

#include <napi.h>

#include "autograd.h"
#include "data.h"
#include "decompositions.h"
#include "devices.h"
#include "environment.h"
#include "errors.h"
#include "indexing.h"
#include "levels.h"
#include "operators.h"
#include "printing.h"
#include "properties.h"
#include "random.h"
#include "small_allocator.h"
#include "tensor_handle.h"

namespace torch_func {

namespace {

// initialize(classes): takes the JavaScript classes that results and errors are made of.
Napi::Value initialize(const Napi::CallbackInfo& info) {
  Environment::of(info.Env()).initialize(info[0].As<Napi::Object>());
  return info.Env().Undefined();
}

Napi::Object startAddon(Napi::Env env, Napi::Object exports) {
  auto* environment = new Environment(env);
  napi_set_instance_data(env, environment,
                         [](node_api_basic_env, void* data, void*) { delete static_cast<Environment*>(data); }, nullptr);
  installSmallAllocator();
  registerBatchingDecompositions();
  ensureForwardAdDecompositions();
  define<initialize>(exports, "initialize");
  defineTensorHandle(exports);
  defineOperators(exports);
  defineProperties(exports);
  defineData(exports);
  defineAutograd(exports);
  defineLevels(exports);
  defineIndexing(exports);
  defineRandom(exports);
  defineDevices(exports);
  definePrinting(exports);
  return exports;
}

}  // namespace

}  // namespace torch_func

using torch_func::startAddon;
NODE_API_MODULE(torch_func, startAddon)
