#include "accounting/ledger/recovery.hpp"

#include <algorithm>

namespace ts::ledger {
namespace {

Tokens fresh_of(const Totals& totals) {
  return by_formula(totals.counts, Formula::fresh);
}

Totals sum(Totals a, const TokenCounts& counts, std::int64_t requests) {
  a.counts = a.counts + counts;
  a.requests += requests;
  return a;
}

/// What the last live count has beyond the rows: a settlement that came without responses, of no known model.
void add_unexplained(const Totals& live, RunEnd& end) {
  if (fresh_of(live) <= fresh_of(end.totals)) return;
  const TokenCounts missing = difference(live.counts, end.totals.counts);
  const std::int64_t requests = std::max<std::int64_t>(live.requests - end.totals.requests, 0);
  end.totals = sum(end.totals, missing, requests);
  end.by_model[""] = sum(end.by_model[""], missing, requests);
}

}  // namespace

Liveness liveness_of(const RunStart& run, const Here& here) {
  if (run.host != here.host) return Liveness::unknown;
  if (!run.boot_id.empty() && !here.boot_id.empty() && run.boot_id != here.boot_id) return Liveness::dead;
  const auto ticks = here.start_ticks(run.pid);
  if (ticks.has_error()) return Liveness::unknown;
  if (!ticks.value()) return Liveness::dead;
  if (run.pid_start_ticks == 0) return Liveness::unknown;  // it began where /proc could not tell
  return *ticks.value() == run.pid_start_ticks ? Liveness::alive : Liveness::dead;
}

Result<std::vector<OpenRun>> open_runs(Ledger& ledger, const Here& here) {
  TS_TRY(std::vector<RunRecord> runs, ledger.list({.running_only = true}));
  std::vector<OpenRun> open;
  open.reserve(runs.size());
  for (auto run = runs.rbegin(); run != runs.rend(); ++run) {
    const Liveness liveness = liveness_of(run->start, here);
    open.push_back({std::move(*run), liveness});
  }
  return open;
}

RunEnd end_from_rows(const RunRecord& run, std::span<const ResponseRow> rows) {
  RunEnd end;
  end.outcome = Outcome::crashed;
  end.ended = std::max(run.heartbeat, run.start.started);
  for (const ResponseRow& row : rows) {
    auto& source = end.by_source[static_cast<std::size_t>(row.source)];
    source = sum(source.value_or(Totals{}), row.counts, row.requests);
    const bool known = row.session.empty() ||
                       std::find(end.sessions.begin(), end.sessions.end(), row.session) != end.sessions.end();
    if (!known) end.sessions.push_back(row.session);
  }
  for (const Source source : {Source::stream, Source::transcript, Source::gateway}) {
    const auto& totals = end.by_source[static_cast<std::size_t>(source)];
    if (!totals || (end.ruling && fresh_of(*totals) < fresh_of(end.totals))) continue;
    end.ruling = source;
    end.totals = *totals;
  }
  for (const ResponseRow& row : rows)
    if (row.source == end.ruling)
      end.by_model[row.model] = sum(end.by_model[row.model], row.counts, row.requests);
  add_unexplained(run.live, end);
  return end;
}

Result<std::vector<RunRecord>> settle_dead_runs(Ledger& ledger, const Here& here) {
  TS_TRY(const std::vector<OpenRun> open, open_runs(ledger, here));
  std::vector<RunRecord> settled;
  for (const OpenRun& candidate : open) {
    if (candidate.liveness != Liveness::dead) continue;
    const RunId& id = candidate.run.start.id;
    TS_TRY(const std::vector<ResponseRow> rows, ledger.responses(id));
    TS_CHECK(ledger.finish(id, end_from_rows(candidate.run, rows)));
    TS_TRY(RunRecord now, ledger.find(id.text));
    settled.push_back(std::move(now));
  }
  return settled;
}

}  // namespace ts::ledger
