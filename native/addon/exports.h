#pragma once
// The functions that add each file's exports to the addon; addon.cpp calls all of them. What an export takes and
// returns stands in lib/native/exports.ts.

#include <napi.h>

namespace torch_func {

void defineTensorHandle(Napi::Object exports);  // core/tensor_handle.cpp
void defineMemory(Napi::Object exports);        // core/memory.cpp

void defineLevels(Napi::Object exports);            // functorch/levels.cpp
void defineWrapping(Napi::Object exports);          // functorch/wrapping.cpp
void defineForwardMode(Napi::Object exports);       // functorch/forward_mode.cpp
void defineBatchingFallback(Napi::Object exports);  // functorch/batching_fallback.cpp
void defineLevelInfo(Napi::Object exports);         // functorch/level_info.cpp
void defineBelow(Napi::Object exports);             // functorch/below.cpp
void defineFunctionalize(Napi::Object exports);     // functorch/functionalize.cpp

void defineOperators(Napi::Object exports);  // operators/operators.cpp
void defineIndexing(Napi::Object exports);   // operators/indexing.cpp

void defineEngine(Napi::Object exports);            // autograd/engine.cpp
void defineCallbacks(Napi::Object exports);         // autograd/callbacks.cpp
void defineAnomaly(Napi::Object exports);           // autograd/anomaly.cpp
void defineHooks(Napi::Object exports);             // autograd/hooks.cpp
void defineSavedTensorHooks(Napi::Object exports);  // autograd/saved_tensor_hooks.cpp
void defineGraphNodes(Napi::Object exports);        // autograd/graph_node.cpp
void defineFunctionNodes(Napi::Object exports);     // autograd/function_node.cpp

void defineProperties(Napi::Object exports);    // tensor/properties.cpp
void defineTensorData(Napi::Object exports);    // tensor/tensor_data.cpp
void defineStoredBytes(Napi::Object exports);   // tensor/stored_bytes.cpp
void defineNestedArrays(Napi::Object exports);  // tensor/nested_array.cpp
void definePrinting(Napi::Object exports);      // tensor/printing.cpp
void defineSharing(Napi::Object exports);       // tensor/sharing.cpp

void defineRandom(Napi::Object exports);       // runtime/random.cpp
void defineCuda(Napi::Object exports);         // runtime/cuda.cpp
void defineRuntime(Napi::Object exports);      // runtime/runtime.cpp
void defineStopSignals(Napi::Object exports);  // runtime/stop_signals.cpp

}  // namespace torch_func
