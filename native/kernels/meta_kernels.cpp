// Meta kernels, which compute shapes and dtypes without data, of operators whose meta kernels PyTorch implements in
// Python. functionalize needs them: it runs every in-place operator on meta tensors first.
#include <ATen/TensorIterator.h>
#include <ATen/core/Tensor.h>
#include <torch/library.h>

#include <mutex>
#include <optional>

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
    library.impl("mvlgamma.out", &mvlgamma);
    library.impl("nan_to_num.out", &nanToNum);
  });
}

}  // namespace torch_func
