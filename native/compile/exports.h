#pragma once
// The functions that add the exports of native/compile/ to the addon.

#include <napi.h>

namespace torch_func {

void defineCompile(Napi::Object exports);  // call/exports.cpp; it calls the others

void defineAsync(Napi::Object exports);            // call/async_exports.cpp
void defineExplain(Napi::Object exports);          // call/explain_exports.cpp
void defineLinear(Napi::Object exports);           // call/linear_exports.cpp
void defineOwnTensors(Napi::Object exports);       // call/own_tensors.cpp
void defineSharedFunctions(Napi::Object exports);  // call/shared_function.cpp
void definePassTesting(Napi::Object exports);      // passes/testing.cpp
void defineLoweringTesting(Napi::Object exports);  // lowering/testing.cpp
void defineMachineTesting(Napi::Object exports);   // machine/testing.cpp
void defineCudaTesting(Napi::Object exports);      // cuda/testing.cpp

}  // namespace torch_func
