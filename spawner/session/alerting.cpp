#include "spawner/session/alerting.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "accounting/base/text.hpp"
#include "accounting/report/alert_json.hpp"
#include "accounting/report/budget_forecast.hpp"

namespace ts::session {
namespace {

using namespace std::chrono_literals;
using ledger::Alert;
using ledger::Alerts;
using ledger::BudgetState;
using ledger::Delivery;

constexpr std::chrono::milliseconds kLongWait{60'000};

void hand_over(ledger::Books& books, const Surroundings& world, const std::string& sink, const Delivery& delivery, const std::function<UtcTime()>& now, Delivered& sum) {
  const Alert& alert = delivery.alert;
  const auto sent = notify::send(world.sinks, sink, {report::alert_line(alert), alert.text}, {world.env_words, world.cwd, now()});
  if (sent.has_value()) {
    ++sum.arrived;
    (void)books.alerts().delivered(alert.n, sink, *sent);
    return;
  }
  ++sum.failed;
  Alerts::Failure failure{sent.error().message, std::nullopt};
  const UtcTime next = now() + backoff(delivery.attempt);
  if (next < alert.at + kAlertIsNews) failure.next_try = next;
  sum.troubles.push_back(fmt::format("alert {} to {}: {}; {}", alert.n, sink, failure.detail,
                                     failure.next_try ? "tried again from " + rfc3339(next) : std::string{"given up"}));
  (void)books.alerts().failed(alert.n, sink, failure);
}

/// The period an alert about the future is once for; a window has none, so once a day.
std::string once_in(const BudgetState& state, UtcTime now) {
  const UtcTime start = state.budget.period.kind == PeriodKind::rolling ? std::chrono::floor<std::chrono::days>(now) : state.period.start;
  return fmt::format("{}/{}/{}", state.budget.name, rfc3339(start), state.budget.limit);
}

Result<void> look_ahead_at(ledger::Books& books, const BudgetState& state, UtcTime now) {
  TS_TRY(const auto hours, report::hours_to_limit_of(books.budgets(), state, now));
  if (!hours) return {};
  const Budget& b = state.budget;
  Alert alert;
  alert.event = ledger::AlertEvent::forecast;
  alert.budget = b.name;
  alert.measure = b.measure;
  alert.period = state.period;
  alert.percent = 100;
  alert.level = "forecast";
  alert.used = state.used;
  alert.limit = b.limit;
  alert.at = now;
  const auto time = std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::duration<double, std::ratio<3600>>(*hours));
  alert.text = fmt::format("budget '{}': at the pace of the last hours {} is reached in {} ({}): {} spent, {}", printable(b.name), describe_amount(b.limit, b.measure),
                           human_duration(time), rfc3339(now + time), describe_amount(state.used, b.measure), period_label(b.period, state.zone, state.period));
  TS_CHECK(books.alerts().raise_once(alert, once_in(state, now), kLongWait));
  return {};
}

}  // namespace

std::chrono::seconds backoff(int attempt) { return std::min<std::chrono::seconds>(std::chrono::seconds{1LL << std::clamp(attempt - 1, 0, 20)}, 1h); }

Result<Delivered> deliver_due(ledger::Books& books, const Surroundings& world, const std::function<UtcTime()>& now) {
  Delivered sum;
  for (const std::string& sink : notify::names_of(world.sinks)) {
    while (true) {
      // One at a time: while one is on its way the others are free for other processes.
      TS_TRY(const auto due, books.alerts().take({sink, now() - kAlertIsNews, 60s, 1}, now()));
      if (due.empty()) break;
      hand_over(books, world, sink, due.front(), now, sum);
    }
  }
  return sum;
}

Result<std::optional<UtcTime>> next_delivery(ledger::Books& books, const Surroundings& world, UtcTime now) {
  std::optional<UtcTime> next;
  for (const std::string& sink : notify::names_of(world.sinks)) {
    TS_TRY(const auto due, books.alerts().next_due(sink, now - kAlertIsNews));
    if (due && (!next || *due < *next)) next = due;
  }
  return next;
}

Result<void> look_ahead(ledger::Books& books, const Surroundings& world, UtcTime now) {
  TS_CHECK(books.alerts().sweep(now));
  if (!world.alerts.forecast) return {};
  TS_TRY(const auto states, books.budgets().states(now));
  for (const BudgetState& state : states) TS_CHECK(look_ahead_at(books, state, now));
  return {};
}

Result<void> apply_budgets(ledger::Books& books, const Surroundings& world, UtcTime now) {
  for (const auto& [file, budgets] : world.budgets) {
    const auto put = books.budgets().put_from(file, budgets, now);
    if (put.has_error()) return with_context(file, put.error());
  }
  return {};
}

Result<std::vector<std::string>> unapplied_budgets(ledger::Books& books, const Surroundings& world) {
  std::vector<std::string> all;
  for (const auto& [file, budgets] : world.budgets) {
    TS_TRY(const auto names, books.budgets().differing_from(file, budgets));
    for (const std::string& name : names) all.push_back(fmt::format("{} ({})", printable(name, 60), file));
  }
  return all;
}

}  // namespace ts::session
