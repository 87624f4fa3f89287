// Loads of columns from rows of a tensor, and stores of columns to rows; compiled like vector_kernels.h.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>

#include "compile/machine/kernels.h"
#include "compile/machine/tile.h"

#ifdef __AVX512F__
#include <ATen/cpu/vec/vec.h>
#include <immintrin.h>
#endif

namespace torch_func::compile {
namespace {

template <typename T>
void loadEachColumn(const T* from, int64_t stride, void* const* columns, size_t count, int64_t begin, int64_t end) {
  for (size_t k = 0; k < count; ++k) {
    auto* to = static_cast<T*>(columns[k]);
    for (int64_t i = begin; i < end; ++i) to[i] = from[i * stride + static_cast<int64_t>(k)];
  }
}

template <typename T>
void storeEachColumn(T* to, int64_t stride, const void* const* columns, size_t count, int64_t begin, int64_t end) {
  for (size_t k = 0; k < count; ++k) {
    const auto* from = static_cast<const T*>(columns[k]);
    for (int64_t i = begin; i < end; ++i) to[i * stride + static_cast<int64_t>(k)] = from[i];
  }
}

#ifdef __AVX512F__

// Rows of K numbers are K vectors that hold as many rows as a vector has lanes: each column, and each vector of rows,
// is put together from K vectors, one permutation for each.
struct Vector32 {
  using Number = float;
  using Mask = __mmask16;
  static constexpr int kWidth = 16;
  using Index = int32_t;
  static __m512 load(const float* from) { return _mm512_loadu_ps(from); }
  static void store(float* to, __m512 value) { _mm512_storeu_ps(to, value); }
  static __m512 zero() { return _mm512_setzero_ps(); }
  static __m512 permute(__m512 otherwise, Mask mask, const Index* index, __m512 value) {
    return _mm512_mask_permutexvar_ps(otherwise, mask, _mm512_load_si512(index), value);
  }
};

struct Vector64 {
  using Number = double;
  using Mask = __mmask8;
  static constexpr int kWidth = 8;
  using Index = int64_t;
  static __m512d load(const double* from) { return _mm512_loadu_pd(from); }
  static void store(double* to, __m512d value) { _mm512_storeu_pd(to, value); }
  static __m512d zero() { return _mm512_setzero_pd(); }
  static __m512d permute(__m512d otherwise, Mask mask, const Index* index, __m512d value) {
    return _mm512_mask_permutexvar_pd(otherwise, mask, _mm512_load_si512(index), value);
  }
};

// Where the lanes of column k, or of vector k of rows, come from: a lane of the source vectors, and which vector.
template <typename V, int K>
struct Places {
  alignas(64) typename V::Index lanes[K][V::kWidth] = {};
  typename V::Mask masks[K][K] = {};
};

template <typename V, int K>
constexpr Places<V, K> placesOfColumns() {
  Places<V, K> places;
  for (int k = 0; k < K; ++k) {
    for (int lane = 0; lane < V::kWidth; ++lane) {
      const int place = lane * K + k;
      places.lanes[k][lane] = place % V::kWidth;
      places.masks[k][place / V::kWidth] |= static_cast<typename V::Mask>(1u << lane);
    }
  }
  return places;
}

template <typename V, int K>
constexpr Places<V, K> placesOfRows() {
  Places<V, K> places;
  for (int v = 0; v < K; ++v) {
    for (int lane = 0; lane < V::kWidth; ++lane) {
      const int place = v * V::kWidth + lane;
      places.lanes[v][lane] = place / K;
      places.masks[v][place % K] |= static_cast<typename V::Mask>(1u << lane);
    }
  }
  return places;
}

template <typename V, int K>
int64_t loadRows(const void* memory, void* const* columns, int64_t n) {
  static constexpr Places<V, K> places = placesOfColumns<V, K>();
  using T = typename V::Number;
  const auto* from = static_cast<const T*>(memory);
  int64_t i = 0;
  for (; i + V::kWidth <= n; i += V::kWidth) {
    decltype(V::zero()) rows[K];
    for (int v = 0; v < K; ++v) rows[v] = V::load(from + i * K + v * V::kWidth);
    for (int k = 0; k < K; ++k) {
      auto column = V::zero();
      for (int v = 0; v < K; ++v) column = V::permute(column, places.masks[k][v], places.lanes[k], rows[v]);
      V::store(static_cast<T*>(columns[k]) + i, column);
    }
  }
  return i;
}

template <typename V, int K>
int64_t storeRows(void* memory, const void* const* columns, int64_t n) {
  static constexpr Places<V, K> places = placesOfRows<V, K>();
  using T = typename V::Number;
  auto* to = static_cast<T*>(memory);
  int64_t i = 0;
  for (; i + V::kWidth <= n; i += V::kWidth) {
    decltype(V::zero()) parts[K];
    for (int k = 0; k < K; ++k) parts[k] = V::load(static_cast<const T*>(columns[k]) + i);
    for (int v = 0; v < K; ++v) {
      auto row = V::zero();
      for (int k = 0; k < K; ++k) row = V::permute(row, places.masks[v][k], places.lanes[v], parts[k]);
      V::store(to + i * K + v * V::kWidth, row);
    }
  }
  return i;
}

// More columns are faster as transposed blocks.
constexpr size_t kPermutedColumns = 10;

template <typename V, size_t... K>
int64_t loadRowsOf(size_t count, const void* memory, void* const* columns, int64_t n, std::index_sequence<K...>) {
  int64_t done = 0;
  ((count == K + 2 ? void(done = loadRows<V, K + 2>(memory, columns, n)) : void()), ...);
  return done;
}

template <typename V, size_t... K>
int64_t storeRowsOf(size_t count, void* memory, const void* const* columns, int64_t n, std::index_sequence<K...>) {
  int64_t done = 0;
  ((count == K + 2 ? void(done = storeRows<V, K + 2>(memory, columns, n)) : void()), ...);
  return done;
}

// Any columns of float32, 16 rows at a time.
inline int64_t loadTransposed(const float* from, int64_t stride, void* const* columns, size_t count, int64_t n) {
  alignas(64) float block[kMaximumColumns * 16];
  int64_t i = 0;
  for (; i + 16 <= n; i += 16) {
    at::vec::transpose_mxn<float>(from + i * stride, stride, block, 16, 16, static_cast<int>(count));
    for (size_t k = 0; k < count; ++k) {
      Vector32::store(static_cast<float*>(columns[k]) + i, Vector32::load(block + 16 * k));
    }
  }
  return i;
}

inline int64_t storeTransposed(float* to, int64_t stride, const void* const* columns, size_t count, int64_t n) {
  alignas(64) float block[kMaximumColumns * 16];
  int64_t i = 0;
  for (; i + 16 <= n; i += 16) {
    for (size_t k = 0; k < count; ++k) {
      Vector32::store(block + 16 * k, Vector32::load(static_cast<const float*>(columns[k]) + i));
    }
    at::vec::transpose_mxn<float>(block, 16, to + i * stride, stride, static_cast<int>(count), 16);
  }
  return i;
}

// With fewer columns, moving each number is as fast.
constexpr size_t kTransposedColumns = 8;

template <typename T>
using VectorOf = std::conditional_t<sizeof(T) == 4, Vector32, Vector64>;

#elif defined(__AVX2__)

// Tiles of the rows; a tile that ends beyond the last column reads the beginning of the next row.
template <typename T>
int64_t loadTiles(const T* from, int64_t stride, void* const* columns, int64_t count, int64_t n) {
  using Rows = Tile<T>;
  const int64_t end = (n - 1) * stride + count;
  const int64_t width = (count + Rows::kColumns - 1) / Rows::kColumns * Rows::kColumns;
  int64_t i = 0;
  for (; (i + Rows::kRows - 1) * stride + width <= end; i += Rows::kRows) {
    for (int64_t k = 0; k < count; k += Rows::kColumns) {
      Rows tile;
      tile.loadRows(from + i * stride + k, stride);
      tile.turn();
      for (int c = 0; c < Rows::kColumns && k + c < count; ++c)
        tile.storeColumn(c, static_cast<T*>(columns[k + c]) + i);
    }
  }
  return i;
}

template <typename T>
int64_t storeTiles(T* to, int64_t stride, const void* const* columns, int64_t count, int64_t n) {
  using Rows = Tile<T>;
  int64_t i = 0;
  for (; i + Rows::kRows <= n; i += Rows::kRows) {
    for (int64_t k = 0; k < count; k += Rows::kColumns) {
      const int64_t width = count - k < Rows::kColumns ? count - k : Rows::kColumns;
      Rows tile;
      for (int c = 0; c < Rows::kColumns; ++c) {
        tile.loadColumn(c, static_cast<const T*>(columns[k + (c < width ? c : 0)]) + i);
      }
      tile.turn();
      tile.storeRows(to + i * stride + k, stride, width);
    }
  }
  return i;
}

#endif

template <typename T>
void loadColumns(const void* memory, int64_t stride, void* const* columns, size_t count, int64_t n) {
  int64_t done = 0;
#ifdef __AVX512F__
  if (stride == static_cast<int64_t>(count) && count <= kPermutedColumns) {
    done = loadRowsOf<VectorOf<T>>(count, memory, columns, n, std::make_index_sequence<kPermutedColumns - 1>());
  } else if constexpr (sizeof(T) == 4) {
    if (count >= kTransposedColumns) {
      done = loadTransposed(static_cast<const float*>(memory), stride, columns, count, n);
    }
  }
#elif defined(__AVX2__)
  done = loadTiles(static_cast<const T*>(memory), stride, columns, static_cast<int64_t>(count), n);
#endif
  loadEachColumn(static_cast<const T*>(memory), stride, columns, count, done, n);
}

template <typename T>
void storeColumns(void* memory, int64_t stride, const void* const* columns, size_t count, int64_t n) {
  int64_t done = 0;
#ifdef __AVX512F__
  if (stride == static_cast<int64_t>(count) && count <= kPermutedColumns) {
    done = storeRowsOf<VectorOf<T>>(count, memory, columns, n, std::make_index_sequence<kPermutedColumns - 1>());
  } else if constexpr (sizeof(T) == 4) {
    if (count >= kTransposedColumns) {
      done = storeTransposed(static_cast<float*>(memory), stride, columns, count, n);
    }
  }
#elif defined(__AVX2__)
  done = storeTiles(static_cast<T*>(memory), stride, columns, static_cast<int64_t>(count), n);
#endif
  storeEachColumn(static_cast<T*>(memory), stride, columns, count, done, n);
}

}  // namespace
}  // namespace torch_func::compile
