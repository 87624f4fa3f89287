// Forward-mode differentiation: dual levels, dual numbers, and the thread's forward-mode flag.

#include <ATen/Functions.h>
#include <ATen/MemoryOverlap.h>
#include <c10/core/AutogradState.h>

#include <string>

#include "addon/exports.h"
#include "core/call_arguments.h"
#include "core/errors.h"
#include "core/tensor_handle.h"

namespace torch_func {

namespace {

// enterDualLevel(): the number of the level, which is always 0. See Note [One dual level per process].
Napi::Value enterDualLevel(const Napi::CallbackInfo& info) {
  Environment::of(info.Env()).dualLevels.enter();
  return Napi::Number::New(info.Env(), 0);
}

Napi::Value exitDualLevel(const Napi::CallbackInfo& info) {
  const int64_t level = integerParameter(info, 0, "exitDualLevel", "level");
  if (level != 0 || !Environment::of(info.Env()).dualLevels.leave()) {
    throwRuntimeError("exitDualLevel(): dual level " + std::to_string(level) + " has not been entered");
  }
  return info.Env().Undefined();
}

// makeDual(primal, tangent, level)
Napi::Value makeDual(const Napi::CallbackInfo& info) {
  Environment& environment = Environment::of(info.Env());
  at::Tensor primal = toOperand(environment, info[0], "primal");
  const at::Tensor& tangent = toOperand(environment, info[1], "tangent");
  const int64_t level = integerParameter(info, 2, "makeDual", "level");
  // A tangent gets the strides of its primal, and its elements must not share memory.
  if (at::has_internal_overlap(primal) == at::MemOverlap::Yes) primal = primal.contiguous();
  return Napi::Value(info.Env(), wrapTensor(environment, at::_make_dual(primal, tangent, level)));
}

// unpackDual(tensor, level): [primal, tangent or null]
Napi::Value unpackDual(const Napi::CallbackInfo& info) {
  Environment& environment = Environment::of(info.Env());
  const at::Tensor& tensor = toOperand(environment, info[0], "tensor");
  auto [primal, tangent] = at::_unpack_dual(tensor, integerParameter(info, 1, "unpackDual", "level"));
  return Napi::Value(info.Env(), wrapTensorList(environment, {primal, tangent}));
}

Napi::Value forwardGradMode(const Napi::CallbackInfo& info) {
  return Napi::Boolean::New(info.Env(), c10::AutogradState::get_tls_state().get_fw_grad_mode());
}

Napi::Value setForwardGradMode(const Napi::CallbackInfo& info) {
  c10::AutogradState::get_tls_state().set_fw_grad_mode(booleanParameter(info, 0, "setForwardGradMode", "enabled"));
  return info.Env().Undefined();
}

}  // namespace

void defineForwardMode(Napi::Object exports) {
  define<enterDualLevel>(exports, "enterDualLevel");
  define<exitDualLevel, StackCheck::Unwinding>(exports, "exitDualLevel");
  define<makeDual>(exports, "makeDual");
  define<unpackDual>(exports, "unpackDual");
  define<forwardGradMode>(exports, "forwardGradMode");
  define<setForwardGradMode, StackCheck::Unwinding>(exports, "setForwardGradMode");
}

}  // namespace torch_func
