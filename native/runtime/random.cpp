// Random number generators: the default ones, and Generator objects with their own state.

#include <ATen/CPUGeneratorImpl.h>
#include <ATen/Context.h>
#include <ATen/core/Generator.h>

#include <cmath>
#include <limits>
#include <memory>
#include <mutex>
#include <string>

#include "addon/exports.h"
#include "core/arguments.h"
#include "core/errors.h"
#include "core/recording.h"
#include "core/tensor_handle.h"
#include "operators/results.h"

namespace torch_func {

namespace {

using Kind = Argument::Kind;

constexpr double kTwoTo63 = 9223372036854775808.0;
constexpr double kTwoTo64 = 18446744073709551616.0;

[[noreturn]] void throwSeedOverflow() { throwValueError("Overflow when unpacking long long"); }

// -2^63 ... 2^64-1; a negative seed wraps to the unsigned number of the same bits.
uint64_t seedFromNumber(double number) {
  if (number < -kTwoTo63 || number >= kTwoTo64) throwSeedOverflow();
  return number < 0 ? static_cast<uint64_t>(static_cast<int64_t>(number)) : static_cast<uint64_t>(number);
}

uint64_t seedFromBigInt(napi_env env, napi_value value) {
  int sign = 0;
  size_t count = 2;
  uint64_t words[2] = {0, 0};
  check(env, napi_get_value_bigint_words(env, value, &sign, &count, words));
  constexpr uint64_t kMinimum = uint64_t{1} << 63;
  if (count > 1 || (sign != 0 && words[0] > kMinimum)) throwSeedOverflow();
  return sign != 0 ? ~words[0] + 1 : words[0];
}

// The seed of torch.manualSeed, which accepts what Python's int() accepts.
uint64_t readSeed(Environment& environment, napi_value value) {
  Argument seed;
  readArgument(environment, value, seed);
  switch (seed.kind) {
    case Kind::Boolean: return seed.boolean ? 1 : 0;
    case Kind::Integer: return static_cast<uint64_t>(seed.integer);
    case Kind::BigInt:
    case Kind::HugeUint:
    case Kind::HugeInt: return seedFromBigInt(environment.env, value);
    case Kind::Float:
      if (std::isnan(seed.number)) throwValueError("cannot convert float NaN to integer");
      if (std::isinf(seed.number)) throwValueError("cannot convert float infinity to integer");
      return seedFromNumber(std::trunc(seed.number));
    case Kind::Tensor: {
      const c10::Scalar item = operandOf(*seed.tensor, "seed").item();
      return item.isFloatingPoint() ? seedFromNumber(std::trunc(item.toDouble()))
                                    : static_cast<uint64_t>(item.toLong());
    }
    default:
      throwTypeError("manualSeed(): argument 'seed' must be a number or a bigint, not " + describe(environment, seed));
  }
}

// The seed of Generator.manualSeed, which must be an integer.
uint64_t readGeneratorSeed(Environment& environment, napi_value value) {
  Argument seed;
  readArgument(environment, value, seed);
  if (seed.kind == Kind::Integer) return static_cast<uint64_t>(seed.integer);
  if (seed.kind == Kind::BigInt || seed.isBeyondInt64()) return seedFromBigInt(environment.env, value);
  // Integral, but not a safe integer.
  if (seed.kind == Kind::Float && std::isfinite(seed.number) && std::trunc(seed.number) == seed.number) {
    return seedFromNumber(seed.number);
  }
  throwRuntimeError("manual_seed expected a long, but got " + describe(environment, seed));
}

// Why a recording of a call cannot be repeated that reads or sets the state of a generator.
constexpr const char* kStateIsUsed = "the function reads or sets the state of a random number generator";

Napi::Value wrapSeed(napi_env env, uint64_t seed) {
  if (seed <= static_cast<uint64_t>(std::numeric_limits<int64_t>::max())) {
    return Napi::Value(env, wrapInteger(env, static_cast<int64_t>(seed)));
  }
  return Napi::BigInt::New(env, seed);
}

at::Generator defaultGenerator() { return at::detail::getDefaultCPUGenerator(); }

at::Generator& toGenerator(Environment& environment, napi_value value) {
  Argument argument;
  readArgument(environment, value, argument);
  if (argument.kind != Kind::Generator) {
    throwTypeError("argument 'generator' must be Generator, not " + describe(environment, argument));
  }
  return *argument.generator;
}

uint64_t currentSeed(at::Generator& generator) {
  std::lock_guard<std::mutex> lock(generator.mutex());
  return generator.current_seed();
}

at::Tensor stateOf(at::Generator& generator) {
  std::lock_guard<std::mutex> lock(generator.mutex());
  return generator.get_state();
}

void setStateOf(Environment& environment, at::Generator& generator, napi_value value) {
  TensorHandle* handle = tensorHandleOf(environment, value);
  if (handle == nullptr) throwTypeError("expected a torch.ByteTensor, but got " + describe(environment, value));
  const at::Tensor& state = operandOf(*handle, "state");
  std::lock_guard<std::mutex> lock(generator.mutex());
  generator.set_state(state);
}

// --- the default generators -------------------------------------------------------------------

// manualSeed(seed): seeds the default generator of every device.
Napi::Value manualSeed(const Napi::CallbackInfo& info) {
  cannotBeRepeated(kStateIsUsed);
  at::manual_seed(readSeed(Environment::of(info.Env()), info[0]));
  return info.Env().Undefined();
}

// seed(): seeds all devices with a seed from the system's entropy, and returns it.
Napi::Value seed(const Napi::CallbackInfo& info) {
  cannotBeRepeated(kStateIsUsed);
  at::Generator generator = defaultGenerator();
  uint64_t value;
  {
    std::lock_guard<std::mutex> lock(generator.mutex());
    value = generator.seed();
  }
  at::manual_seed(value);
  return wrapSeed(info.Env(), value);
}

// --- Generator objects ------------------------------------------------------------------------

// The size of a generator's state, which is reported to V8.
constexpr int64_t kStateBytes = sizeof(at::CPUGeneratorImpl);

// See Note [Basic finalizers and the second environment].
void finalizeGenerator(node_api_basic_env env, void* data, void* hint) {
  static_cast<std::unordered_set<void*>*>(hint)->erase(data);
  delete static_cast<at::Generator*>(data);
  int64_t total = 0;
  napi_adjust_external_memory(env, -kStateBytes, &total);
}

void attach(Environment& environment, napi_value object, at::Generator generator) {
  napi_valuetype type;
  check(environment.env, napi_typeof(environment.env, object, &type));
  void* wrapped = nullptr;
  if (type != napi_object || napi_unwrap(environment.env, object, &wrapped) == napi_ok) {
    throwTypeError("argument 'object' must be an object without native data, not " + describe(environment, object));
  }
  auto owned = std::make_unique<at::Generator>(std::move(generator));
  check(environment.env, napi_wrap(environment.finalizerEnv(), object, owned.get(), finalizeGenerator,
                                   &environment.generators(), nullptr));
  environment.generators().insert(owned.release());
  int64_t total = 0;
  napi_adjust_external_memory(environment.env, kStateBytes, &total);
}

at::Generator newGenerator(const c10::Device& device) {
  if (device.is_cpu()) return at::make_generator<at::CPUGeneratorImpl>();
  checkDeviceAvailable(device);
  return at::globalContext().getAcceleratorHooksInterface(device.type()).getNewGenerator(device.index());
}

// generatorInit(object, device): makes `object` a Generator.
Napi::Value generatorInit(const Napi::CallbackInfo& info) {
  Environment& environment = Environment::of(info.Env());
  Argument argument;
  readArgument(environment, info[1], argument);
  const auto device = parseDevice(environment, argument);
  if (!device)
    throwTypeError("Generator(): argument 'device' must be a device, not " + describe(environment, argument));
  attach(environment, info[0], newGenerator(*device));
  return info.Env().Undefined();
}

// generatorInitDefault(object): makes `object` the default generator of the CPU.
Napi::Value generatorInitDefault(const Napi::CallbackInfo& info) {
  attach(Environment::of(info.Env()), info[0], defaultGenerator());
  return info.Env().Undefined();
}

// generatorInitClone(object, source): makes `object` a Generator with a copy of the state of `source`.
Napi::Value generatorInitClone(const Napi::CallbackInfo& info) {
  Environment& environment = Environment::of(info.Env());
  at::Generator& source = toGenerator(environment, info[1]);
  std::unique_lock<std::mutex> lock(source.mutex());
  at::Generator copy = source.clone();
  lock.unlock();
  attach(environment, info[0], std::move(copy));
  return info.Env().Undefined();
}

Napi::Value generatorManualSeed(const Napi::CallbackInfo& info) {
  cannotBeRepeated(kStateIsUsed);
  Environment& environment = Environment::of(info.Env());
  at::Generator& generator = toGenerator(environment, info[0]);
  const uint64_t value = readGeneratorSeed(environment, info[1]);
  std::lock_guard<std::mutex> lock(generator.mutex());
  generator.set_current_seed(value);
  return info.Env().Undefined();
}

Napi::Value generatorSeed(const Napi::CallbackInfo& info) {
  cannotBeRepeated(kStateIsUsed);
  at::Generator& generator = toGenerator(Environment::of(info.Env()), info[0]);
  std::lock_guard<std::mutex> lock(generator.mutex());
  return wrapSeed(info.Env(), generator.seed());
}

Napi::Value generatorInitialSeed(const Napi::CallbackInfo& info) {
  return wrapSeed(info.Env(), currentSeed(toGenerator(Environment::of(info.Env()), info[0])));
}

Napi::Value generatorGetState(const Napi::CallbackInfo& info) {
  cannotBeRepeated(kStateIsUsed);
  Environment& environment = Environment::of(info.Env());
  return Napi::Value(info.Env(), wrapTensor(environment, stateOf(toGenerator(environment, info[0]))));
}

Napi::Value generatorSetState(const Napi::CallbackInfo& info) {
  cannotBeRepeated(kStateIsUsed);
  Environment& environment = Environment::of(info.Env());
  setStateOf(environment, toGenerator(environment, info[0]), info[1]);
  return info.Env().Undefined();
}

// generatorDevice(generator): 'cpu', 'cuda:0', ...
Napi::Value generatorDevice(const Napi::CallbackInfo& info) {
  return Napi::String::New(info.Env(), toGenerator(Environment::of(info.Env()), info[0]).device().str());
}

}  // namespace

void defineRandom(Napi::Object exports) {
  define<manualSeed>(exports, "manualSeed");
  define<seed>(exports, "seed");
  define<generatorInit>(exports, "generatorInit");
  define<generatorInitDefault>(exports, "generatorInitDefault");
  define<generatorInitClone>(exports, "generatorInitClone");
  define<generatorManualSeed>(exports, "generatorManualSeed");
  define<generatorSeed>(exports, "generatorSeed");
  define<generatorInitialSeed>(exports, "generatorInitialSeed");
  define<generatorGetState>(exports, "generatorGetState");
  define<generatorSetState>(exports, "generatorSetState");
  define<generatorDevice>(exports, "generatorDevice");
}

}  // namespace torch_func
