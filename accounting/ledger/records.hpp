#pragma once

#include <optional>
#include <string>
#include <vector>

#include "accounting/budget/meter.hpp"

namespace ts::ledger {

/// How a run ended. Stored by name; names are never reused.
enum class Outcome {
  running,
  completed,
  failed,
  cap,
  stopped,
  refused,
  crashed,
  time_limit,
  idle_limit,
  imported,  ///< brought in from elsewhere; how it ended isn't known
};
[[nodiscard]] std::string_view name_of(Outcome outcome);
/// Absent: no outcome has that name.
[[nodiscard]] std::optional<Outcome> outcome_named(std::string_view name);

/// The estimate a run was started against. Absent parts: the task file does not say.
struct Estimate {
  std::optional<Tokens> low;
  std::optional<Tokens> high;
  std::optional<int> line;
  friend bool operator==(const Estimate&, const Estimate&) = default;
};

struct Cap {
  std::optional<std::int64_t>
      limit;  ///< tokens, or micro-USD with Formula::usd; absent: no cap (`--cap none`)
  Formula formula = Formula::fresh;
  std::string source;  ///< "command line", "tasks/TASK-914.md:195", "4 × 10K (line 7)", "none"
  friend bool operator==(const Cap&, const Cap&) = default;
};

/// What is known before the launch: written before the agent starts.
struct RunStart {
  RunId id;
  std::string task_id;    ///< empty: no task
  std::string task_file;  ///< absolute path; empty: no task
  std::string task_title;
  std::string agent;  ///< profile name: claude, codex, gemini, opencode, qwen, other
  std::string role;   ///< engineer unless said
  std::vector<std::string> argv;
  std::string cwd;
  std::string run_dir;  ///< folder with the raw streams
  Estimate estimate;
  Cap cap;
  std::string on_cap;  ///< stop, report, hold
  std::string host;
  std::int64_t pid = 0;  ///< of tracked-spawn
  std::uint64_t pid_start_ticks =
      0;  ///< /proc/PID/stat field 22: with pid and boot id it names the process for ever
  std::string boot_id;
  UtcTime started;
  std::string project;  ///< git top level or cwd
  std::string sprint;
  std::string category;
  std::string parent_run;   ///< run id of the enclosing run; empty: none
  std::string labels_json;  ///< JSON object of --label NAME=VALUE; empty: none
  friend bool operator==(const RunStart&, const RunStart&) = default;
};

/// One response of one source as far as it is known; written again when it grows.
struct ResponseRow {
  Source source = Source::stream;
  std::string response_id;
  std::string model;
  std::string session;
  TokenCounts counts;
  std::int64_t requests = 1;
  UtcTime at;  ///< of the first report
  friend bool operator==(const ResponseRow&, const ResponseRow&) = default;
};

/// What a run came to. Counts are the ruling source's.
struct RunEnd {
  Outcome outcome = Outcome::completed;
  UtcTime ended;
  std::optional<int> exit_code;    ///< the agent's, if it exited
  std::optional<int> exit_signal;  ///< if a signal ended it
  std::optional<Source> ruling;    ///< absent: nothing was metered
  Totals totals;
  std::array<std::optional<Totals>, kSourceCount> by_source;
  std::map<std::string, Totals, std::less<>> by_model;  ///< of the ruling source
  std::optional<MicroUsd> cost;                         ///< absent: not priced
  std::vector<std::string> unpriced_models;
  ParseStats parse;
  std::string agent_version;
  std::vector<std::string> sessions;  ///< the agent's session ids, first the main one
  std::string receipt_json;           ///< stop receipt; empty: the agent ended by itself
  friend bool operator==(const RunEnd&, const RunEnd&) = default;
};

/// A change of a live run's cap, kept for ever.
struct CapChange {
  UtcTime at;
  Cap before;
  Cap after;
  friend bool operator==(const CapChange&, const CapChange&) = default;
};

/// A run as the ledger knows it.
struct RunRecord {
  RunStart start;
  UtcTime heartbeat;
  Totals live;                ///< while running: the last count that was written
  std::optional<RunEnd> end;  ///< absent: still running, or crashed and not yet recovered
  bool task_written = false;  ///< the task file has the actual
};

}  // namespace ts::ledger
