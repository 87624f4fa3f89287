#pragma once
// Whether values have the types that a program declares. libtorch does not check those that it reads from a file, and
// its interpreter relies on them.

#include <ATen/core/ivalue.h>
#include <ATen/core/jit_type.h>

namespace torch_func::jit {

// Throws a ValueError that names `place` if a value, or a value in it, does not have its declared type.
void checkConforms(const c10::IValue& value, const c10::TypePtr& type, const std::string& place);

}  // namespace torch_func::jit
