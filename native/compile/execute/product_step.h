#pragma once
// Matrix products as a step.

#include <memory>

#include "compile/execute/blas.h"
#include "compile/execute/plan.h"

namespace torch_func::compile {

// `batches` products; the operands and the result start `aBatch`, ... elements after those of the product before.
struct ProductBatch {
  MatrixProduct product;
  int64_t batches = 1;
  int64_t aBatch = 0, bBatch = 0, cBatch = 0;
};

struct Place {
  BufferId buffer = -1;
  int64_t offset = 0;  // in elements
};

std::unique_ptr<Step> productStep(const ProductBatch& batch, c10::ScalarType dtype, Place a, Place b, Place c);

}  // namespace torch_func::compile
