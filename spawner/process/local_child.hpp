#pragma once

#include <memory>
#include <optional>
#include <string>

#include "spawner/process/cgroup.hpp"
#include "spawner/process/child.hpp"
#include "spawner/process/warden.hpp"

namespace ts::process {

/// What a launch leaves in the launcher's hands.
struct LocalChildParts {
  WardenLink warden;
  Tier tier = Tier::subreaper;
  std::optional<RunCgroup> cgroup;
  std::string program;  ///< for messages
};

/// The child behind a warden that has got its order.
[[nodiscard]] std::unique_ptr<Child> make_local_child(LocalChildParts parts);

}  // namespace ts::process
