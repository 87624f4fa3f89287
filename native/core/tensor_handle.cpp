// Wraps and unwraps JavaScript Tensors; exports dispose and scopes.

#include "core/tensor_handle.h"

#include <utility>

#include "addon/exports.h"
#include "core/call_arguments.h"
#include "core/errors.h"
#include "functorch/wrappers.h"

namespace torch_func {

namespace {

// See Note [Basic finalizers and the second environment].
void finalizeTensor(node_api_basic_env, void* data, void*) {
  auto* handle = static_cast<TensorHandle*>(data);
  handle->pool->release(handle);
}

Napi::Value isTensor(const Napi::CallbackInfo& info) {
  return Napi::Boolean::New(info.Env(), tensorHandleOf(Environment::of(info.Env()), info[0]) != nullptr);
}

// The handle in the slot that a function takes instead of a Tensor: to read it needs no call of JavaScript, which fails
// where the stack is exhausted.
TensorHandle* handleInSlot(const Napi::CallbackInfo& info) {
  int32_t slot = -1;
  napi_get_value_int32(info.Env(), info[0], &slot);
  return Environment::of(info.Env()).handles().find(slot);
}

// dispose(slot)
Napi::Value dispose(const Napi::CallbackInfo& info) {
  TensorHandle* handle = handleInSlot(info);
  if (handle == nullptr) throwTypeError("dispose(): must be called on a Tensor");
  Environment::of(info.Env()).handles().dispose(handle);
  return info.Env().Undefined();
}

// isDisposed(slot)
Napi::Value isDisposed(const Napi::CallbackInfo& info) {
  TensorHandle* handle = handleInSlot(info);
  return Napi::Boolean::New(info.Env(), handle != nullptr && handle->disposed);
}

Napi::Value openScope(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), static_cast<double>(Environment::of(info.Env()).handles().openScope()));
}

// closeScope(depth, keptSlots)
Napi::Value closeScope(const Napi::CallbackInfo& info) {
  Environment& environment = Environment::of(info.Env());
  std::unordered_set<TensorHandle*> kept;
  const int64_t depth = integerParameter(info, 0, "closeScope", "depth");
  if (depth < 1) throwValueError("closeScope(): argument 'depth' must be at least 1, but got " + std::to_string(depth));
  if (!info[1].IsArray())
    throwTypeError("closeScope(): argument 'kept' must be an array of slots, not " + describe(environment, info[1]));
  auto list = info[1].As<Napi::Array>();
  for (uint32_t i = 0; i < list.Length(); ++i) {
    if (TensorHandle* handle = environment.handles().find(list.Get(i).ToNumber())) kept.insert(handle);
  }
  environment.handles().closeScope(static_cast<size_t>(depth), kept);
  return info.Env().Undefined();
}

// leaveScopes(slots)
Napi::Value leaveScopes(const Napi::CallbackInfo& info) {
  Environment& environment = Environment::of(info.Env());
  if (!info[0].IsArray())
    throwTypeError("leaveScopes(): argument 'slots' must be an array of slots, not " + describe(environment, info[0]));
  auto list = info[0].As<Napi::Array>();
  for (uint32_t i = 0; i < list.Length(); ++i) {
    // Open scopes then take the slot for one that another tensor uses.
    if (TensorHandle* handle = environment.handles().find(list.Get(i).ToNumber())) ++handle->generation;
  }
  return info.Env().Undefined();
}

}  // namespace

static napi_status createTensor(Environment& environment, int32_t slot, napi_value* object) {
  napi_env env = environment.env;
  napi_value undefined, number;
  napi_get_undefined(env, &undefined);
  const napi_status status = napi_create_int32(env, slot, &number);
  if (status != napi_ok) return status;
  return napi_call_function(env, undefined, environment.createTensor(), 1, &number, object);
}

napi_value wrapTensor(Environment& environment, at::Tensor tensor) {
  napi_env env = environment.env;
  napi_value object;
  if (!tensor.defined()) {
    check(env, napi_get_null(env, &object));
    return object;
  }
  object = std::exchange(environment.frame.resultObject, nullptr);
  TensorHandle* handle = environment.handles().create(std::move(tensor));
  napi_status status = napi_ok;
  if (object != nullptr) {
    environment.frame.resultSlot = handle->slot;
  } else {
    status = createTensor(environment, handle->slot, &object);
  }
  if (status == napi_ok) {
    status = napi_add_finalizer(environment.finalizerEnv(), object, handle, finalizeTensor, nullptr, nullptr);
  }
  if (status != napi_ok) {
    environment.handles().release(handle);
    check(env, status);
  }
  return object;
}

TensorHandle* tensorHandleOf(Environment& environment, napi_value value) {
  if (value == nullptr) return nullptr;
  napi_env env = environment.env;
  napi_value undefined, result;
  check(env, napi_get_undefined(env, &undefined));
  check(env, napi_call_function(env, undefined, environment.slotOf(), 1, &value, &result));
  int32_t slot = -1;
  check(env, napi_get_value_int32(env, result, &slot));
  return environment.handles().find(slot);
}

static const at::Tensor& checkNotDisposed(const TensorHandle& handle, const char* argument) {
  if (handle.disposed) {
    throwRuntimeError(std::string("argument '") + argument + "' is a Tensor that has been disposed of");
  }
  if (handle.watched) handle.reportUse();
  return handle.tensor;
}

