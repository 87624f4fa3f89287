// Operators that later releases of libtorch no longer have: cholesky and qr are gone from 2.14. They are defined as
// what their documentation names in their place.

#include <ATen/Functions.h>
#include <ATen/core/dispatch/Dispatcher.h>
#include <torch/library.h>

#include <string>
#include <tuple>

#include "kernels/decompositions.h"

namespace torch_func {

namespace {

using at::Tensor;

Tensor cholesky(const Tensor& self, bool upper) { return at::linalg_cholesky(self, upper); }

Tensor& choleskyOut(const Tensor& self, bool upper, Tensor& out) { return at::linalg_cholesky_out(out, self, upper); }

const char* modeOf(bool some) { return some ? "reduced" : "complete"; }

std::tuple<Tensor, Tensor> qr(const Tensor& self, bool some) { return at::linalg_qr(self, modeOf(some)); }

std::tuple<Tensor&, Tensor&> qrOut(const Tensor& self, bool some, Tensor& Q, Tensor& R) {
  return at::linalg_qr_out(Q, R, self, modeOf(some));
}

}  // namespace

void restoreRemovedOperators() {
  // A registration lasts as long as its Library object.
  static torch::Library library(torch::Library::FRAGMENT, "aten", std::nullopt, __FILE__, __LINE__);
  const auto restore = [&](const std::string& schema, auto* function) {
    const std::string name = schema.substr(0, schema.find('('));
    const size_t dot = name.find('.');
    const std::string overload = dot == std::string::npos ? "" : name.substr(dot + 1);
    if (c10::Dispatcher::singleton().findSchema({"aten::" + name.substr(0, dot), overload})) return;
    library.def(schema.c_str());
    for (const auto key : {c10::DispatchKey::CompositeImplicitAutograd, c10::DispatchKey::FuncTorchBatched,
                           c10::DispatchKey::Functionalize}) {
      library.impl(name.c_str(), torch::dispatch(key, function));
    }
  };
  restore("cholesky(Tensor self, bool upper=False) -> Tensor", &cholesky);
  restore("cholesky.out(Tensor self, bool upper=False, *, Tensor(a!) out) -> Tensor(a!)", &choleskyOut);
  restore("qr(Tensor self, bool some=True) -> (Tensor Q, Tensor R)", &qr);
  restore("qr.Q(Tensor self, bool some=True, *, Tensor(a!) Q, Tensor(b!) R) -> (Tensor(a!) Q, Tensor(b!) R)", &qrOut);
}

}  // namespace torch_func
