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

/// What was spent: counts, requests and cost. Units of cost_pico: 10⁻¹² US dollar.
#define TS_SPEND_COLUMNS \
  TS_COUNT_COLUMNS ", cost_pico INTEGER NOT NULL DEFAULT 0, unpriced INTEGER NOT NULL DEFAULT 0"

/// Budgets, claims, alerts. Usage is summed up by quarters of an hour (`slot`): what each source says of a
/// run (source_usage), what counts (usage: the ruling source's), and what of it falls to each budget
/// (budget_use; `bucket` is the start of a period, or of a slot where the window rolls).
const Step kSecond = {
    "ALTER TABLE runs ADD COLUMN posted_source TEXT NOT NULL DEFAULT ''",
    "ALTER TABLE runs ADD COLUMN claim_key TEXT NOT NULL DEFAULT ''",
    "ALTER TABLE runs ADD COLUMN claim_token INTEGER NOT NULL DEFAULT 0",
    "CREATE TABLE source_usage (run INTEGER NOT NULL, source TEXT NOT NULL, model TEXT NOT NULL, slot "
    "INTEGER NOT "
    "NULL, " TS_SPEND_COLUMNS ", PRIMARY KEY (run, source, model, slot)) WITHOUT ROWID",
    "CREATE TABLE usage (run INTEGER NOT NULL, model TEXT NOT NULL, slot INTEGER NOT NULL, " TS_SPEND_COLUMNS
    ", PRIMARY KEY (run, model, slot)) WITHOUT ROWID",
    "CREATE INDEX usage_slot ON usage (slot)",
    "CREATE TABLE budgets (n INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, measure TEXT NOT NULL, amount "
    "INTEGER NOT "
    "NULL, kind TEXT NOT NULL, reset_day INTEGER NOT NULL, window_minutes INTEGER NOT NULL, zone TEXT NOT "
    "NULL, project "
    "TEXT, sprint TEXT, task TEXT, agent TEXT, model TEXT, role TEXT, labels TEXT NOT NULL, thresholds TEXT "
    "NOT NULL)",
    "CREATE TABLE budget_use (budget INTEGER NOT NULL, bucket INTEGER NOT NULL, " TS_SPEND_COLUMNS
    ", PRIMARY KEY (budget, bucket)) WITHOUT ROWID",
    // `remaining`: what the run may still spend of `granted`, in pico-USD, tokens or requests.
    "CREATE TABLE reservations (run INTEGER NOT NULL, budget INTEGER NOT NULL, granted INTEGER NOT NULL, "
    "remaining "
    "INTEGER NOT NULL, expires INTEGER NOT NULL, PRIMARY KEY (run, budget)) WITHOUT ROWID",
    "CREATE INDEX reservations_budget ON reservations (budget)",
    "CREATE TABLE claims (key TEXT PRIMARY KEY, run TEXT NOT NULL, host TEXT NOT NULL, pid INTEGER NOT NULL, "
    "pid_start_ticks INTEGER NOT NULL, boot_id TEXT NOT NULL, note TEXT NOT NULL, token INTEGER NOT NULL, "
    "taken INTEGER "
    "NOT NULL, expires INTEGER NOT NULL, held INTEGER NOT NULL) WITHOUT ROWID",
    "CREATE INDEX claims_run ON claims (run) WHERE held = 1",
    // The thresholds that are raised now; the row is what makes an alert come once.
    "CREATE TABLE alerts_standing (budget INTEGER NOT NULL, period INTEGER NOT NULL, percent INTEGER NOT "
    "NULL, PRIMARY "
    "KEY (budget, period, percent)) WITHOUT ROWID",
    "CREATE TABLE alerts (n INTEGER PRIMARY KEY, event TEXT NOT NULL, budget TEXT NOT NULL, measure TEXT NOT "
    "NULL, "
    "period_start INTEGER NOT NULL, period_end INTEGER, percent INTEGER NOT NULL, level TEXT NOT NULL, "
    "skipped TEXT NOT "
    "NULL, used INTEGER NOT NULL, amount INTEGER NOT NULL, at INTEGER NOT NULL, run TEXT NOT NULL, text TEXT "
    "NOT NULL)",
    "CREATE TABLE deliveries (alert INTEGER NOT NULL, sink TEXT NOT NULL, state TEXT NOT NULL, attempts "
    "INTEGER NOT "
    "NULL, next_try INTEGER NOT NULL, detail TEXT NOT NULL, PRIMARY KEY (alert, sink)) WITHOUT ROWID",
    // Runs that an older version wrote: at their end, without a price.
    "INSERT INTO usage (run, model, slot, input, cache_write_5m, cache_write_1h, cache_read, output, "
    "reasoning, requests, "
    "unpriced) SELECT m.run, m.model, r.ended - r.ended % 900000000, m.input, m.cache_write_5m, "
    "m.cache_write_1h, "
    "m.cache_read, m.output, m.reasoning, m.requests, m.input + m.cache_write_5m + m.cache_write_1h + "
    "m.cache_read + "
    "m.output FROM run_models m JOIN runs r ON r.n = m.run WHERE r.ended IS NOT NULL",
    "INSERT INTO source_usage (run, source, model, slot, input, cache_write_5m, cache_write_1h, cache_read, "
    "output, "
    "reasoning, requests, unpriced) SELECT run, source, model, at - at % 900000000, sum(input), "
    "sum(cache_write_5m), "
    "sum(cache_write_1h), sum(cache_read), sum(output), sum(reasoning), sum(requests), sum(input + "
    "cache_write_5m + "
    "cache_write_1h + cache_read + output) FROM responses GROUP BY 1, 2, 3, 4",
};

