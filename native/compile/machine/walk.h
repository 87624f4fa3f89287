#pragma once
// Walks over the elements of strided operands, and their conversion to and from numbers of a lane type.

#include <c10/core/ScalarType.h>

#include <algorithm>
#include <cstdint>
#include <cstring>

#include "compile/machine/kernels.h"
#include "compile/machine/program.h"

namespace torch_func::compile {

// Equally spaced elements from some point on.
struct Run1d {
  int64_t position;
  int64_t length;
  int64_t stride;
};

inline Run1d runAt(const Dimensions& sizes, const Dimensions& strides, int64_t point) {
  const size_t last = sizes.size() - 1;
  const int64_t inner = point % sizes[last];
  Run1d run{inner * strides[last], sizes[last] - inner, strides[last]};
  point /= sizes[last];
  for (size_t d = last; d-- > 0 && point > 0;) {
    run.position += point % sizes[d] * strides[d];
    point /= sizes[d];
  }
  return run;
}

// Calls f(lane, count, position, stride) for the runs of equally spaced elements at n points.
template <typename F>
void walk(const Dimensions& sizes, const Dimensions& strides, int64_t start, int64_t n, F&& f) {
  if (sizes.size() == 1) {
    f(0, n, start * strides[0], strides[0]);
    return;
  }
  const size_t last = sizes.size() - 1;
  Run1d run = runAt(sizes, strides, start);
  // The outer index of the point, counted in `row`; the position of its row is recomputed when an outer dimension ends.
  int64_t row = start / sizes[last];
  int64_t place = last > 0 ? row % sizes[last - 1] : 0;
  for (int64_t lane = 0; lane < n;) {
    const int64_t count = std::min(run.length, n - lane);
    f(lane, count, run.position, run.stride);
    lane += count;
    ++row;
    if (++place < sizes[last - 1]) {
      run.position += strides[last - 1] - (sizes[last] - run.length) * strides[last];
      run.length = sizes[last];
    } else {
      place = 0;
      run = runAt(sizes, strides, row * sizes[last]);
    }
  }
}

// Calls f(lane, count, position, rows) for the runs of points at which the elements lie in equal rows.
template <typename F>
void walkRows(const Dimensions& sizes, const Dimensions& strides, int64_t start, int64_t n, F&& f) {
  const size_t last = sizes.size() - 1;
  if (last == 0) {
    f(0, n, start * strides[0], Rows{n, n, strides[0], 0});
    return;
  }
  for (int64_t lane = 0; lane < n;) {
    const Run1d run = runAt(sizes, strides, start + lane);
    const int64_t rowsLeft = sizes[last - 1] - (start + lane) / sizes[last] % sizes[last - 1];
    const int64_t count = std::min(n - lane, run.length + (rowsLeft - 1) * sizes[last]);
    f(lane, count, run.position, Rows{run.length, sizes[last], strides[last], strides[last - 1]});
    lane += count;
  }
}

template <typename To, typename From>
void convertElements(To* to, int64_t toStride, const From* from, int64_t fromStride, int64_t n) {
  if constexpr (std::is_same_v<To, From>) {
    if (toStride == 1 && fromStride == 1) {
      std::memcpy(to, from, static_cast<size_t>(n) * sizeof(To));
      return;
    }
  }
  if (fromStride == 0) {
    const To value = static_cast<To>(*from);
    for (int64_t i = 0; i < n; ++i) to[i * toStride] = value;
  } else {
    for (int64_t i = 0; i < n; ++i) to[i * toStride] = static_cast<To>(from[i * fromStride]);
  }
}

// Calls f with a null pointer to the dtype's C++ type. Bool as bytes.
template <typename F>
void withType(c10::ScalarType dtype, F&& f) {
  switch (dtype) {
    case c10::ScalarType::Float: return f(static_cast<float*>(nullptr));
    case c10::ScalarType::Double: return f(static_cast<double*>(nullptr));
    case c10::ScalarType::Bool: return f(static_cast<bool*>(nullptr));
    case c10::ScalarType::Byte: return f(static_cast<uint8_t*>(nullptr));
    case c10::ScalarType::Char: return f(static_cast<int8_t*>(nullptr));
    case c10::ScalarType::Short: return f(static_cast<int16_t*>(nullptr));
    case c10::ScalarType::Int: return f(static_cast<int32_t*>(nullptr));
    default: return f(static_cast<int64_t*>(nullptr));
  }
}

inline void loadElements(const void* memory, c10::ScalarType dtype, int64_t stride, void* numbers, Lane lane,
                         int64_t n) {
  withType(dtype, [&]<typename T>(T*) {
    const auto* from = static_cast<const T*>(memory);
    if (lane == Lane::F32) {
      convertElements(static_cast<float*>(numbers), 1, from, stride, n);
    } else {
      convertElements(static_cast<double*>(numbers), 1, from, stride, n);
    }
  });
}

inline void storeElements(void* memory, c10::ScalarType dtype, int64_t stride, const void* numbers, Lane lane,
                          int64_t n) {
  withType(dtype, [&]<typename T>(T*) {
    auto* to = static_cast<T*>(memory);
    if (lane == Lane::F32) {
      convertElements(to, stride, static_cast<const float*>(numbers), 1, n);
    } else {
      convertElements(to, stride, static_cast<const double*>(numbers), 1, n);
    }
  });
}

// Whether numbers of the lane type are elements of the dtype.
inline bool isLaneType(c10::ScalarType dtype, Lane lane) {
  return dtype == (lane == Lane::F32 ? c10::ScalarType::Float : c10::ScalarType::Double);
}

// Whether the machine can load and store the dtype.
inline bool isMachineType(c10::ScalarType dtype) {
  switch (dtype) {
    case c10::ScalarType::Float:
    case c10::ScalarType::Double:
    case c10::ScalarType::Bool:
    case c10::ScalarType::Byte:
    case c10::ScalarType::Char:
    case c10::ScalarType::Short:
    case c10::ScalarType::Int:
    case c10::ScalarType::Long: return true;
    default: return false;
  }
}

}  // namespace torch_func::compile
