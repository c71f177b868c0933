#pragma once

#include <functional>

#include "accounting/ledger/ledger.hpp"

namespace ts::ledger {

/// Whether the tracked-spawn process of an open run still exists.
enum class Liveness {
  alive,
  dead,     ///< nobody will write this run's end any more
  unknown,  ///< on another host, or this system doesn't tell
};

/// Where the question is asked, and the one question that the ledger can't answer itself.
struct Here {
  std::string host;
  std::string boot_id;  ///< empty: not known
  /// Start of the process with this pid, in ticks (/proc/PID/stat field 22). Absent: there is no such
  /// process. Errors: any; the run's liveness is then unknown.
  std::function<Result<std::optional<std::uint64_t>>(std::int64_t pid)> start_ticks;
};

/// A process is the run's only if host, boot, pid and start time all fit: pids come round again.
[[nodiscard]] Liveness liveness_of(const RunStart& run, const Here& here);

/// A run without an end.
struct OpenRun {
  RunRecord run;
  Liveness liveness = Liveness::unknown;
};

/// All runs without an end, oldest first. Runs on other hosts are among them, as unknown.
[[nodiscard]] Result<std::vector<OpenRun>> open_runs(Ledger& ledger, const Here& here);

/// The end of a run that can't write it itself, from what its rows say: Outcome::crashed, at its last
/// heartbeat. Each source's sums; the highest by fresh tokens rules (ties: the better source); never less
/// than the last live count.
[[nodiscard]] RunEnd end_from_rows(const RunRecord& run, std::span<const ResponseRow> rows);

/// Gives every dead run of open_runs() its end from its rows. The runs settled; alive and unknown ones stay
/// open. Safe in several processes at once, and beside a run that was wrongly thought dead: its own end
/// replaces this one.
[[nodiscard]] Result<std::vector<RunRecord>> settle_dead_runs(Ledger& ledger, const Here& here);

}  // namespace ts::ledger
