#pragma once
// One overload of an operator, with the rules of Python's argument parser. Built from the dispatcher's FunctionSchema,
// so there is no second list of signatures.

#include <ATen/core/dispatch/Dispatcher.h>

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/arguments.h"
#include "operators/parameter.h"

namespace torch_func {

class Overload {
 public:
  // `spec` is one entry of the generated table: "max.dim>max.dim_max" (overload > its out= variant).
  Overload(const std::string& spec, bool isMethod);
  // Whether there is an overload such as "max.dim".
  static bool exists(const std::string& name);

  const std::vector<Parameter>& parameters() const { return parameters_; }
  const c10::OperatorHandle& handle() const { return handle_; }
  const Overload* outVariant() const { return outVariant_.get(); }
  // _foreach_add_ and the like have no result in C++; in Python they return their first argument.
  bool returnsFirstArgument() const { return returnsFirstArgument_; }
  // In-place and out= overloads return tensors that they were given.
  bool returnsArguments() const { return returnsArguments_; }
  // Creates a tensor from sizes or in the likeness of another one: has the option requiresGrad, as in Python.
  bool isFactory() const { return isFactory_; }
  // Some results are not tensors: values that JavaScript reads.
  bool returnsValues() const { return returnsValues_; }
  // A factory without tensor arguments.
  bool makesFromNothing() const { return makesFromNothing_; }
  static constexpr size_t kMaxFastPathTensors = 4;
  // Whether `count` tensors (at most kMaxFastPathTensors) without other arguments match this overload.
  bool fitsFastPath(size_t count) const { return fitsFastPath_[count]; }
  // `(Tensor input, *, Dtype? dtype=null)`
  std::string signature() const;

  // The arguments of one call, in the order of the parameters; null where the default applies.
  struct Match {
    c10::SmallVector<const Argument*, 12> arguments;
    Argument packed;  // view(2, 3): the numbers as one list
    bool requiresGrad = false;
    std::vector<const NamedArgument*> checkedAgainstOut;  // dtype, device, ... beside out=
  };
  // Whether the arguments match this overload. If they do not, writes the reason to `why`, unless that is null.
  bool matches(c10::ArrayRef<const Argument*> positional, std::vector<NamedArgument>& options, Match& match,
               Environment& environment, std::string* why) const;

  // Pushes the converted arguments onto the stack.
  void pushArguments(Environment& environment, const Match& match, std::vector<c10::IValue>& stack) const;

 private:
  Overload(const std::string& name, bool isMethod, bool allowOut);

  bool isFloatingPoint(const Match& match) const;
  bool matchOut(const Argument& argument, Match& match, Environment& environment, std::string* why) const;
  void checkOut(Environment& environment, const Match& match) const;

  c10::OperatorHandle handle_;
  std::vector<Parameter> parameters_;
  size_t positionalCount_ = 0;
  std::array<bool, kMaxFastPathTensors + 1> fitsFastPath_{};
  bool isFactory_ = false;
  bool makesFromNothing_ = false;
  bool returnsValues_ = false;
  bool returnsFirstArgument_ = false;
  bool returnsArguments_ = false;
  bool hasOut_ = false;
  bool takesVarargs_ = false;
  bool isMethod_ = false;
  size_t selfPosition_ = 0;    // of `self` in the schema, if a method
  size_t devicePosition_ = 0;  // of the option `device` that the default device applies to; 0 for none
  std::unique_ptr<Overload> outVariant_;
};

}  // namespace torch_func
