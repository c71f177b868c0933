#pragma once

#include <string>
#include <vector>

#include "accounting/budget/forecast.hpp"
#include "accounting/ledger/books.hpp"

namespace ts::report {

/// What is to be expected of one budget.
struct BudgetForecast {
  ledger::BudgetState state;
  std::vector<std::int64_t> daily;   ///< complete days of the budget's zone before today, oldest first; begins with a day on which something was spent
  std::chrono::weekday first_day{0U};
  std::optional<Forecast> expected;  ///< absent: no complete day of history
};

/// Up to `days` days of history. Errors: the ledger's.
[[nodiscard]] Result<BudgetForecast> forecast_of(ledger::Books& books, const ledger::BudgetState& state, UtcTime now, int days = 56);

/// What the last hours' pace means for the budget. Absent: the limit is not in reach, or reached already.
[[nodiscard]] Result<std::optional<double>> hours_to_limit_of(ledger::Budgets& budgets, const ledger::BudgetState& state, UtcTime now);

[[nodiscard]] std::string forecasts_json(const std::vector<BudgetForecast>& forecasts, UtcTime now);
[[nodiscard]] std::string forecast_text(const BudgetForecast& forecast, UtcTime now);

/// How good the forecasts would have been on the budget's past, a week ahead.
[[nodiscard]] std::string backtests_json(const std::vector<BudgetForecast>& forecasts);
[[nodiscard]] std::string backtest_text(const BudgetForecast& forecast);

}  // namespace ts::report
