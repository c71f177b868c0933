#include "accounting/ledger/reservations.hpp"

#include <fmt/format.h>

#include "accounting/base/text.hpp"

namespace ts::ledger {
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
