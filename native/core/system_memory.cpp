// Reads how much memory the machine and the control group have.

#include "core/system_memory.h"

#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <optional>
#include <string>

namespace torch_func {

namespace {

// The number after `key` in a file of lines such as "MemAvailable: 123 kB".
std::optional<size_t> numberOf(const char* file, const std::string& key) {
  std::ifstream stream(file);
  std::string word;
  size_t value = 0;
  while (stream >> word) {
    if (word == key && stream >> value) return value;
    stream.clear();
  }
  return std::nullopt;
}

std::optional<size_t> numberIn(const char* file) {
  size_t value = 0;
  if (std::ifstream(file) >> value) return value;  // "max" is no number: there is no limit
  return std::nullopt;
}

std::optional<size_t> groupLimit() { return numberIn("/sys/fs/cgroup/memory.max"); }

}  // namespace

size_t totalMemory() {
  const size_t machine = static_cast<size_t>(sysconf(_SC_PHYS_PAGES)) * static_cast<size_t>(sysconf(_SC_PAGESIZE));
  return std::min(machine, groupLimit().value_or(machine));
}

size_t availableMemory() {
  const auto kilobytes = numberOf("/proc/meminfo", "MemAvailable:");
  size_t available = kilobytes ? *kilobytes * 1024 : totalMemory();
  if (const auto limit = groupLimit()) {
    const size_t current = numberIn("/sys/fs/cgroup/memory.current").value_or(0);
    const size_t cache = numberOf("/sys/fs/cgroup/memory.stat", "inactive_file").value_or(0);
    const size_t used = current - std::min(current, cache);
    available = std::min(available, *limit - std::min(*limit, used));
  }
  return available;
}

}  // namespace torch_func
