#include "accounting/ledger/reservations.hpp"

#include <fmt/format.h>

#include <map>

#include "accounting/base/text.hpp"

namespace ts::ledger {
namespace {

struct LiveRun {
  long long n = 0;
  std::string id, parent_run;
  Cap cap;
  UtcTime expires;
};

/// Those that enclose others first.
std::vector<LiveRun> live_runs(Sql& sql, UtcTime now, std::chrono::seconds lease) {
  std::vector<LiveRun> runs;
  LiveRun run;
  UtcTime heartbeat;
  std::optional<UtcTime> reserved_until;
  for_each_row(sql,
               Select{"SELECT n, id, parent_run, cap_limit, cap_formula, heartbeat, (SELECT max(expires) FROM reservations v WHERE v.run = n) "
                      "FROM runs INDEXED BY runs_no_facet WHERE facet IS NULL AND ended IS NULL ORDER BY n",
                      kNoParameters, into(run.n, run.id, run.parent_run, run.cap.limit, run.cap.formula, heartbeat, reserved_until)},
               [&] {
                 run.expires = reserved_until.value_or(heartbeat + lease);
                 if (run.expires > now) runs.push_back(run);
               });
  return runs;
}

/// What a run and those inside it spent of a budget. Unit: as fine().
std::int64_t spent_by_run(Sql& sql, const LiveRun& run, const StoredBudget& budget) {
  std::map<long long, Attribution> runs;
  long long n = 0;
  std::string model;
  Spend spend, all;
  const auto columns = [&](auto&& visit) {
    visit("run", n);
    visit("model", model);
    fields_of(spend, visit);
  };
  ColumnNames names;
  columns(names);
  for_each_row(sql,
               Select{"WITH RECURSIVE inside (n, id) AS (SELECT ?, ? UNION SELECT r.n, r.id FROM inside i JOIN runs r ON r.parent_run = i.id) SELECT " +
                          names.list + " FROM usage WHERE run IN (SELECT n FROM inside)",
                      values(run.n, run.id), columns},
               [&] {
                 const auto [whose, fresh] = runs.try_emplace(n);
                 if (fresh) whose->second = attribution_of(sql, n);
                 whose->second.model = model;
                 if (budget.budget.scope.covers(whose->second)) all += spend;
               });
  return fine_amount_of(all, budget.budget.measure);
}

}  // namespace

Reserve reserve_of(const Cap& cap) {
  Reserve reserve;
  if (!cap.limit) return reserve;
  reserve[static_cast<std::size_t>(measure_of(cap.formula))] = *cap.limit;
  // Fresh tokens are a part of all tokens, output of both: the lower sum can't pass a cap on the higher one.
  if (cap.formula == Formula::total) reserve[static_cast<std::size_t>(Measure::fresh)] = *cap.limit;
  if (cap.formula == Formula::total || cap.formula == Formula::fresh)
    reserve[static_cast<std::size_t>(Measure::output)] = *cap.limit;
  return reserve;
}

std::string shortage(const BudgetState& state, Needs& needs) {
  const Measure m = state.budget.measure;
  std::string text = fmt::format("budget '{}' ({}): {} left of {}", printable(state.budget.name),
                                 period_label(state.budget.period, state.zone, state.period),
                                 describe_amount(std::max<std::int64_t>(state.headroom(), 0), m),
                                 describe_amount(state.budget.limit, m));
  if (state.reserved > 0)
    text += fmt::format(", {} of it reserved by live runs", describe_amount(state.reserved, m));
  if (const auto wanted = needs.by(m)) text += fmt::format("; the run may need {}", describe_amount(*wanted, m));
  if (const int runs = needs.runs_behind(m); runs > 0)
    text += fmt::format(" (at the rate of the agent's last {} run{})", runs, runs == 1 ? "" : "s");
  return text;
}

void reserve(Sql& sql, long long run, const StoredBudget& budget, std::int64_t amount, UtcTime expires) {
  const std::int64_t granted = fine(amount, budget.budget.measure);
  execute(sql, "INSERT INTO reservations (run, budget, granted, remaining, expires) VALUES (?, ?, ?, ?, ?)",
          values(run, budget.n, granted, granted, expires));
}

Reserved reserved_by(Sql& sql, long long run, const StoredBudget& budget) {
  Reserved found;
  (void)first_row(sql, Select{"SELECT granted, remaining FROM reservations WHERE run = ? AND budget = ?", values(run, budget.n),
                              into(found.granted, found.remaining)});
  const std::int64_t unit = fine(1, budget.budget.measure);
  return {found.granted / unit, found.remaining / unit + (found.remaining % unit > 0 ? 1 : 0)};
}

void reserve_more(Sql& sql, long long run, const StoredBudget& budget, std::int64_t more, UtcTime expires) {
  const auto [granted, remaining] = reserved_by(sql, run, budget);
  const auto grown = [&](std::int64_t amount) { return fine(std::max<std::int64_t>(saturating_add(amount, more), 0), budget.budget.measure); };
  execute(sql,
          "INSERT INTO reservations (run, budget, granted, remaining, expires) VALUES (?, ?, ?, ?, ?) ON "
          "CONFLICT (run, budget) DO UPDATE "
          "SET granted = excluded.granted, remaining = excluded.remaining, expires = max(expires, "
          "excluded.expires)",
          values(run, budget.n, grown(granted), grown(remaining), expires));
}

void reserve_for_live_runs(Sql& sql, const StoredBudget& budget, UtcTime now, std::chrono::seconds lease) {
  const std::vector<LiveRun> runs = live_runs(sql, now, lease);
  execute(sql, "DELETE FROM reservations WHERE budget = ?", values(budget.n));
  for (const LiveRun& run : runs) {
    const Attribution whose = attribution_of(sql, run.n);
    if (!budget.budget.scope.may_cover(whose)) continue;
    const Measure measure = budget.budget.measure;
    const std::int64_t amount = Needs(sql, run.cap, whose.agent, reserve_of(run.cap)).by(measure).value_or(0);
    if (amount == 0) continue;
    const std::int64_t unspent = std::max<std::int64_t>(fine(amount, measure) - spent_by_run(sql, run, budget), 0);
    borrow(sql, run.parent_run, budget, unspent / fine(1, measure));
    reserve(sql, run.n, budget, amount, run.expires);
    execute(sql, "UPDATE reservations SET remaining = ? WHERE run = ? AND budget = ?", values(unspent, run.n, budget.n));
  }
}

std::int64_t lent_to(Sql& sql, const std::string& parent_run, const StoredBudget& budget, UtcTime now) {
  if (parent_run.empty()) return 0;
  std::int64_t remaining = 0;
  (void)first_row(sql, Select{"SELECT v.remaining FROM reservations v JOIN runs r ON r.n = v.run WHERE r.id = ? AND v.budget = ? AND v.expires > ?",
                              values(parent_run, budget.n, now), into(remaining)});
  return remaining / fine(1, budget.budget.measure);
}

void borrow(Sql& sql, const std::string& parent_run, const StoredBudget& budget, std::int64_t amount) {
  if (parent_run.empty()) return;
  execute(sql, "UPDATE reservations SET remaining = max(0, remaining - ?) WHERE budget = ? AND run = (SELECT n FROM runs WHERE id = ?)",
          values(fine(amount, budget.budget.measure), budget.n, parent_run));
}

void renew_reservations_of(Sql& sql, long long run, UtcTime expires) {
  execute(sql, "UPDATE reservations SET expires = max(expires, ?) WHERE run = ?", values(expires, run));
}

void release_reservations_of(Sql& sql, long long run) {
  // What it didn't take of what the run around it had reserved goes back there.
  execute(sql,
          "UPDATE reservations AS p SET remaining = min(granted, remaining + (SELECT c.remaining FROM reservations c WHERE c.run = ? AND c.budget = "
          "p.budget)) WHERE run = (SELECT o.n FROM runs r JOIN runs o ON o.id = r.parent_run WHERE r.n = ? AND r.parent_run <> '') AND EXISTS "
          "(SELECT 1 FROM reservations c WHERE c.run = ? AND c.budget = p.budget)",
          values(run, run, run));
  execute(sql, "DELETE FROM reservations WHERE run = ?", values(run));
}

}  // namespace ts::ledger
