// Reads how much memory the machine and the control groups have.

#include "core/system_memory.h"

#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <vector>

#include "core/control_groups.h"

namespace torch_func {

namespace {

namespace fs = std::filesystem;

// The number after `key` in a file of lines such as "MemAvailable: 123 kB".
std::optional<size_t> numberOf(const fs::path& file, const std::string& key) {
  std::ifstream stream(file);
  std::string word;
  size_t value = 0;
  while (stream >> word) {
    if (word == key && stream >> value) return value;
    stream.clear();
  }
  return std::nullopt;
}

std::optional<size_t> numberIn(const fs::path& file) {
  size_t value = 0;
  if (std::ifstream(file) >> value) return value;  // "max" is no number: there is no limit
  return std::nullopt;
}

// The names of the files of a control group, which differ between versions 1 and 2.
struct Version {
  const char* limit;
  const char* usage;
  const char* cache;  // a key of memory.stat
};
constexpr Version kVersion1 = {"memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"};
constexpr Version kVersion2 = {"memory.max", "memory.current", "inactive_file"};

struct Group {
  size_t limit;
  size_t used;  // without the page cache that the system may drop
};

// The groups of this process with a limit.
std::vector<Group> groups() {
  std::vector<Group> result;
  for (const auto& [number, folder] : controlGroups("memory")) {
    const Version& version = number == 1 ? kVersion1 : kVersion2;
    const auto limit = numberIn(folder / version.limit);
    if (!limit) continue;
    const size_t usage = numberIn(folder / version.usage).value_or(0);
    const size_t cache = numberOf(folder / "memory.stat", version.cache).value_or(0);
    result.push_back({*limit, usage - std::min(usage, cache)});
  }
  return result;
}

}  // namespace

size_t totalMemory() {
  size_t total = static_cast<size_t>(sysconf(_SC_PHYS_PAGES)) * static_cast<size_t>(sysconf(_SC_PAGESIZE));
  for (const Group& group : groups()) total = std::min(total, group.limit);
  return total;
}

size_t availableMemory() {
  const auto kilobytes = numberOf("/proc/meminfo", "MemAvailable:");
  size_t available = kilobytes ? *kilobytes * 1024 : totalMemory();
  for (const auto& [limit, used] : groups()) available = std::min(available, limit - std::min(limit, used));
  return available;
}

size_t largestCache() {
  size_t largest = 0;
  for (int index = 0;; ++index) {
    const std::string cache = "/sys/devices/system/cpu/cpu0/cache/index" + std::to_string(index) + "/size";
    const auto kilobytes = numberIn(cache.c_str());  // as in "32768K"
    if (!kilobytes) break;
    largest = std::max(largest, *kilobytes * 1024);
  }
  return largest == 0 ? size_t{32} << 20 : largest;
}

}  // namespace torch_func
