#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace torch_func {

struct ControlGroup {
  int version;  // 1 or 2, which name their files differently
  std::filesystem::path folder;
};

// The groups of this process that a controller may limit, such as "memory": its own and those around it. In a container
// the path may be the one outside, which does not exist inside.
std::vector<ControlGroup> controlGroups(const std::string& controller);

}  // namespace torch_func
