// The trace of operators: a callback of at::RecordFunction, libtorch's profiling hook, which sees each dispatcher call.
//
// A line is printed when its operator returns or throws. The lines of operators that it calls precede it, with more
// indentation. Under a transform one call prints a line for each level that it passes.

#include "runtime/trace.h"

#include <ATen/functorch/DynamicLayer.h>
#include <ATen/record_function.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <mutex>
#include <sstream>
#include <string>
#include <string_view>

#include "core/arguments.h"
#include "functorch/level_info.h"

namespace torch_func {

namespace {

using Clock = std::chrono::steady_clock;

thread_local int nesting = 0;

void writeTensor(std::ostream& out, const at::Tensor& tensor) {
  if (!tensor.defined()) {
    out << "null";
    return;
  }
  out << dtypeName(tensor.scalar_type());
  // A nested tensor has no sizes.
  if (tensor.is_nested()) {
    out << "[nested]";
    return;
  }
  out << '[';
  const char* separator = "";
  for (const c10::SymInt& size : tensor.sym_sizes()) {
    out << separator << size;
    separator = ", ";
  }
  out << ']';
}

void writeValue(std::ostream& out, const c10::IValue& value);

template <typename List>
void writeList(std::ostream& out, const List& list) {
  constexpr size_t kMaxItems = 8;
  out << '[';
  for (size_t i = 0; i < list.size(); ++i) {
    if (i > 0) out << ", ";
    if (i == kMaxItems) {
      out << "... " << list.size() << " items";
      break;
    }
    writeValue(out, list[i]);
  }
  out << ']';
}

void writeValue(std::ostream& out, const c10::IValue& value) {
  if (value.isTensor()) {
    writeTensor(out, value.toTensor());
  } else if (value.isNone()) {
    out << "null";
  } else if (value.isBool()) {
    out << (value.toBool() ? "true" : "false");
  } else if (value.isList()) {
    writeList(out, value.toListRef());
  } else if (value.isInt() || value.isDouble() || value.isComplexDouble() || value.isString() || value.isDevice()) {
    out << value;
  } else {
    out << value.tagKind();
  }
}

// '0' outside of transforms, else the number and the kind of the innermost level: '2:vmap'.
void writeLevel(std::ostream& out) {
  const auto& stack = at::functorch::getDynamicLayerStack();
  out << stack.size();
  if (!stack.empty()) out << ':' << kindName(stack.back().key());
}

// Lives from the start of an operator to its end, also if it throws.
struct TracedCall : public at::ObserverContext {
  TracedCall() : indentation(2 * nesting++) {}
  ~TracedCall() override { --nesting; }

  int indentation;
  std::string text;
  Clock::time_point start;
};

std::unique_ptr<at::ObserverContext> start(const at::RecordFunction& function) {
  auto call = std::make_unique<TracedCall>();
  std::ostringstream out;
  out << '[';
  writeLevel(out);
  out << "] " << std::string(call->indentation, ' ') << function.name();
  const std::string_view overload = function.overload_name();
  if (!overload.empty()) out << '.' << overload;
  out << '(';
  const char* separator = "";
  // A boxed call shows the whole stack; the operator's arguments are at its end.
  const auto inputs = function.inputs();
  const size_t count = std::min(inputs.size(), function.num_inputs());
  for (const c10::IValue& input : inputs.slice(inputs.size() - count, count)) {
    out << separator;
    writeValue(out, input);
    separator = ", ";
  }
  out << ')';
  call->text = out.str();
  call->start = Clock::now();
  return call;
}

void end(const at::RecordFunction&, at::ObserverContext* context) {
  const auto* call = static_cast<const TracedCall*>(context);
  if (call == nullptr) return;
  const std::chrono::duration<double, std::micro> elapsed = Clock::now() - call->start;
  std::fprintf(stderr, "torch-func: %s %.1f us\n", call->text.c_str(), elapsed.count());
}

}  // namespace

void installTrace() {
  static std::once_flag once;
  std::call_once(once, [] {
    const char* value = std::getenv("TORCH_FUNC_TRACE");
    if (value == nullptr || std::string_view(value) == "" || std::string_view(value) == "0") return;
    at::addGlobalCallback(at::RecordFunctionCallback(start, end).needsInputs(true).scopes({at::RecordScope::FUNCTION}));
  });
}

}  // namespace torch_func
