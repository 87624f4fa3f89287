// Matrix products through the BLAS that libtorch exports.

#include "compile/execute/blas.h"

#include <algorithm>
#include <limits>
#include <utility>

#define TORCH_FUNC_WEAK extern "C" __attribute__((weak))

TORCH_FUNC_WEAK void sgemm_(const char* transA, const char* transB, const int* m, const int* n, const int* k,
                            const float* alpha, const float* a, const int* lda, const float* b, const int* ldb,
                            const float* beta, float* c, const int* ldc);
TORCH_FUNC_WEAK void dgemm_(const char* transA, const char* transB, const int* m, const int* n, const int* k,
                            const double* alpha, const double* a, const int* lda, const double* b, const int* ldb,
                            const double* beta, double* c, const int* ldc);
TORCH_FUNC_WEAK void sgemv_(const char* trans, const int* m, const int* n, const float* alpha, const float* a,
                            const int* lda, const float* x, const int* incx, const float* beta, float* y,
                            const int* incy);
TORCH_FUNC_WEAK void dgemv_(const char* trans, const int* m, const int* n, const double* alpha, const double* a,
                            const int* lda, const double* x, const int* incx, const double* beta, double* y,
                            const int* incy);
TORCH_FUNC_WEAK int mkl_serv_set_num_threads_local(int threads);

namespace torch_func::compile {

namespace {

// A matrix as BLAS sees it: columns in memory, or rows if it is transposed.
struct Layout {
  bool isPossible = false;
  bool isTransposed = false;
  int leading = 1;
};

Layout layoutOf(int64_t rows, int64_t columns, int64_t rowStride, int64_t columnStride) {
  constexpr int64_t kMax = std::numeric_limits<int>::max();
  if (rows > kMax || columns > kMax) return {};
  // The stride of a single row or column does not count.
  const auto fits = [&](int64_t inner, int64_t innerStride, int64_t outer, int64_t outerStride) -> int64_t {
    if (inner != 1 && innerStride != 1) return 0;
    if (outer == 1) return std::max<int64_t>(inner, 1);
    return outerStride >= std::max<int64_t>(inner, 1) && outerStride <= kMax ? outerStride : 0;
  };
  if (const int64_t leading = fits(rows, rowStride, columns, columnStride)) {
    return {true, false, static_cast<int>(leading)};
  }
  if (const int64_t leading = fits(columns, columnStride, rows, rowStride)) {
    return {true, true, static_cast<int>(leading)};
  }
  return {};
}

void gemm(char ta, char tb, int m, int n, int k, const float* a, int lda, const float* b, int ldb, float* c, int ldc) {
  const float one = 1, zero = 0;
  sgemm_(&ta, &tb, &m, &n, &k, &one, a, &lda, b, &ldb, &zero, c, &ldc);
}
void gemm(char ta, char tb, int m, int n, int k, const double* a, int lda, const double* b, int ldb, double* c,
          int ldc) {
  const double one = 1, zero = 0;
  dgemm_(&ta, &tb, &m, &n, &k, &one, a, &lda, b, &ldb, &zero, c, &ldc);
}
void gemv(char trans, int m, int n, const float* a, int lda, const float* x, int incx, float* y, int incy) {
  const float one = 1, zero = 0;
  sgemv_(&trans, &m, &n, &one, a, &lda, x, &incx, &zero, y, &incy);
}
void gemv(char trans, int m, int n, const double* a, int lda, const double* x, int incx, double* y, int incy) {
  const double one = 1, zero = 0;
  dgemv_(&trans, &m, &n, &one, a, &lda, x, &incx, &zero, y, &incy);
}

MatrixProduct transposed(const MatrixProduct& p) {
  return {p.n, p.m, p.k, p.bColumn, p.bRow, p.aColumn, p.aRow, p.cColumn, p.cRow};
}

template <class T>
void multiplyTyped(MatrixProduct p, const T* a, const T* b, T* c) {
  // BLAS wants the columns of the result in memory.
  const bool isColumns = (p.m == 1 || p.cRow == 1) && (p.n == 1 || p.cColumn >= p.m);
  if (!isColumns || (p.m == 1 && p.n > 1)) {
    p = transposed(p);
    std::swap(a, b);
  }
  const Layout la = layoutOf(p.m, p.k, p.aRow, p.aColumn);
  const Layout lb = layoutOf(p.k, p.n, p.bRow, p.bColumn);
  if (p.n == 1) {
    const auto increment = static_cast<int>(p.k == 1 ? 1 : p.bRow);
    const int rows = static_cast<int>(la.isTransposed ? p.k : p.m);
    const int columns = static_cast<int>(la.isTransposed ? p.m : p.k);
    return gemv(la.isTransposed ? 'T' : 'N', rows, columns, a, la.leading, b, increment, c,
                static_cast<int>(p.m == 1 ? 1 : p.cRow));
  }
  gemm(la.isTransposed ? 'T' : 'N', lb.isTransposed ? 'T' : 'N', static_cast<int>(p.m), static_cast<int>(p.n),
       static_cast<int>(p.k), a, la.leading, b, lb.leading, c, static_cast<int>(std::max(p.cColumn, p.m)));
}

}  // namespace

bool hasBlas() { return sgemm_ != nullptr && dgemm_ != nullptr && sgemv_ != nullptr && dgemv_ != nullptr; }

bool MatrixProduct::isPossible() const {
  if (!hasBlas() || m == 0 || n == 0 || k == 0) return false;
  return layoutOf(m, k, aRow, aColumn).isPossible && layoutOf(k, n, bRow, bColumn).isPossible &&
         layoutOf(m, n, cRow, cColumn).isPossible;
}

void multiply(const MatrixProduct& product, c10::ScalarType dtype, const void* a, const void* b, void* c) {
  if (dtype == c10::kDouble) {
    multiplyTyped(product, static_cast<const double*>(a), static_cast<const double*>(b), static_cast<double*>(c));
  } else {
    multiplyTyped(product, static_cast<const float*>(a), static_cast<const float*>(b), static_cast<float*>(c));
  }
}

OneBlasThread::OneBlasThread(bool isNeeded) : isSet_(isNeeded && mkl_serv_set_num_threads_local != nullptr) {
  if (isSet_) before_ = mkl_serv_set_num_threads_local(1);
}

OneBlasThread::~OneBlasThread() {
  if (isSet_) mkl_serv_set_num_threads_local(before_);
}

}  // namespace torch_func::compile
