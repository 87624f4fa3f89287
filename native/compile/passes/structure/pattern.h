#pragma once
// Where the elements of a tensor are that are not zero.
//
// Note [Structure]
// The basis of a Jacobian is an identity, and what follows from it in the backward pass is mostly zeros: diagonals,
// single rows, blocks. The structure pass (structure.h) computes with the other elements only.
// A pattern is a list of classes, which are indices that run freely, and for each dimension of the tensor its factors,
// outermost first. A factor's index is that of a class, plus an offset. The element at an index is that of the payload,
// which has one dimension per class, if all factors agree with some index of the classes; otherwise it is zero.
// Examples: a diagonal is two dimensions of one class; row k of a matrix is a dimension whose class has one index, with
// the offset k; an identity for outputs of shape [a, b] has the dimensions [a·b, a, b], and the first has the factors a
// and b. A dimension of one element has no factors.

#include <optional>

#include "compile/graph/graph.h"

namespace torch_func::compile {

struct Factor {
  int32_t index;  // of the class
  int64_t size;
  int64_t offset = 0;
};

using Factors = c10::SmallVector<Factor, 2>;

struct Pattern {
  c10::SmallVector<Factors, 4> dimensions;
  // The sizes of the classes. Each of them is in some dimension.
  Sizes classes;
  // Of these sizes, or 1 where all elements of a class are equal. kNoValue: `number` everywhere.
  ValueId payload = kNoValue;
  c10::Scalar number;

  int64_t size(size_t dimension) const;
  Sizes sizes() const;
  // Whether every class is one factor as a whole: the pattern has no zeros.
  bool isFull() const;
};

// Each dimension has a class of its own.
Pattern fullPattern(Graph& graph, c10::IntArrayRef sizes, ValueId payload);

// Removes the factors of size 1 and the classes that no dimension has any more, and numbers the classes in the order of
// their first factors.
void normalizePattern(Graph& graph, Pattern& pattern);
// Splits a factor of `inner` elements off each factor of a class; false if that is not possible.
bool splitClass(Graph& graph, Pattern& pattern, int32_t index, int64_t inner);

// Values whose elements are not zero at the same index never overlap.
bool areDisjoint(const Pattern& a, const Pattern& b);
// The same elements; only the payloads differ.
bool isSamePlace(const Pattern& a, const Pattern& b);

// The functions below return nullopt where they would need a factor that the pattern does not have: the caller then
// computes with the tensor as a whole.
template <typename T>
using Found = std::optional<std::optional<T>>;  // no answer; zero; the answer

// Views. Dimensions count from the front.
Pattern permutedPattern(const Pattern& pattern, c10::IntArrayRef order);
std::optional<Pattern> viewedPattern(Graph& graph, Pattern pattern, c10::IntArrayRef sizes);
Pattern expandedPattern(Graph& graph, Pattern pattern, c10::IntArrayRef sizes);
// The elements from `start` to `start + length` of a dimension; nothing if they are all zero.
Found<Pattern> slicedPattern(Graph& graph, Pattern pattern, size_t dimension, int64_t start, int64_t length);
Found<Pattern> selectedPattern(Graph& graph, Pattern pattern, size_t dimension, int64_t index);
Found<Pattern> diagonalPattern(Graph& graph, const Pattern& pattern, size_t first, size_t second);
// A tensor of `size` in the dimension that has the pattern from `start` on, and zeros elsewhere.
std::optional<Pattern> paddedPattern(Graph& graph, Pattern pattern, size_t dimension, int64_t start, int64_t size);
Pattern unsqueezedPattern(Pattern pattern, size_t dimension);
Pattern squeezedPattern(Pattern pattern, size_t dimension);

// What the classes of several patterns become where their indices have to agree.
struct Joint {
  Sizes classes;
  // For each pattern and class of it: the new class, and the old index less the new one.
  struct Place {
    int32_t index;
    int64_t start;
  };
  std::vector<std::vector<Place>> places;
  // The factors of each dimension, whose patterns agree.
  std::vector<Factors> dimensions;
};

// Joins operands. `positions[i][d]` is the dimension of the result, or of the contraction, that dimension d of operand
// i runs along; an operand's dimension of size 1 is broadcast. Splits the factors of the patterns as needed.
Found<Joint> joined(Graph& graph, std::vector<Pattern>& patterns, const std::vector<std::vector<int32_t>>& positions,
                    size_t count);

// The payload with a dimension for each class of the joint, of size 1 where it does not depend on it; a payload without
// dimensions stays as it is.
ValueId gathered(Graph& graph, const Pattern& pattern, const std::vector<Joint::Place>& places, const Sizes& classes);

// The payload as a tensor, also if it is a number.
ValueId payloadOf(Graph& graph, const Pattern& pattern, const TensorType& like);

// The whole tensor. The terms are disjoint; without terms it is zero.
ValueId materialized(Graph& graph, c10::ArrayRef<Pattern> terms, const TensorType& type);

}  // namespace torch_func::compile
