#pragma once

#include <chrono>
#include <optional>
#include <span>
#include <vector>

#include "accounting/budget/budget.hpp"
#include "accounting/budget/percentile.hpp"

namespace ts {

/// Spending that a rolling window holds now, and when it leaves the window.
struct Leaving {
  double in = 0;  ///< unit: of what holds it
  std::int64_t amount = 0;
};

/// What a forecast is made from. Amounts are in the budget's unit.
struct ForecastInput {
  std::vector<std::int64_t> daily;  ///< complete days before today, oldest first, zero-filled; the more the
                                    ///< better, 8 weeks are plenty
  std::chrono::weekday first_day{0U};  ///< weekday of daily[0]
  double today_elapsed = 0;            ///< share of today that is over, 0 to 1
  std::int64_t used = 0;               ///< in the period up to now, today's included
  std::int64_t limit = 0;
  std::optional<double> days_left;  ///< to the end of the period; absent: it has none
  std::optional<double> window_days = {};  ///< of a rolling window, which has no end
  std::vector<Leaving> leaving = {};       ///< of a rolling window, in days; soonest first
};

/// When a share of the limit is reached at the expected pace.
struct ThresholdForecast {
  int percent = 0;
  std::optional<double> in_days;  ///< absent: not within the period, nor within a year, nor ever in the window; 0: it is reached now
};

/// Units: days, and the budget's unit.
struct Forecast {
  double daily = 0;              ///< expected spending of an average day: recent days weigh more
  std::optional<double> at_end;  ///< expected use at the period's end
  std::optional<double> low,
      high;  ///< of at_end: 80 of 100 periods end in between, if the future is like the past
  std::vector<ThresholdForecast> reached;  ///< for each threshold
  std::optional<double>
      pace_that_fits;  ///< what may be spent a day so that the limit holds to the end, in a window for ever; 0: nothing is left
  bool knows_weekdays = false;  ///< four weeks of history: weekends differ from working days
};

/// Absent: no complete day of history, so nothing can be said.
[[nodiscard]] std::optional<Forecast> forecast(const ForecastInput& input,
                                               const std::vector<Threshold>& thresholds);

/// The pace of the last hours, for warnings that can't wait for a day's figures. Amounts are in the budget's unit.
struct RecentPace {
  std::int64_t last_hour = 0;
  std::int64_t last_six_hours = 0;  ///< the last one included
  std::int64_t used = 0;
  std::int64_t limit = 0;
  std::optional<double> hours_left;  ///< to the end of the period; absent: it has none
  std::optional<double> window_hours = {};  ///< of a rolling window
  std::vector<Leaving> leaving = {};        ///< of a rolling window, in hours; soonest first, those of a day at least
};
/// In how many hours the limit is reached at this pace, the last hour weighing as much as the five before it. Absent: not
/// within the period nor within a day, or it is reached already.
[[nodiscard]] std::optional<double> hours_to_limit(const RecentPace& pace);

/// How good the forecast would have been on the past: for each day with at least `history` days before it,
/// what was expected of the following `horizon` days against what came.
struct BacktestResult {
  int forecasts = 0;
  double mean_error = 0;       ///< mean |expected − came| as a share of the mean that came
  double bias = 0;             ///< mean (expected − came), likewise: above 0 means it expects too much
  double within_interval = 0;  ///< share of what came that lay between low and high; about 0.8 is honest
};
struct BacktestSpan {
  int history = 14;
  int horizon = 7;
};
/// Absent: too few days.
[[nodiscard]] std::optional<BacktestResult> backtest(std::span<const std::int64_t> daily,
                                                     std::chrono::weekday first_day, BacktestSpan span);

/// Whether a run spends much faster than it did: the last interval against the median of those before.
/// `per_interval`: spending in intervals of equal length, oldest first. False below 8 intervals.
[[nodiscard]] bool is_spend_spike(std::span<const std::int64_t> per_interval, int factor = 10);

}  // namespace ts
