// A matrix product as a step.

#include "compile/execute/product_step.h"

#include <algorithm>

#include "compile/machine/parallel.h"

namespace torch_func::compile {

namespace {

// Below, a second thread costs more than it saves.
constexpr double kParallelFlops = 1e6;

class ProductStep final : public Step {
 public:
  ProductStep(const ProductBatch& batch, c10::ScalarType dtype, Place a, Place b, Place c)
      : batch_(batch), dtype_(dtype), a_(a), b_(b), c_(c), size_(static_cast<int64_t>(c10::elementSize(dtype))) {
    reads = {a.buffer, b.buffer};
    writes = {c.buffer};
    const auto batches = static_cast<double>(batch.batches);
    const auto bytesOf = [&](int64_t rows, int64_t columns, int64_t stride) {
      return static_cast<double>(rows * columns * size_) * (stride == 0 ? 1 : batches);
    };
    const MatrixProduct& p = batch.product;
    flops_ = p.flops() * batches;
    work = {flops_, bytesOf(p.m, p.k, batch.aBatch) + bytesOf(p.k, p.n, batch.bBatch), bytesOf(p.m, p.n, batch.cBatch)};
    cost = 200 * batches + flops_ / 40;
  }

  void run(Frame& frame) const override {
    const auto addressOf = [&](const Place& place) {
      return static_cast<char*>(frame.addresses[place.buffer]) + place.offset * size_;
    };
    const char* a = addressOf(a_);
    const char* b = addressOf(b_);
    char* c = addressOf(c_);
    const auto multiplyRange = [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) {
        multiply(batch_.product, dtype_, a + i * batch_.aBatch * size_, b + i * batch_.bBatch * size_,
                 c + i * batch_.cBatch * size_);
      }
    };
    if (frame.isOneThread) return multiplyRange(0, batch_.batches);
    const bool isSmall = flops_ < kParallelFlops;
    const OneBlasThread one(isSmall);
    if (isSmall || batch_.batches == 1) return multiplyRange(0, batch_.batches);
    const auto grain = static_cast<int64_t>(kParallelFlops / batch_.product.flops()) + 1;
    parallelFor(0, batch_.batches, grain, [&](int64_t begin, int64_t end) {
      const OneBlasThread oneOfMany;
      multiplyRange(begin, end);
    });
  }

  StepReport report() const override {
    const MatrixProduct& p = batch_.product;
    std::string text = "matrix product " + std::to_string(p.m) + "x" + std::to_string(p.k) + "x" + std::to_string(p.n);
    if (batch_.batches != 1) text += ", " + std::to_string(batch_.batches) + " of them";
    return {"product", std::move(text), "", operators, work, {}};
  }

 private:
  ProductBatch batch_;
  c10::ScalarType dtype_;
  Place a_, b_, c_;
  int64_t size_;
  double flops_;
};

}  // namespace

std::unique_ptr<Step> productStep(const ProductBatch& batch, c10::ScalarType dtype, Place a, Place b, Place c) {
  return std::make_unique<ProductStep>(batch, dtype, a, b, c);
}

}  // namespace torch_func::compile
