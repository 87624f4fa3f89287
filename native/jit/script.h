#pragma once
// A TorchScript module, as a JavaScript object holds it.
//
// Note [Tensors of a scripted module]
// The parameters and buffers of a scripted module are properties of a JavaScript module (lib/jit/script-module.ts), as
// those of every other module: functional calls, conversions and optimisers need nothing else. A call puts them into
// the slots of the TorchScript objects, and takes them out again when it ends, also with an error. Between calls the
// slots are empty, so no wrapper of a transform and no replaced tensor stays there. What the script assigns to a slot
// during the call is returned to JavaScript.

#include <ATen/core/class_type.h>
#include <ATen/core/ivalue.h>
#include <ATen/core/jit_type.h>
#include <napi.h>

#include <memory>
#include <vector>

#include "core/environment.h"

namespace torch::jit {
struct CompilationUnit;
}

namespace torch_func::jit {

using Object = c10::ivalue::Object;
using ObjectPtr = c10::intrusive_ptr<Object>;

// What the modules of a file share.
struct Program {
  Program(Environment& environment, std::shared_ptr<torch::jit::CompilationUnit> unit, int64_t bytes);
  ~Program();
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;

  std::shared_ptr<torch::jit::CompilationUnit> unit;
  // Whether a method assigns to an attribute of its module, or changes a list or dict that is one.
  bool changesState = false;

 private:
  // The memory that the collector is told of: of constants, and an estimate for the code.
  int64_t bytes_;
  napi_env env_;
};

// A slot of an object.
struct Place {
  Object* owner;
  size_t slot;
};

// A parameter or buffer that another attribute holds too, in a list, a dict or an object, such as the weights of
// nn.LSTM.
struct Alias {
  c10::IValue container;
  c10::IValue key;  // the position in a list, the key of a dict, the slot of an object
  size_t tensor;    // the position among the script's tensors

  void set(const c10::IValue& value) const;
};

struct Script {
  Script(std::shared_ptr<Program> program, ObjectPtr object);

  std::shared_ptr<Program> program;
  ObjectPtr object;
  // The parameters and buffers of the module and of its submodules: each module once, before its submodules.
  std::vector<Place> tensors;
  std::vector<Alias> aliases;
  // The attributes `training` in the same order.
  std::vector<Place> modes;
};

// How an attribute of a module appears in JavaScript.
enum class Member : uint8_t { Parameter, Buffer, Mode, Module, Attribute };
Member memberOf(const c10::ClassType& type, size_t slot, const c10::IValue& value);
inline bool isTensorMember(Member member) { return member == Member::Parameter || member == Member::Buffer; }

napi_value wrapScript(Environment& environment, std::unique_ptr<Script> script);
Script& toScript(Environment& environment, napi_value value);

}  // namespace torch_func::jit
