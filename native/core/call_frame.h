#pragma once
// The slots of the tensors of an operator call, in memory that JavaScript and C++ share: see Note [Slots].

#include <napi.h>

#include <array>
#include <cstdint>
#include <utility>

namespace torch_func {

class CallFrame {
 public:
  // lib/operator.ts writes the slots of `this` and of the first arguments: -1 for a value that is not a Tensor.
  static constexpr size_t kValues = 8;
  using Slots = std::array<int32_t, kValues>;

  // Creates the Int32Array: the slot of the result, then those of the values. Does nothing at a second call.
  void create(napi_env env);
  napi_value array(napi_env env) const;

  // A copy: a getter among the arguments may call other operators.
  Slots slots() const { return *reinterpret_cast<const Slots*>(data_ + 1); }
  void setResult(int32_t slot) { data_[0] = slot; }

  // The empty Tensor object that came with the operator call in progress; its first result goes into it.
  napi_value resultObject = nullptr;
  int32_t resultSlot = -1;

  // Sets the object for the result of a call while the call runs. Calls nest: a getter of an options object and a
  // callback of the autograd engine may call other operators in between.
  class Scope {
   public:
    Scope(CallFrame& frame, napi_value object)
        : frame_(frame),
          outerObject_(std::exchange(frame.resultObject, object)),
          outerSlot_(std::exchange(frame.resultSlot, -1)) {}
    ~Scope() {
      frame_.resultObject = outerObject_;
      frame_.resultSlot = outerSlot_;
    }
    Scope(const Scope&) = delete;
    Scope& operator=(const Scope&) = delete;

   private:
    CallFrame& frame_;
    napi_value outerObject_;
    int32_t outerSlot_;
  };

 private:
  int32_t* data_ = nullptr;
  napi_ref array_ = nullptr;
};

}  // namespace torch_func
