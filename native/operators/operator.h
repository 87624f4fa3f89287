#pragma once
// Everything behind one JavaScript operator function: its name, and the overloads that a call chooses from.

#include <c10/util/ArrayRef.h>
#include <napi.h>

#include <deque>
#include <string>
#include <vector>

#include "core/arguments.h"
#include "core/result_call.h"
#include "operators/bound_call.h"
#include "operators/overload.h"

namespace torch_func {

class Operator {
 public:
  // `overloads` is an entry of the generated table: specs of Overload, separated by spaces.
  Operator(Environment& environment, std::string name, std::string overloads, bool isMethod)
      : environment(environment), name_(std::move(name)), specs_(std::move(overloads)), isMethod_(isMethod) {}

  // Chooses the first overload that the values match, and converts them. Throws a TypeError that lists the overloads
  // if there is none.
  void bind(const ResultCall& given, BoundCall& call);

  std::string signatures();

  Environment& environment;

 private:
  const std::deque<Overload>& overloads();
  bool bindFastPath(const ResultCall& given, BoundCall& call);
  void bindArguments(const Overload& overload, const Overload::Match& match, BoundCall& call);
  [[noreturn]] void throwNoMatch(c10::ArrayRef<const Argument*> positional, std::vector<NamedArgument>& options);

  std::string name_;
  std::string specs_;
  bool isMethod_;
  std::deque<Overload> overloads_;
};

}  // namespace torch_func
