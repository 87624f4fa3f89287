#pragma once
// The functions that add the exports of native/compile/ to the addon; addon.cpp calls them.

#include <napi.h>

namespace torch_func {

void defineCompile(Napi::Object exports);  // call/exports.cpp

}  // namespace torch_func