/// Sums for reports, by the hour. A facet is what a run says about itself and how it ended. Runs that haven't ended have none:
/// what they spend is read from `usage`, so that their writes cost nothing more.
#define TS_HOUR_OF(time) "(" time " - ((" time " % 3600000000) + 3600000000) % 3600000000)"
#define TS_ADD(name) name " = min(max(" name " + excluded." name ", -4000000000000000000), 4000000000000000000)"
#define TS_ADD_SPEND                                                                                    \
  TS_ADD("input")                                                                                       \
  ", " TS_ADD("cache_write_5m") ", " TS_ADD("cache_write_1h") ", " TS_ADD("cache_read") ", " TS_ADD(    \
      "output") ", " TS_ADD("reasoning") ", " TS_ADD("requests") ", " TS_ADD("cost_pico") ", " TS_ADD(  \
      "unpriced")
#define TS_SPEND_LIST "input, cache_write_5m, cache_write_1h, cache_read, output, reasoning, requests, cost_pico, unpriced"
#define TS_USAGE_LIST                                                                                              \
  "u.input, u.cache_write_5m, u.cache_write_1h, u.cache_read, u.output, u.reasoning, u.requests, u.cost_pico, " \
  "u.unpriced"
#define TS_DONE_BEFORE(same)                                                                                      \
  "EXISTS (SELECT 1 FROM runs o WHERE " same                                                                      \
  " AND o.outcome = 'completed' AND o.role = 'engineer' AND o.project = r.project AND (o.ended, o.n) < (r.ended, " \
  "r.n))"
#define TS_FACET                                                                                                    \
  "r.project, r.sprint, CASE WHEN r.task_id <> '' THEN r.task_id ELSE r.task_file END, r.category, r.agent, "       \
  "r.role, r.host, r.outcome, CASE WHEN r.outcome <> 'completed' THEN 'failed' WHEN r.role = 'engineer' AND "       \
  "((r.task_id <> '' AND " TS_DONE_BEFORE("o.task_id = r.task_id AND o.task_id <> ''") ") OR (r.task_id = '' AND " \
  "r.task_file <> '' AND " TS_DONE_BEFORE("o.task_file = r.task_file AND o.task_file <> '' AND o.task_id = ''")     \
  ")) THEN 'duplicate' ELSE '' END"
