// Reads how much processor time the control groups grant, which libtorch does not.

#include "runtime/thread_limit.h"

#include <ATen/Parallel.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <fstream>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "core/control_groups.h"

namespace torch_func {

namespace {

std::optional<double> numberIn(std::istream& stream) {
  double value = 0;
  if (stream >> value) return value;  // "max" is no number: there is no limit
  return std::nullopt;
}

// Of the time of one processor.
std::optional<double> quotaOf(const ControlGroup& group) {
  std::ifstream limit(group.folder / (group.version == 2 ? "cpu.max" : "cpu.cfs_quota_us"));
  const auto quota = numberIn(limit);
  if (!quota || *quota <= 0) return std::nullopt;
  if (group.version == 1) limit = std::ifstream(group.folder / "cpu.cfs_period_us");
  const auto period = numberIn(limit);
  return period && *period > 0 ? std::optional(*quota / *period) : std::nullopt;
}

}  // namespace

void limitThreads() {
  static std::once_flag once;
  std::call_once(once, [] {
    for (const char* variable : {"OMP_NUM_THREADS", "MKL_NUM_THREADS"}) {
      if (std::getenv(variable) != nullptr) return;
    }
    double processors = std::thread::hardware_concurrency();
    for (const ControlGroup& group : controlGroups("cpu")) {
      if (const auto quota = quotaOf(group)) processors = std::min(processors, *quota);
    }
    if (processors >= std::thread::hardware_concurrency()) return;
    const int threads = std::max(1, static_cast<int>(std::ceil(processors)));
    if (threads < at::get_num_threads()) at::set_num_threads(threads);
  });
}

}  // namespace torch_func
