// Loads of columns from rows of a tensor, and stores of columns to rows; compiled like vector_kernels.h.
#pragma once

#include <cstddef>
#include <cstdint>

#include "compile/machine/kernels.h"

namespace torch_func::compile {
namespace {

template <typename T>
void loadColumns(const void* memory, int64_t stride, void* const* columns, size_t count, int64_t n) {
  const auto* from = static_cast<const T*>(memory);
  for (size_t k = 0; k < count; ++k) {
    auto* to = static_cast<T*>(columns[k]);
    for (int64_t i = 0; i < n; ++i) to[i] = from[i * stride + static_cast<int64_t>(k)];
  }
}

template <typename T>
void storeColumns(void* memory, int64_t stride, const void* const* columns, size_t count, int64_t n) {
  auto* to = static_cast<T*>(memory);
  for (size_t k = 0; k < count; ++k) {
    const auto* from = static_cast<const T*>(columns[k]);
    for (int64_t i = 0; i < n; ++i) to[i * stride + static_cast<int64_t>(k)] = from[i];
  }
}

}  // namespace
}  // namespace torch_func::compile
