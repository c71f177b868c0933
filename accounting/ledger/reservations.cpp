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

Result<void> reserve_anew(Sql& sql, long long run, const StoredBudget& budget, Needs& needs, UtcTime now, UtcTime expires) {
  const BudgetState state = state_of(sql, budget, now);
  const Measure measure = budget.budget.measure;
  std::int64_t granted = 0, remaining = 0;
  (void)first_row(sql, Select{"SELECT granted, remaining FROM reservations WHERE run = ? AND budget = ?",
                              values(run, budget.n), into(granted, remaining)});
  const std::int64_t now_granted = fine(*needs.by(measure), measure);
  const std::int64_t now_remaining = std::max<std::int64_t>(now_granted - (granted - remaining), 0);
  const std::int64_t more = now_remaining - remaining;
  if (more > 0 && more > fine(std::max<std::int64_t>(state.headroom(), 0), measure))
    return Error{Errc::refused, shortage(state, needs)};
  execute(sql,
          "INSERT INTO reservations (run, budget, granted, remaining, expires) VALUES (?, ?, ?, ?, ?) ON "
          "CONFLICT (run, budget) DO UPDATE "
          "SET granted = excluded.granted, remaining = excluded.remaining, expires = max(expires, "
          "excluded.expires)",
          values(run, budget.n, now_granted, now_remaining, expires));
  return {};
}

void renew_reservations_of(Sql& sql, long long run, UtcTime expires) {
  execute(sql, "UPDATE reservations SET expires = max(expires, ?) WHERE run = ?", values(expires, run));
}

void release_reservations_of(Sql& sql, long long run) {
  execute(sql, "DELETE FROM reservations WHERE run = ?", values(run));
}

}  // namespace ts::ledger
