// Moves elements between a tensor and one register, row by row: broadcast, copied and transposed rows; compiled like
// vector_kernels.h.
#pragma once

#include <ATen/cpu/vec/vec.h>

#include <cstdint>

#include "compile/machine/kernels.h"
#include "compile/machine/tile.h"

namespace torch_func::compile {
namespace {

// Registers have room for a vector behind their end: what a row writes too far, the next one overwrites.
template <typename T>
void fillRow(T number, T* to, int64_t n) {
  using V = at::vec::Vectorized<T>;
  const V all(number);
  for (int64_t i = 0; i < n; i += V::size()) all.store(to + i);
}

template <typename T>
void copyRow(const T* from, T* to, int64_t n) {
  using V = at::vec::Vectorized<T>;
  if (n < V::size()) {
    for (int64_t i = 0; i < n; ++i) to[i] = from[i];
    return;
  }
  for (int64_t i = 0; i + V::size() <= n; i += V::size()) V::loadu(from + i).store(to + i);
  if (n % V::size() != 0) V::loadu(from + n - V::size()).store(to + n - V::size());
}

template <typename T>
void loadRow(const T* from, int64_t stride, T* to, int64_t n) {
  if (stride == 0) return fillRow(*from, to, n);
  if (stride == 1) return copyRow(from, to, n);
  for (int64_t i = 0; i < n; ++i) to[i] = from[i * stride];
}

template <typename T>
void storeRow(const T* from, T* to, int64_t stride, int64_t n) {
  if (stride == 1) return copyRow(from, to, n);
  for (int64_t i = 0; i < n; ++i) to[i * stride] = from[i];
}

// Calls whole(row, lane, count) for whole rows, at least one, and part(row, lane, n) for what is before and after them.
template <typename T, typename Whole, typename Part>
void splitRows(T* memory, const Rows& rows, int64_t n, Whole&& whole, Part&& part) {
  int64_t lane = 0;
  T* row = memory;
  if (rows.first < rows.length || n < rows.length) {
    lane = rows.first < n ? rows.first : n;
    part(row, 0, lane);
    if (lane == n) return;
    row += rows.step - (rows.length - rows.first) * rows.stride;
  }
  const int64_t count = (n - lane) / rows.length;
  if (count > 0) whole(row, lane, count);
  lane += count * rows.length;
  if (lane < n) part(row + count * rows.step, lane, n - lane);
}

template <typename T>
void loadRows(const void* memory, const Rows& rows, void* numbers, int64_t n) {
  auto* to = static_cast<T*>(numbers);
  splitRows(
      static_cast<const T*>(memory), rows, n,
      [&](const T* row, int64_t lane, int64_t count) {
        if (rows.step == 1 && rows.stride > 1 && count > 1) {
          return transpose(row, rows.stride, to + lane, rows.length, rows.length, count);
        }
        for (int64_t i = 0; i < count; ++i) {
          loadRow(row + i * rows.step, rows.stride, to + lane + i * rows.length, rows.length);
        }
      },
      [&](const T* row, int64_t lane, int64_t count) { loadRow(row, rows.stride, to + lane, count); });
}

template <typename T>
void storeRows(void* memory, const Rows& rows, const void* numbers, int64_t n) {
  const auto* from = static_cast<const T*>(numbers);
  splitRows(
      static_cast<T*>(memory), rows, n,
      [&](T* row, int64_t lane, int64_t count) {
        if (rows.step == 1 && rows.stride > 1 && count > 1) {
          return transpose(from + lane, rows.length, row, rows.stride, count, rows.length);
        }
        for (int64_t i = 0; i < count; ++i) {
          storeRow(from + lane + i * rows.length, row + i * rows.step, rows.stride, rows.length);
        }
      },
      [&](T* row, int64_t lane, int64_t count) { storeRow(from + lane, row, rows.stride, count); });
}

}  // namespace
}  // namespace torch_func::compile
