#pragma once
// The signature of a call: what a compiled function depends on. A call with an equal signature runs what was compiled.
//
// Note [Signatures]
// Arguments are nested arrays and plain objects. Their structure counts, with the order of names, and of each leaf: for
// a tensor dtype, shape, strides and dispatch keys (device, layout and conjugation are among them); for a number,
// string, boolean or bigint the value; for any other object its identity. The modes that operators depend on count as
// well, and the state of modules.

#include <c10/core/TensorImpl.h>
#include <napi.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "compile/call/dynamic_graph.h"
#include "compile/graph/graph.h"
#include "core/result_call.h"

namespace torch_func::compile {

// The modes of the thread that results depend on.
struct Modes {
  c10::ScalarType defaultDtype;
  std::optional<c10::Device> defaultDevice;
  bool gradMode;
  bool inferenceMode;
  uint64_t moduleState;

  static Modes current();
  bool operator==(const Modes&) const = default;
};

// A module has changed its training mode, or the type of its parameters: functions that call it are recorded again.
void noteModuleChange();

// The tensors among the arguments, in the order of the leaves, and their JavaScript objects.
struct Leaves {
  c10::SmallVector<at::Tensor, 8> tensors;
  c10::SmallVector<napi_value, 8> objects;
};

class Signature {
 public:
  // Reads the arguments of a call.
  Signature(const ResultCall& call, Leaves& leaves);
  ~Signature();
  Signature(const Signature&) = delete;
  Signature& operator=(const Signature&) = delete;

  // Whether the call has this signature; if so, `leaves` are its tensors, and `size` is the size of one that
  // generalizes.
  bool matches(const ResultCall& call, const Modes& modes, Leaves& leaves, int64_t& size) const;

  // The two sizes by which another signature differs from this one. Nothing if it differs in other ways, or a size is 0
  // or 1.
  std::optional<TwoSizes> differenceFrom(const Signature& other) const;
  // From now on, the signature matches calls of all sizes from 2 up.
  void generalize(const Signature& other, TwoSizes sizes);

  // From now on, tensors must also start at the same place in their storage as these.
  void fixStorageOffsets(c10::ArrayRef<at::Tensor> tensors);

  std::string describe() const;
  // How this signature differs from another: a clause, such as "a number is 2 after 1".
  std::string variation(const Signature& other) const;

  // Whether no object of JavaScript is part of it.
  bool isPlain() const;
  // The same for another thread, where it does not depend on modules. It must be plain.
  std::unique_ptr<Signature> copyFor(Environment& environment) const;

 private:
  enum class Kind : uint8_t { Tensor, Array, Object, Number, BigInt, String, Boolean, Null, Undefined, Identity };
  struct Item {
    Kind kind = Kind::Undefined;
    uint32_t count = 0;              // of an Array or Object
    double number = 0;               // of a Number or Boolean
    std::string text;                // of a String or BigInt
    std::vector<std::string> names;  // of the properties of an Object
    napi_ref reference = nullptr;    // of an Identity
    TensorType type;                 // of a Tensor
    TensorType firstType;            // of a Tensor of all sizes: at the first of the two
    uint64_t keys = 0;
    int64_t storageOffset = -1;  // -1: any
  };
  Signature(const Signature& other, Environment& environment);
  bool isSameObject(const Item& a, const Item& b) const;  // of two Identities
  bool allows(const Modes& modes) const;
  void read(napi_value value, TensorHandle* known, Leaves& leaves, int depth);
  bool match(size_t& position, napi_value value, TensorHandle* known, Leaves& leaves, int64_t& size) const;
  bool matchesType(const Item& item, const c10::TensorImpl& impl, int64_t& size) const;

  Environment& environment_;
  Modes modes_;
  bool ignoresModules_ = false;
  size_t count_;                   // of arguments
  std::vector<Item> items_;        // depth first
  std::optional<TwoSizes> sizes_;  // of one for all sizes
};

}  // namespace torch_func::compile
