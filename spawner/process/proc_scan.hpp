#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "accounting/base/result.hpp"

namespace ts::process {

/// What /proc/<pid>/stat says of a process.
struct ProcStat {
  pid_t pid = 0;
  char state = '?';  ///< R, S, D, T (stopped), Z (zombie) …
  pid_t parent = 0;
  std::uint64_t start_ticks = 0;  ///< since boot; with the pid it names one process for good
};

/// Reads the text of a stat file. The name in it may hold anything, parentheses and line ends included. Absent: not that shape.
[[nodiscard]] std::optional<ProcStat> parse_proc_stat(std::string_view text);

/// Absent: no such process (any more), or no /proc.
[[nodiscard]] std::optional<ProcStat> read_proc_stat(pid_t pid);

/// All descendants of `root`, parents before their children, zombies included, `root` left out. One pass over a tree that moves:
/// a process that is forked or orphaned meanwhile may be missing; call again until nothing new comes.
/// Errors: unsupported without /proc.
[[nodiscard]] Result<std::vector<pid_t>> scan_descendants(pid_t root);

/// The direct children of this process, zombies included, without /proc: wait(2) is asked about one pid after the other, from `near`
/// upward first, and about all there can be (some tenths of a second) only if nothing is found there.
[[nodiscard]] std::vector<pid_t> probe_children(pid_t near);

/// The pids of `pids` that are alive: no zombies, nothing that is gone.
[[nodiscard]] std::vector<pid_t> alive_of(const std::vector<pid_t>& pids);

}  // namespace ts::process