static const at::Tensor& checkUsable(const TensorHandle& handle, const char* argument) {
  if (handle.batch.level != 0 && !isActive(handle.batch) && !handle.disposed) {
    // See Note [Batch levels have serial numbers]. The message begins with libtorch's own text, so that a search for it
    // finds help.
    throwRuntimeError(
        std::string("Either your tensor may have escaped from inside a function being vmapped and this is a user error "
                    "(see https://pytorch.org/functorch/stable/ux_limitations.html): argument '") +
        argument +
        "' is a Tensor from a call of vmap that has ended. Return from the mapped function what is needed after it");
  }
  return checkNotDisposed(handle, argument);
}

const at::Tensor& withoutEndedLevels(const at::Tensor& tensor) { return unwrapWhile(tensor, valueOfDeadWrapper); }

const at::Tensor& operandOf(const TensorHandle& handle, const char* argument) {
  return withoutEndedLevels(checkUsable(handle, argument));
}

static TensorHandle& handleOf(Environment& environment, napi_value value, const char* argument) {
  TensorHandle* handle = tensorHandleOf(environment, value);
  if (handle == nullptr) {
    throwTypeError(std::string("argument '") + argument + "' must be Tensor, not " + describe(environment, value));
  }
  return *handle;
}

const at::Tensor& toTensor(Environment& environment, napi_value value, const char* argument) {
  return checkNotDisposed(handleOf(environment, value, argument), argument);
}

const at::Tensor& toOperand(Environment& environment, napi_value value, const char* argument) {
  return operandOf(handleOf(environment, value, argument), argument);
}

std::vector<at::Tensor> toTensorList(Environment& environment, napi_value value, const char* argument, bool allowNull) {
  napi_env env = environment.env;
  bool isArray = false;
  if (value != nullptr) check(env, napi_is_array(env, value, &isArray));
  if (!isArray) {
    throwTypeError(std::string("argument '") + argument + "' must be an array of Tensors, not " +
                   describe(environment, value));
  }
  uint32_t length = 0;
  check(env, napi_get_array_length(env, value, &length));
  std::vector<at::Tensor> tensors;
  tensors.reserve(length);
  for (uint32_t i = 0; i < length; ++i) {
    napi_value element;
    check(env, napi_get_element(env, value, i, &element));
    TensorHandle* handle = tensorHandleOf(environment, element);
    if (handle != nullptr) {
      tensors.push_back(checkUsable(*handle, argument));
      continue;
    }
    napi_valuetype type;
    check(env, napi_typeof(env, element, &type));
    if (!allowNull || (type != napi_null && type != napi_undefined)) {
      throwTypeError(std::string("argument '") + argument + "' must be an array of Tensors, but found " +
                     describe(environment, element) + " at position " + std::to_string(i));
    }
    tensors.emplace_back();
  }
  return tensors;
}

napi_value wrapTensorList(Environment& environment, const std::vector<at::Tensor>& tensors) {
  napi_env env = environment.env;
  napi_value list;
  check(env, napi_create_array_with_length(env, tensors.size(), &list));
  for (size_t i = 0; i < tensors.size(); ++i) {
    check(env, napi_set_element(env, list, static_cast<uint32_t>(i), wrapTensor(environment, tensors[i])));
  }
  return list;
}

std::string describe(Environment& environment, napi_value value) {
  napi_env env = environment.env;
  napi_valuetype type = napi_undefined;
  if (value != nullptr) napi_typeof(env, value, &type);
  switch (type) {
    case napi_undefined: return "undefined";
    case napi_null: return "null";
    case napi_boolean: return "boolean";
    case napi_string: return "string";
    case napi_symbol: return "symbol";
    case napi_function: return "function";
    case napi_bigint: return "bigint";
    case napi_external: return "external";
    case napi_number: {
      double number = 0;
      napi_get_value_double(env, value, &number);
      return Napi::Value(env, value).ToString().Utf8Value() + " (number)";
    }
    case napi_object: break;
  }
  if (TensorHandle* handle = tensorHandleOf(environment, value)) return handle->disposed ? "disposed Tensor" : "Tensor";
  bool isArray = false;
  napi_is_array(env, value, &isArray);
  if (isArray) return "array";
  // The name of the class. A description must not throw the exception of a getter.
  napi_value constructor, name;
  std::string text = "object";
  if (napi_get_named_property(env, value, "constructor", &constructor) == napi_ok &&
      napi_typeof(env, constructor, &type) == napi_ok && type == napi_function &&
      napi_get_named_property(env, constructor, "name", &name) == napi_ok && napi_typeof(env, name, &type) == napi_ok &&
      type == napi_string) {
    text = Napi::String(env, name).Utf8Value();
    if (text == "Object" || text.empty()) text = "object";
    if (text == "Tensor") text = "an object that looks like a Tensor but has no native tensor";
  }
  bool pending = false;
  napi_is_exception_pending(env, &pending);
  if (pending) {
    napi_value ignored;
    napi_get_and_clear_last_exception(env, &ignored);
  }
  return text;
}

void defineTensorHandle(Napi::Object exports) {
  define<isTensor>(exports, "isTensor");
  define<dispose, StackCheck::Unwinding>(exports, "dispose");
  define<isDisposed>(exports, "isDisposed");
  define<openScope>(exports, "openScope");
  define<closeScope, StackCheck::Unwinding>(exports, "closeScope");
  define<leaveScopes>(exports, "leaveScopes");
}

}  // namespace torch_func