const Step kThird = {
    "ALTER TABLE runs ADD COLUMN facet INTEGER",
    "CREATE INDEX runs_no_facet ON runs (started) WHERE facet IS NULL",
    "CREATE TABLE facets (n INTEGER PRIMARY KEY, project TEXT NOT NULL, sprint TEXT NOT NULL, task TEXT NOT NULL, "
    "category TEXT NOT NULL, agent TEXT NOT NULL, role TEXT NOT NULL, host TEXT NOT NULL, outcome TEXT NOT NULL, waste "
    "TEXT NOT NULL, UNIQUE (task, agent, outcome, waste, role, sprint, project, category, host))",
    "CREATE TABLE usage_by_facet (hour INTEGER NOT NULL, facet INTEGER NOT NULL, model TEXT NOT NULL, " TS_SPEND_COLUMNS
    ", runs INTEGER NOT NULL DEFAULT 0, PRIMARY KEY (hour, facet, model)) WITHOUT ROWID",
    "CREATE TABLE usage_by_hour (hour INTEGER NOT NULL, waste TEXT NOT NULL, model TEXT NOT NULL, " TS_SPEND_COLUMNS
    ", runs INTEGER NOT NULL DEFAULT 0, PRIMARY KEY (hour, waste, model)) WITHOUT ROWID",
    "INSERT OR IGNORE INTO facets (project, sprint, task, category, agent, role, host, outcome, waste) SELECT DISTINCT " TS_FACET
    " FROM runs r WHERE r.ended IS NOT NULL",
    "UPDATE runs AS r SET facet = (SELECT f.n FROM facets f WHERE (f.project, f.sprint, f.task, f.category, f.agent, f.role, "
    "f.host, f.outcome, f.waste) = (" TS_FACET ")) WHERE ended IS NOT NULL",
    "INSERT INTO usage_by_facet (hour, facet, model, " TS_SPEND_LIST ") SELECT " TS_HOUR_OF("u.slot") ", r.facet, u.model, " TS_USAGE_LIST
    " FROM usage u JOIN runs r ON r.n = u.run WHERE r.facet IS NOT NULL ON CONFLICT (hour, facet, model) DO UPDATE SET " TS_ADD_SPEND,
    "INSERT INTO usage_by_hour (hour, waste, model, " TS_SPEND_LIST ") SELECT u.hour, f.waste, u.model, " TS_USAGE_LIST
    " FROM usage_by_facet u JOIN facets f ON f.n = u.facet WHERE true ON CONFLICT (hour, waste, model) DO UPDATE SET " TS_ADD_SPEND,
    "INSERT INTO usage_by_facet (hour, facet, model, runs) SELECT " TS_HOUR_OF("r.started") ", r.facet, '', 1 FROM runs r WHERE "
    "r.facet IS NOT NULL ON CONFLICT (hour, facet, model) DO UPDATE SET runs = runs + 1",
    "INSERT INTO usage_by_hour (hour, waste, model, runs) SELECT " TS_HOUR_OF("r.started") ", f.waste, '', 1 FROM runs r JOIN facets f ON "
    "f.n = r.facet WHERE true ON CONFLICT (hour, waste, model) DO UPDATE SET runs = runs + 1",
};

/// Imports: which run a key became (null: something else than a run), how far files were read, guesses. `ids` is where the id
/// of an imported response is unique, and empty where a run counted it itself. Recosts keep what costs had been before.
const Step kFourth = {
    "ALTER TABLE responses ADD COLUMN ids TEXT NOT NULL DEFAULT ''",
    "CREATE UNIQUE INDEX responses_imported ON responses (response_id, ids, source) WHERE ids <> ''",
    "CREATE TABLE imported (key TEXT PRIMARY KEY, run INTEGER) WITHOUT ROWID",
    "CREATE TABLE import_files (path TEXT PRIMARY KEY, device INTEGER NOT NULL, inode INTEGER NOT NULL, size INTEGER NOT "
    "NULL, modified_ns INTEGER NOT NULL, offset INTEGER NOT NULL, before INTEGER NOT NULL, kind TEXT NOT NULL) WITHOUT ROWID",
    "CREATE TABLE estimated_usage (n INTEGER PRIMARY KEY, file TEXT NOT NULL, line INTEGER NOT NULL, at INTEGER, task TEXT NOT "
    "NULL, phase TEXT NOT NULL, input INTEGER NOT NULL, output INTEGER NOT NULL, total INTEGER NOT NULL)",
    "CREATE INDEX estimated_usage_file ON estimated_usage (file)",
    "CREATE TABLE run_sessions (session TEXT NOT NULL, run INTEGER NOT NULL, PRIMARY KEY (session, run)) WITHOUT ROWID",
    "INSERT OR IGNORE INTO run_sessions (session, run) SELECT DISTINCT session, run FROM responses WHERE session <> ''",
    "CREATE TABLE recosts (n INTEGER PRIMARY KEY, at INTEGER NOT NULL, prices TEXT NOT NULL, runs INTEGER NOT NULL, changed "
    "INTEGER NOT NULL)",
    "CREATE TABLE cost_history (recost INTEGER NOT NULL, run INTEGER NOT NULL, model TEXT NOT NULL, old_cost_pico INTEGER NOT "
    "NULL, old_unpriced INTEGER NOT NULL, new_cost_pico INTEGER NOT NULL, new_unpriced INTEGER NOT NULL, PRIMARY KEY (run, "
    "recost, model)) WITHOUT ROWID",
};

