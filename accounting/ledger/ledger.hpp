#pragma once

#include <chrono>
#include <filesystem>
#include <memory>
#include <span>

#include "accounting/base/result.hpp"
#include "accounting/ledger/history.hpp"
#include "accounting/ledger/records.hpp"

namespace ts::ledger {

/// Which runs list() gives.
struct RunFilter {
  bool running_only = false;
  std::string task_id = {};                ///< empty: any
  std::string task_file = {};              ///< empty: any
  std::string host = {};                   ///< empty: any
  std::optional<std::size_t> newest = {};  ///< at most so many, newest first
};

/// How many runs began, and how many of them failed or crashed. What was refused did not begin.
struct RunCounts {
  std::int64_t begun = 0;
  std::int64_t failed = 0;
};

/// The record of all runs on this machine. Safe for many processes at once; one object per thread.
/// Errors (any call): busy (locked by others beyond the wait), no_space, io, corrupt, permission_denied.
class Ledger {
 public:
  virtual ~Ledger() = default;

  /// How long each call from now on waits at most for other writers, then busy. At first: as long as it was opened with.
  virtual void set_patience(std::chrono::milliseconds patience) = 0;

  /// Writes the run's row. Durability: on disk when it returns. Errors: already_exists.
  [[nodiscard]] virtual Result<void> begin(const RunStart& run) = 0;
  /// Writes responses (insert, or raise to the highest counts), the live totals and the heartbeat in one
  /// transaction. Waits at most `wait` for other writers, then busy: the caller keeps the rows and tries
  /// again. Rows of a run that has ended are still taken; its totals stay. Durability: survives the death of
  /// any process. Errors: not_found, busy.
  [[nodiscard]] virtual Result<void> record(const RunId& run, std::span<const ResponseRow> rows,
                                            const Totals& live, UtcTime now,
                                            std::chrono::milliseconds wait) = 0;
  /// Takes the work out of a later finish() that can be done ahead. Touches no data; that it fails shows in finish().
  virtual void prepare_finish() = 0;
  /// The outcome, in one transaction. Durability: on disk when it returns. Writing the same end twice changes
  /// nothing. The end that a run reports itself replaces Outcome::crashed, which recovery gave it; giving
  /// Outcome::crashed to a run that has ended changes nothing. Errors: not_found, conflict (it has ended in
  /// another way).
  [[nodiscard]] virtual Result<void> finish(const RunId& run, const RunEnd& end) = 0;
  /// A new cap for a live run (`extend`), with a row in its history. Errors: not_found, conflict (the run has
  /// ended).
  [[nodiscard]] virtual Result<void> set_cap(const RunId& run, const Cap& cap, UtcTime now) = 0;
  /// Every change of the run's cap, oldest first.
  [[nodiscard]] virtual Result<std::vector<CapChange>> cap_changes(const RunId& run) = 0;
  /// Errors: not_found, conflict (a later run has taken the task over and works on it now).
  [[nodiscard]] virtual Result<void> mark_task_written(const RunId& run) = 0;

  /// `id` may be a unique prefix. Errors: not_found, ambiguous (lists the ids).
  [[nodiscard]] virtual Result<RunRecord> find(std::string_view id) = 0;
  /// Newest first.
  [[nodiscard]] virtual Result<std::vector<RunRecord>> list(const RunFilter& filter) = 0;
  /// Of the runs that began at `since` or later.
  [[nodiscard]] virtual Result<RunCounts> count_since(UtcTime since) = 0;
  /// What reports and suggestions are made from, newest first; lighter than list().
  [[nodiscard]] virtual Result<std::vector<PastRun>> past_runs(const HistoryFilter& filter) = 0;
  /// All responses of a run, in the order of first report. Empty: none, or no such run.
  [[nodiscard]] virtual Result<std::vector<ResponseRow>> responses(const RunId& run) = 0;
};

enum class OpenMode {
  read,   ///< never creates, never writes, never migrates
  write,  ///< creates (folder 0700, file 0600) and migrates
};

/// How long what must not be lost waits for other writers: 200 runs may end at once.
inline constexpr std::chrono::milliseconds kPatience{60'000};

/// Opens the SQLite ledger at `path`; it and later calls wait at most `patience` for other writers (a patience of a second and more counts from what
/// another process last wrote, up to half a minute in all).
/// Errors: not_found (mode read: says that there is no ledger yet and which command makes one), unsupported
/// (written by a newer version), corrupt (not a database), permission_denied, no_space.
[[nodiscard]] Result<std::unique_ptr<Ledger>> open_ledger(const std::filesystem::path& path, OpenMode mode,
                                                            std::chrono::milliseconds patience = kPatience);

/// A new run id: 50 random bits; never repeats within a ledger (begin() refuses one that exists).
[[nodiscard]] RunId new_run_id();

}  // namespace ts::ledger
