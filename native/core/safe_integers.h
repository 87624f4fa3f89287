#pragma once
// Which integers a JavaScript number holds.

#include <cstdint>

namespace torch_func {

// Number.MAX_SAFE_INTEGER, 2^53 - 1: a number within this bound stands for one integer only.
constexpr int64_t kMaxSafeInteger = 9007199254740991;

// 2^53: up to here doubles hold every integer, but 2^53 + 1 is rounded to 2^53 as well.
constexpr double kMaxExactInteger = 9007199254740992.0;

}  // namespace torch_func
