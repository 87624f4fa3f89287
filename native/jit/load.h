#pragma once
// Programs of TorchScript files.

#include <ATen/core/Tensor.h>
#include <ATen/core/ivalue.h>
#include <c10/core/Device.h>

#include <memory>
#include <optional>
#include <string>
#include <unordered_map>

#include "jit/script.h"

namespace torch_func::jit {

// A pickle of an archive, and the bytes of the storages that it refers to.
struct Pickle {
  std::string bytes;
  std::unordered_map<std::string, at::Tensor> storages;
};

// What lib/jit/archive.ts has read and checked.
struct Archive {
  std::unordered_map<std::string, std::string> code;  // by path
  Pickle constants;
  Pickle data;
  uint64_t version = 0;
  std::optional<c10::Device> device;  // of all tensors; by default where they were
};

struct Loaded {
  std::shared_ptr<Program> program;
  ObjectPtr module;
};

// Throws libtorch's errors for code that does not compile, and a ValueError for values without their declared types.
Loaded loadArchive(Environment& environment, const Archive& archive);

}  // namespace torch_func::jit
