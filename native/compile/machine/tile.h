// Small matrices in registers, turned around their diagonal; compiled like vector_kernels.h.
#pragma once

#include <cstdint>

#ifdef __AVX2__
#include <immintrin.h>
#endif

namespace torch_func::compile {
namespace {

#ifdef __AVX2__

// kRows rows of kColumns numbers: part i has the rows i and i + kColumns. Turned, part k has column k of all rows.
template <typename T>
struct Tile;

template <>
struct Tile<float> {
  static constexpr int64_t kRows = 8, kColumns = 4;
  __m256 parts[4];

  void loadRows(const float* from, int64_t step) {
    for (int i = 0; i < 4; ++i) {
      parts[i] = _mm256_insertf128_ps(_mm256_castps128_ps256(_mm_loadu_ps(from + i * step)),
                                      _mm_loadu_ps(from + (i + 4) * step), 1);
    }
  }
  // The first `columns` numbers of each row.
  void storeRows(float* to, int64_t step, int64_t columns) const {
    for (int i = 0; i < 4; ++i) {
      storeRow(to + i * step, _mm256_castps256_ps128(parts[i]), columns);
      storeRow(to + (i + 4) * step, _mm256_extractf128_ps(parts[i], 1), columns);
    }
  }
  void loadColumn(int k, const float* from) { parts[k] = _mm256_loadu_ps(from); }
  void storeColumn(int k, float* to) const { _mm256_storeu_ps(to, parts[k]); }

  void turn() {
    const __m256 a = _mm256_unpacklo_ps(parts[0], parts[1]), b = _mm256_unpackhi_ps(parts[0], parts[1]);
    const __m256 c = _mm256_unpacklo_ps(parts[2], parts[3]), d = _mm256_unpackhi_ps(parts[2], parts[3]);
    parts[0] = _mm256_shuffle_ps(a, c, 0x44);
    parts[1] = _mm256_shuffle_ps(a, c, 0xEE);
    parts[2] = _mm256_shuffle_ps(b, d, 0x44);
    parts[3] = _mm256_shuffle_ps(b, d, 0xEE);
  }

 private:
  static void storeRow(float* to, __m128 row, int64_t columns) {
    switch (columns) {
      case 4: return _mm_storeu_ps(to, row);
      case 3: _mm_store_ss(to + 2, _mm_movehl_ps(row, row)); [[fallthrough]];
      case 2: return _mm_storel_pi(reinterpret_cast<__m64*>(to), row);
      default: _mm_store_ss(to, row);
    }
  }
};

template <>
struct Tile<double> {
  static constexpr int64_t kRows = 4, kColumns = 2;
  __m256d parts[2];

  void loadRows(const double* from, int64_t step) {
    for (int i = 0; i < 2; ++i) {
      parts[i] = _mm256_insertf128_pd(_mm256_castpd128_pd256(_mm_loadu_pd(from + i * step)),
                                      _mm_loadu_pd(from + (i + 2) * step), 1);
    }
  }
  void storeRows(double* to, int64_t step, int64_t columns) const {
    for (int i = 0; i < 2; ++i) {
      storeRow(to + i * step, _mm256_castpd256_pd128(parts[i]), columns);
      storeRow(to + (i + 2) * step, _mm256_extractf128_pd(parts[i], 1), columns);
    }
  }
  void loadColumn(int k, const double* from) { parts[k] = _mm256_loadu_pd(from); }
  void storeColumn(int k, double* to) const { _mm256_storeu_pd(to, parts[k]); }

  void turn() {
    const __m256d first = _mm256_unpacklo_pd(parts[0], parts[1]);
    parts[1] = _mm256_unpackhi_pd(parts[0], parts[1]);
    parts[0] = first;
  }

 private:
  static void storeRow(double* to, __m128d row, int64_t columns) {
    if (columns == 2) return _mm_storeu_pd(to, row);
    _mm_store_sd(to, row);
  }
};

#endif

// to[k * toStep + i] = from[i * fromStep + k]
template <typename T>
void transpose(const T* from, int64_t fromStep, T* to, int64_t toStep, int64_t rows, int64_t columns) {
  int64_t fullRows = 0, fullColumns = 0;
#ifdef __AVX2__
  using Square = Tile<T>;
  fullRows = rows / Square::kRows * Square::kRows;
  fullColumns = columns / Square::kColumns * Square::kColumns;
  const auto turn = [&](int64_t i, int64_t k) {
    Square tile;
    tile.loadRows(from + i * fromStep + k, fromStep);
    tile.turn();
    for (int c = 0; c < Square::kColumns; ++c) tile.storeColumn(c, to + (k + c) * toStep + i);
  };
  // Along the lines that lie farther apart, so that each is complete before others take its place in the cache.
  if (fromStep > toStep) {
    for (int64_t i = 0; i < fullRows; i += Square::kRows) {
      for (int64_t k = 0; k < fullColumns; k += Square::kColumns) turn(i, k);
    }
  } else {
    for (int64_t k = 0; k < fullColumns; k += Square::kColumns) {
      for (int64_t i = 0; i < fullRows; i += Square::kRows) turn(i, k);
    }
  }
#endif
  for (int64_t i = 0; i < rows; ++i) {
    for (int64_t k = i < fullRows ? fullColumns : 0; k < columns; ++k) to[k * toStep + i] = from[i * fromStep + k];
  }
}

}  // namespace
}  // namespace torch_func::compile
