#include "accounting/ledger/schema.hpp"

#ifndef TS_VERSION
#define TS_VERSION "unknown"
#endif

namespace ts::ledger {
namespace {

using Step = std::vector<const char*>;

/// The parts of a count, in the order of kTokenParts, and the requests they stand for.
#define TS_COUNT_COLUMNS                                                                                \
  "input INTEGER NOT NULL DEFAULT 0, cache_write_5m INTEGER NOT NULL DEFAULT 0, "                       \
  "cache_write_1h INTEGER NOT NULL DEFAULT 0, cache_read INTEGER NOT NULL DEFAULT 0, "                  \
  "output INTEGER NOT NULL DEFAULT 0, reasoning INTEGER NOT NULL DEFAULT 0, requests INTEGER NOT NULL " \
  "DEFAULT 0"

/// Times are microseconds since 1970 in UTC. `meta` is the one table that every version can read.
const Step kFirst = {
    "CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID",
    "CREATE TABLE runs (n INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, task_id TEXT NOT NULL, task_file "
    "TEXT NOT NULL, "
    "task_title TEXT NOT NULL, agent TEXT NOT NULL, role TEXT NOT NULL, argv TEXT NOT NULL, cwd TEXT NOT "
    "NULL, "
    "run_dir TEXT NOT NULL, estimate_low INTEGER, estimate_high INTEGER, estimate_line INTEGER, cap_limit "
    "INTEGER, "
    "cap_formula TEXT NOT NULL, cap_source TEXT NOT NULL, on_cap TEXT NOT NULL, host TEXT NOT NULL, pid "
    "INTEGER NOT NULL, "
    "pid_start_ticks INTEGER NOT NULL, boot_id TEXT NOT NULL, started INTEGER NOT NULL, project TEXT NOT "
    "NULL, "
    "sprint TEXT NOT NULL, category TEXT NOT NULL, parent_run TEXT NOT NULL, labels_json TEXT NOT NULL, "
    "heartbeat INTEGER NOT NULL, task_written INTEGER NOT NULL DEFAULT 0, "
    // What is known at the end; `ended` is null while the run is open.
    "outcome TEXT NOT NULL DEFAULT 'running', ended INTEGER, exit_code INTEGER, exit_signal INTEGER, ruling "
    "TEXT, "
    "cost INTEGER, unpriced_models TEXT NOT NULL DEFAULT '', lines INTEGER NOT NULL DEFAULT 0, "
    "events INTEGER NOT NULL DEFAULT 0, ignored INTEGER NOT NULL DEFAULT 0, malformed INTEGER NOT NULL "
    "DEFAULT 0, "
    "bytes_dropped INTEGER NOT NULL DEFAULT 0, agent_version TEXT NOT NULL DEFAULT '', sessions TEXT NOT "
    "NULL DEFAULT '', "
    "receipt_json TEXT NOT NULL DEFAULT '', " TS_COUNT_COLUMNS ")",
    "CREATE INDEX runs_started ON runs (started)",
    "CREATE INDEX runs_open ON runs (host) WHERE ended IS NULL",
    "CREATE INDEX runs_task ON runs (task_id) WHERE task_id <> ''",
    "CREATE INDEX runs_task_file ON runs (task_file) WHERE task_file <> ''",
    // In the order of first report, which is the order of n.
    "CREATE TABLE responses (n INTEGER PRIMARY KEY, run INTEGER NOT NULL, source TEXT NOT NULL, response_id "
    "TEXT NOT NULL, "
    "model TEXT NOT NULL, session TEXT NOT NULL, at INTEGER NOT NULL, " TS_COUNT_COLUMNS
    ", UNIQUE (run, source, response_id))",
    "CREATE TABLE run_sources (run INTEGER NOT NULL, source TEXT NOT NULL, " TS_COUNT_COLUMNS
    ", PRIMARY KEY (run, source)) WITHOUT ROWID",
    "CREATE TABLE run_models (run INTEGER NOT NULL, model TEXT NOT NULL, " TS_COUNT_COLUMNS
    ", PRIMARY KEY (run, model)) WITHOUT ROWID",
    "CREATE TABLE cap_changes (n INTEGER PRIMARY KEY, run INTEGER NOT NULL, at INTEGER NOT NULL, old_limit "
    "INTEGER, "
    "old_formula TEXT NOT NULL, old_source TEXT NOT NULL, new_limit INTEGER, new_formula TEXT NOT NULL, "
    "new_source TEXT NOT NULL)",
    "CREATE INDEX cap_changes_run ON cap_changes (run)",
};

const std::vector<Step>& steps() {
  static const std::vector<Step> all = {kFirst};
  return all;
}

}  // namespace

int schema_version() {
  return static_cast<int>(steps().size());
}

std::string program_version() {
  return TS_VERSION;
}

const std::vector<const char*>& migration_from(int version) {
  return steps().at(static_cast<std::size_t>(version));
}

}  // namespace ts::ledger
