// Meta kernels, which compute shapes and dtypes without data, of operators whose meta kernels PyTorch implements in
// Python. functionalize needs them: it runs every in-place operator on meta tensors first. So do derivatives of meta
// tensors: those of det flip, select and solve.
#include <ATen/ATen.h>
#include <ATen/ExpandUtils.h>
#include <ATen/TensorIterator.h>
#include <ATen/WrapDimUtilsMulti.h>
#include <ATen/native/TensorFactories.h>
#include <torch/library.h>

#include <mutex>
#include <optional>
#include <vector>

#include "kernels/decompositions.h"

namespace torch_func {

namespace {

using at::Tensor;

// Checks the output or resizes it, as the kernels of real devices do.
Tensor& unary(const Tensor& self, Tensor& out) {
  at::TensorIteratorConfig().check_all_same_dtype(false).add_output(out).add_const_input(self).build();
  return out;
}

Tensor& binary(const Tensor& self, const Tensor& other, Tensor& out) {
  at::TensorIteratorConfig()
      .check_all_same_dtype(false)
      .allow_cpu_scalars(true)
      .add_output(out)
      .add_const_input(self)
      .add_const_input(other)
      .build();
  return out;
}

Tensor floorDivide(const Tensor& self, const Tensor& other) {
  Tensor out;
  return at::TensorIterator::binary_op(out, self, other).output();
}

Tensor& mvlgamma(const Tensor& self, int64_t /*p*/, Tensor& out) { return unary(self, out); }

Tensor& nanToNum(const Tensor& self, std::optional<double> /*nan*/, std::optional<double> /*posinf*/,
                 std::optional<double> /*neginf*/, Tensor& out) {
  return unary(self, out);
}

Tensor flip(const Tensor& self, at::IntArrayRef dims) {
  at::dim_list_to_bitset(dims, self.dim());
  return at::empty_like(self);
}

Tensor where(const Tensor& condition, const Tensor& self, const Tensor& other) {
  const auto shape = at::infer_size(condition.sizes(), at::infer_size(self.sizes(), other.sizes()));
  return at::empty(shape, self.options().dtype(at::result_type(self, other)));
}

Tensor logcumsumexp(const Tensor& self, int64_t /*dim*/) { return at::empty_like(self); }

Tensor solveTriangular(const Tensor& A, const Tensor& B, bool /*upper*/, bool left, bool /*unitriangular*/) {
  TORCH_CHECK(A.dim() >= 2 && B.dim() >= 2 && A.size(-2) == A.size(-1) && A.size(-1) == B.size(left ? -2 : -1),
              "linalg.solve_triangular: Incompatible shapes of A and B for the equation ", left ? "AX = B" : "XA = B",
              " (", A.sizes(), " and ", B.sizes(), ")");
  std::vector<int64_t> shape = at::infer_size(A.sizes().slice(0, A.dim() - 2), B.sizes().slice(0, B.dim() - 2));
  shape.push_back(B.size(-2));
  shape.push_back(B.size(-1));
  return at::empty(shape, B.options());
}

Tensor& randperm(int64_t n, std::optional<at::Generator> /*generator*/, Tensor& out) {
  TORCH_CHECK(n >= 0, "n must be non-negative, got", n);
  out.resize_({n});
  return out;
}

template <bool upper>
Tensor triangleIndices(int64_t rows, int64_t columns, int64_t offset, std::optional<at::ScalarType> dtype,
                       std::optional<at::Layout> layout, std::optional<at::Device> device,
                       std::optional<bool> /*pin_memory*/) {
  at::native::check_args(rows, columns, layout);
  const int64_t size = upper ? rows * columns - at::native::get_tril_size(rows, columns, offset - 1)
                             : at::native::get_tril_size(rows, columns, offset);
  return at::empty({2, size}, at::TensorOptions().dtype(dtype.value_or(at::kLong)).device(device));
}

}  // namespace

void registerMetaKernels() {
  static std::once_flag once;
  std::call_once(once, [] {
    // A registration lasts as long as its Library object.
    static torch::Library library(torch::Library::IMPL, "aten", c10::DispatchKey::Meta, __FILE__, __LINE__);
    for (const char* name : {"abs.out", "logical_not.out"}) library.impl(name, &unary);
    for (const char* name : {"logical_and.out", "logical_or.out", "logical_xor.out", "floor_divide.out"}) {
      library.impl(name, &binary);
    }
    library.impl("floor_divide", &floorDivide);
    library.impl("flip", &flip);
    library.impl("where.self", &where);
    library.impl("_logcumsumexp", &logcumsumexp);
    library.impl("linalg_solve_triangular", &solveTriangular);
    library.impl("mvlgamma.out", &mvlgamma);
    library.impl("nan_to_num.out", &nanToNum);
    library.impl("randperm.generator_out", &randperm);
    library.impl("tril_indices", &triangleIndices<false>);
    library.impl("triu_indices", &triangleIndices<true>);
  });
}

}  // namespace torch_func
