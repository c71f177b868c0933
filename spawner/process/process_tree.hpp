#pragma once

#include <sys/types.h>

#include <cstddef>
#include <optional>
#include <vector>

#include "accounting/base/result.hpp"
#include "spawner/process/cgroup.hpp"

namespace ts::process {

/// All processes below `root` (a subreaper, so orphans stay below it) and in the run's cgroup, if there is one.
/// Signals reach only processes that are proved to belong to the tree after they were pinned by a pidfd, so a pid that was given to
/// a stranger meanwhile is never hit.
class ProcessTree {
 public:
  explicit ProcessTree(pid_t root) : root_(root) {}

  void contain_in(RunCgroup cgroup) { cgroup_ = std::move(cgroup); }
  [[nodiscard]] const std::optional<RunCgroup>& cgroup() const { return cgroup_; }

  /// Everything of the tree, zombies below `root` included. Sorted.
  [[nodiscard]] std::vector<pid_t> all() const;
  /// What is alive of it.
  [[nodiscard]] std::vector<pid_t> alive() const;

  /// A signal for every living process, SIGCONT after it for those that are stopped. Returns how many were alive.
  std::size_t signal(int signal_number) const;

  /// One round of ending everything: cgroup.kill; then freeze (SIGSTOP until a scan finds nothing new) and SIGKILL.
  /// The dead have to be reaped by the caller, then another round, until wait(2) says that there is no child.
  /// Without /proc (and with `root` this process) each round ends the direct children; theirs become direct ones by that.
  void sweep() const;

 private:
  /// Signals those of `pids` that a later scan still finds in the tree.
  void signal_verified(const std::vector<pid_t>& pids, int signal_number) const;
  void freeze() const;
  void kill_children() const;

  pid_t root_;
  std::optional<RunCgroup> cgroup_;
};

}  // namespace ts::process