/// One table of sums, by the day and by the hour; levels and parts: see rollup.hpp. `part` is a facet, or the waste: 0 none, 1
/// failed, 2 duplicate. Runs without a facet now are also some that have ended, so one index serves both.
#define TS_DAY_OF(time) "(" time " - ((" time " % 86400000000) + 86400000000) % 86400000000)"
#define TS_WASTE_PART "CASE u.waste WHEN 'failed' THEN 1 WHEN 'duplicate' THEN 2 ELSE 0 END"
#define TS_TO_SUMS(level, start, part, from)                                                                                   \
  "INSERT INTO usage_sums (level, start, part, model, " TS_SPEND_LIST ", runs) SELECT " level ", " start ", " part ", u.model, " \
  TS_USAGE_LIST ", u.runs FROM " from " u WHERE true ON CONFLICT (level, start, part, model) DO UPDATE SET " TS_ADD_SPEND          \
  ", runs = runs + excluded.runs"
const Step kFifth = {
    "CREATE TABLE usage_sums (level INTEGER NOT NULL, start INTEGER NOT NULL, part INTEGER NOT NULL, model TEXT NOT NULL, " TS_SPEND_COLUMNS
    ", runs INTEGER NOT NULL DEFAULT 0, PRIMARY KEY (level, start, part, model)) WITHOUT ROWID",
    TS_TO_SUMS("0", TS_DAY_OF("u.hour"), TS_WASTE_PART, "usage_by_hour"),
    TS_TO_SUMS("1", "u.hour", TS_WASTE_PART, "usage_by_hour"),
    TS_TO_SUMS("2", TS_DAY_OF("u.hour"), "u.facet", "usage_by_facet"),
    TS_TO_SUMS("3", "u.hour", "u.facet", "usage_by_facet"),
    "DROP TABLE usage_by_hour",
    "DROP TABLE usage_by_facet",
    "DROP INDEX runs_open",
};

/// Who waits for room or for a claim (queue.hpp). `n` is never given twice, so that who comes later is later. A row of waiting_for
/// names a claim, with the token by which the run may have it (0: none), or (not 0) a budget and an amount. The index gives an
/// agent's last runs that spent something (needs.hpp).
const Step kSixth = {
    "CREATE TABLE waiting (n INTEGER PRIMARY KEY AUTOINCREMENT, run TEXT NOT NULL UNIQUE, since INTEGER NOT NULL, expires INTEGER NOT NULL, "
    "cancelled INTEGER NOT NULL DEFAULT 0, host TEXT NOT NULL, pid INTEGER NOT NULL, pid_start_ticks INTEGER NOT NULL, boot_id TEXT NOT NULL, "
    "task TEXT NOT NULL, agent TEXT NOT NULL, reason TEXT NOT NULL)",
    "CREATE TABLE waiting_for (run TEXT NOT NULL, claim TEXT NOT NULL, budget INTEGER NOT NULL, amount INTEGER NOT NULL, token INTEGER NOT "
    "NULL, PRIMARY KEY (run, claim, budget)) WITHOUT ROWID",
    "CREATE INDEX runs_spending ON runs (agent, started) WHERE input + output > 0 AND ended IS NOT NULL",
};

const std::vector<Step>& steps() {
  static const std::vector<Step> all = {kFirst, kSecond, kThird, kFourth, kFifth, kSixth};
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
