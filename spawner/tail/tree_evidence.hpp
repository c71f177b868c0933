#pragma once

#include <set>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include <sys/types.h>

#include "spawner/agents/profile.hpp"

namespace ts::tail {

/// What /proc tells about the run's processes at one moment.
struct TreeEvidence {
  std::unordered_set<std::string> open_files;  ///< absolute paths of files below the folders asked for
  /// Command lines of agents in the tree, from the program word on without it: a launcher script and the binary it starts are the same.
  std::set<std::string> agents;
};

/// Looks at each process once. Processes that are gone or may not be looked at give nothing, nor do those of runs within `run` (follower.hpp).
[[nodiscard]] TreeEvidence look_at_tree(const std::vector<pid_t>& tree, const std::vector<std::string>& roots, std::string_view run);

}  // namespace ts::tail
