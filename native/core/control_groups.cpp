// Finds the control groups of this process.

#include "core/control_groups.h"

#include <fstream>
#include <sstream>

namespace torch_func {

namespace {

namespace fs = std::filesystem;

bool contains(const std::string& list, const std::string& name) {
  std::istringstream stream(list);
  for (std::string item; std::getline(stream, item, ',');) {
    if (item == name) return true;
  }
  return false;
}

}  // namespace

std::vector<ControlGroup> controlGroups(const std::string& controller) {
  std::vector<ControlGroup> result;
  std::ifstream lines("/proc/self/cgroup");
  for (std::string line; std::getline(lines, line);) {  // "4:cpu,cpuacct:/path", or "0::/path" in version 2
    const size_t colon = line.find(':');
    const size_t second = line.find(':', colon + 1);
    if (second == std::string::npos) continue;
    const std::string controllers = line.substr(colon + 1, second - colon - 1);
    if (!controllers.empty() && !contains(controllers, controller)) continue;
    const fs::path root = controllers.empty() ? fs::path("/sys/fs/cgroup") : fs::path("/sys/fs/cgroup") / controller;
    for (fs::path path = line.substr(second + 1);; path = path.parent_path()) {
      result.push_back({controllers.empty() ? 2 : 1, root / path.relative_path()});
      if (!path.has_relative_path()) break;
    }
  }
  return result;
}

}  // namespace torch_func
