#include "accounting/ledger/import_writer.hpp"

#include <algorithm>

#include "accounting/ledger/rollup.hpp"
#include "accounting/ledger/run_rows.hpp"

namespace ts::ledger {
namespace {

using namespace std::chrono_literals;

/// A run that has given no sign of life for so long isn't about to count anything.
constexpr std::chrono::minutes kAlive = 10min;
/// A response may be dated a moment after the run that got it saw its agent end.
constexpr std::chrono::seconds kSlack = 1s;

std::string insert_text() {
  ColumnNames names;
  const ResponseRow row;
  fields_of(row, names);
  return "INSERT OR IGNORE INTO responses (run, ids, " + names.list + ") VALUES (?, ?, " + names.marks + ")";
}

TokenCounts clamped(TokenCounts counts) {
  for (const auto part : kTokenParts) counts.*part = std::clamp<Tokens>(counts.*part, 0, kMaxTokens);
  return counts;
}

Totals totals_of(const Spend& spend) { return {clamped(spend.counts), std::max<std::int64_t>(spend.requests, 0)}; }

}  // namespace

ImportWriter::ImportWriter(Sql& sql, const Posting::Prices& prices, UtcTime now) : sql_(sql), prices_(prices), now_(now) {
  OpenRun open;
  const UtcTime alive = now - kAlive;
  for_each_row(sql_,
               Select{"SELECT agent, started FROM runs INDEXED BY runs_no_facet WHERE facet IS NULL AND ended IS NULL AND heartbeat >= ?",
                      values(alive), into(open.agent, open.started)},
               [&] { open_.push_back(open); });
}

std::vector<ImportWriter::OwnRun> ImportWriter::own_runs(const ImportedRun& run) {
  std::vector<OwnRun> own;
  OwnRun each;
  for (const std::string& session : run.sessions)
    for_each_row(sql_,
                 Select{"SELECT r.n, r.started, r.ended FROM run_sessions s JOIN runs r ON r.n = s.run WHERE s.session = ?",
                        values(session), into(each.n, each.started, each.ended)},
                 [&] { own.push_back(each); });
  return own;
}

bool ImportWriter::counted_by(const std::vector<OwnRun>& own, const ResponseRow& row) {
  return std::ranges::any_of(own, [&](const OwnRun& run) {
    if (row.at >= run.started && (!run.ended || row.at <= *run.ended + kSlack)) return true;
    int known = 0;
    return first_row(sql_, Select{"SELECT 1 FROM responses WHERE run = ? AND source IN ('stream', 'transcript', 'gateway') AND response_id = ?",
                                  values(run.n, row.response_id), into(known)});
  });
}

bool ImportWriter::held(const ImportedRun& run, const ResponseRow& row) const {
  return !run.sessions.empty() && std::ranges::any_of(open_, [&](const OpenRun& open) {
    return open.agent == run.start.agent && row.at >= open.started;
  });
}

Result<void> ImportWriter::add(const ImportedRun& run) {
  int better = 0;
  if (!run.yields_to.empty() && first_row(sql_, Select{"SELECT 1 FROM imported WHERE key = ?", values(run.yields_to), into(better)})) {
    tally_.known += static_cast<std::int64_t>(run.responses.size());
    return {};
  }
  const std::vector<OwnRun> own = own_runs(run);
  long long n = 0;
  for (const ResponseRow& row : run.responses) {
    if (!own.empty() && counted_by(own, row)) {
      ++tally_.of_runs;
    } else if (!open_.empty() && held(run, row)) {
      ++tally_.held;
    } else {
      if (n == 0) {
        TS_TRY(n, row_of(run));
      }
      put(n, run.ids, row);
    }
  }
  return {};
}

Result<long long> ImportWriter::row_of(const ImportedRun& run) {
  long long n = 0;
  const bool known = first_row(sql_, Select{"SELECT run FROM imported WHERE key = ?", values(run.key), into(n)});
  if (!known) {
    RunStart start = run.start;
    start.id = new_run_id();
    TS_TRY(n, insert_run(sql_, start));
    execute(sql_, "INSERT INTO imported (key, run) VALUES (?, ?)", values(run.key, n));
    ++tally_.runs;
  }
  Touched& touched = touch(n);
  touched.from = &run;
  touched.fresh = !known;
  return n;
}

ImportWriter::Touched& ImportWriter::touch(long long run) { return touched_.try_emplace(run, sql_, prices_).first->second; }

void ImportWriter::put(long long run, const std::string& ids, const ResponseRow& row) {
  static const std::string text = insert_text();
  Touched& touched = touch(run);
  touched.last = std::max(touched.last, row.at);
  const long long written = changed_rows(sql_, text, [&](auto&& visit) {
    visit("run", run);
    visit("ids", ids);
    fields_of(row, visit);
  });
  if (written == 0) return grow(ids, row);
  ++tally_.responses;
  touched.posting.add(row.source, std::nullopt, {row.model, row.counts, row.requests, row.at});
}

/// The response is there: perhaps with lower counts, perhaps as another run's.
void ImportWriter::grow(const std::string& ids, const ResponseRow& row) {
  long long n = 0, run = 0;
  ResponseState before;
  TokenCounts& c = before.counts;
  const bool found = first_row(
      sql_, Select{"SELECT n, run, model, at, requests, input, cache_write_5m, cache_write_1h, cache_read, output, reasoning FROM "
                   "responses WHERE response_id = ? AND ids = ? AND ids <> '' AND source = ?",
                   values(row.response_id, ids, row.source),
                   into(n, run, before.model, before.at, before.requests, c.input, c.cache_write_5m, c.cache_write_1h, c.cache_read,
                        c.output, c.reasoning)});
  ++tally_.known;
  if (!found) return;
  ResponseState after = before;
  const bool replaces = row.response_id.starts_with(kSettlementId);
  after.counts = replaces ? row.counts : highest(before.counts, row.counts);
  after.requests = replaces ? row.requests : std::max(before.requests, row.requests);
  if (after.model.empty()) after.model = row.model;
  if (after.counts == before.counts && after.requests == before.requests && after.model == before.model) return;
  --tally_.known;
  ++tally_.grown;
  const TokenCounts& now = after.counts;
  execute(sql_,
          "UPDATE responses SET model = ?, requests = ?, input = ?, cache_write_5m = ?, cache_write_1h = ?, cache_read = ?, output = ?, "
          "reasoning = ? WHERE n = ?",
          values(after.model, after.requests, now.input, now.cache_write_5m, now.cache_write_1h, now.cache_read, now.output, now.reasoning, n));
  touch(run).posting.add(row.source, before, after);
}

/// A row that `token-log --append` wrote ends its phase with "(run ID)". A run that the ledger has was measured: it is no guess.
bool ImportWriter::is_measured(const EstimatedUsage& row) {
  constexpr std::string_view kMark = "(run ";
  const std::size_t mark = row.phase.rfind(kMark);
  if (mark == std::string::npos || !row.phase.ends_with(')')) return false;
  const std::size_t begin = mark + kMark.size();
  const std::string id = row.phase.substr(begin, row.phase.size() - begin - 1);
  long long run = 0;
  return first_row(sql_, Select{"SELECT n FROM runs WHERE id = ?", values(id), into(run)});
}

void ImportWriter::add(const EstimatedFile& file) {
  long long before = 0;
  (void)first_row(sql_, Select{"SELECT count(*) FROM estimated_usage WHERE file = ?", values(file.path), into(before)});
  execute(sql_, "DELETE FROM estimated_usage WHERE file = ?", values(file.path));
  long long now = 0;
  for (const EstimatedUsage& row : file.rows) {
    if (is_measured(row)) continue;
    execute(sql_, "INSERT INTO estimated_usage (file, line, at, task, phase, input, output, total) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            values(row.file, row.line, row.at, row.task, row.phase, row.input, row.output, row.total));
    ++now;
  }
  tally_.estimated += std::max<long long>(now - before, 0);
}

void ImportWriter::add(const ImportedAlert& alert) {
  if (changed_rows(sql_, "INSERT OR IGNORE INTO imported (key, run) VALUES (?, NULL)", values(alert.key)) == 0) return;
  execute(sql_,
          "INSERT INTO alerts (event, budget, measure, period_start, period_end, percent, level, skipped, used, amount, at, run, text) "
          "VALUES ('raised', '', 'total', ?, NULL, ?, ?, '', ?, 0, ?, '', ?)",
          values(alert.at, alert.percent, alert.level, alert.used, alert.at, alert.text));
  ++tally_.alerts;
}

void ImportWriter::finish() {
  std::string id;
  std::vector<long long> fresh;
  for (auto& [run, touched] : touched_) {
    (void)first_row(sql_, Select{"SELECT id FROM runs WHERE n = ?", values(run), into(id)});
    touched.posting.post_imported(run, id, now_);
    describe(run, touched);
    if (touched.fresh) fresh.push_back(run);
  }
  roll_up(sql_, fresh);
}

/// The run's own row, from what now counts of it.
void ImportWriter::describe(long long run, const Touched& touched) {
  RunEnd end;
  std::optional<UtcTime> ended;
  std::string posted;
  (void)first_row(sql_, Select{"SELECT outcome, ended, exit_code, agent_version, sessions, posted_source FROM runs WHERE n = ?", values(run),
                               into(end.outcome, ended, end.exit_code, end.agent_version, end.sessions, posted)});
  if (touched.from != nullptr) {
    end.outcome = touched.from->outcome;
    end.exit_code = touched.from->exit_code;
    if (!touched.from->agent_version.empty()) end.agent_version = touched.from->agent_version;
    end.sessions = touched.from->sessions;
  }
  end.ended = std::max(ended.value_or(touched.last), touched.last);
  end.ruling = source_named(posted);
  std::string name;
  Spend spend, all;
  const auto columns = [&](auto&& visit) {
    visit("name", name);
    fields_of(spend, visit);
  };
  ColumnNames names;
  columns(names);
  const std::string list = names.list.substr(names.list.find(',') + 2);
  std::map<std::string, Spend> models, sources;
  for_each_row(sql_, Select{"SELECT model AS name, " + list + " FROM usage WHERE run = ?", values(run), columns}, [&] {
    models[name] += spend;
    all += spend;
  });
  for_each_row(sql_, Select{"SELECT source AS name, " + list + " FROM source_usage WHERE run = ?", values(run), columns},
               [&] { sources[name] += spend; });
  for (const auto& [model, sum] : models) {
    end.by_model[model] = totals_of(sum);
    if (sum.unpriced > 0) end.unpriced_models.push_back(model);
  }
  for (const auto& [source, sum] : sources)
    if (const auto known = source_named(source)) end.by_source[static_cast<std::size_t>(*known)] = totals_of(sum);
  end.totals = totals_of(all);
  if (all.unpriced == 0 || all.cost_pico != 0) end.cost = ExactUsd{all.cost_pico}.rounded();
  write_end_rows(sql_, run, end);
}

}  // namespace ts::ledger
