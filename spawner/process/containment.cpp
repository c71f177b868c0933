#include "spawner/process/containment.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>

#include "spawner/process/cgroup.hpp"
#include "spawner/process/proc_scan.hpp"

namespace ts::process {
namespace {

constexpr std::array<std::string_view, 4> kNames{"cgroup", "pid-namespace", "subreaper", "process-group"};

TierCheck check_cgroup() {
  auto probe = RunCgroup::create(fmt::format("probe-{}", ::getpid()));
  if (probe.has_error()) return {Tier::cgroup, false, probe.error().message};
  const auto removed = probe->remove();
  if (removed.has_error()) return {Tier::cgroup, false, removed.error().message};
  const auto path = probe->path();
  return {Tier::cgroup, true, fmt::format("writable, with cgroup.kill: {}", path.substr(0, path.rfind('/')))};
}

TierCheck check_subreaper() {
  if (const auto scan = scan_descendants(::getpid()); scan.has_error()) return {Tier::subreaper, false, scan.error().message};
  return {Tier::subreaper, true, "orphans come back to the warden, /proc lists them"};
}

}  // namespace

std::string_view name_of(Tier tier) { return kNames[static_cast<std::size_t>(tier)]; }

Result<Tier> parse_tier(std::string_view name) {
  const auto found = std::find(kNames.begin(), kNames.end(), name);
  if (found != kNames.end()) return static_cast<Tier>(found - kNames.begin());
  return Error{Errc::invalid_argument, fmt::format("containment '{}': unknown; one of {}", name, fmt::join(kNames, ", "))};
}

std::vector<TierCheck> detect_containment() {
  return {check_cgroup(),
          {Tier::pid_namespace, false, "not built: the other tiers hold every descendant without hiding /proc from the agent"},
          check_subreaper(),
          {Tier::process_group, true, "always there; a child that leaves its group (setsid) misses SIGTERM and is ended when it comes back to the warden"}};
}

Tier best_of(const std::vector<TierCheck>& checks) {
  const auto best = std::find_if(checks.begin(), checks.end(), [](const TierCheck& check) { return check.usable; });
  return best == checks.end() ? Tier::process_group : best->tier;
}

}  // namespace ts::process
