#pragma once
// Matrix products by the BLAS in libtorch.

#include <c10/core/ScalarType.h>

#include <cstdint>

namespace torch_func::compile {

// C = A B, for matrices in memory with the strides of their rows and columns, in elements.
struct MatrixProduct {
  int64_t m = 0, n = 0, k = 0;
  int64_t aRow = 0, aColumn = 0;
  int64_t bRow = 0, bColumn = 0;
  int64_t cRow = 0, cColumn = 0;

  // Whether BLAS takes the strides as they are.
  bool isPossible() const;
  double flops() const { return 2.0 * static_cast<double>(m) * static_cast<double>(n) * static_cast<double>(k); }
};

// Whether this libtorch has the functions. A libtorch that was built without MKL or with another name lacks them.
bool hasBlas();

// Only for float32 and float64.
void multiply(const MatrixProduct& product, c10::ScalarType dtype, const void* a, const void* b, void* c);

// Keeps the BLAS and the vector functions on the calling thread.
class OneBlasThread {
 public:
  explicit OneBlasThread(bool isNeeded = true);
  OneBlasThread(const OneBlasThread&) = delete;
  OneBlasThread& operator=(const OneBlasThread&) = delete;
  ~OneBlasThread();

 private:
  bool isSet_;
  int before_ = 0;
};

}  // namespace torch_func::compile
