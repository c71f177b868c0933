#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "accounting/base/result.hpp"

namespace ts::process {

/// What keeps the agent's descendants together, best first. Stored by name in receipts.
enum class Tier {
  cgroup,         ///< a cgroup v2 of the run's own; cgroup.kill is atomic, forks can't outrun it
  pid_namespace,  ///< declared, not built: see detect_containment()
  subreaper,      ///< orphans come back to the warden; a freeze-and-rescan sweep over /proc ends them
  process_group,  ///< no /proc: the agent's group, then generation by generation whatever the warden inherits
};

/// "cgroup", "pid-namespace", "subreaper", "process-group".
[[nodiscard]] std::string_view name_of(Tier tier);

/// The tier of that name. Errors: invalid_argument with the names.
[[nodiscard]] Result<Tier> parse_tier(std::string_view name);

/// Whether a tier can be used here and why (not).
struct TierCheck {
  Tier tier = Tier::process_group;
  bool usable = false;
  std::string reason;  ///< one sentence for `doctor`, with the path that was looked at
};

/// All tiers, best first. Creates and removes a probe cgroup.
[[nodiscard]] std::vector<TierCheck> detect_containment();

/// The best usable tier of a detection.
[[nodiscard]] Tier best_of(const std::vector<TierCheck>& checks);

}  // namespace ts::process
