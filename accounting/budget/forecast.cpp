#include "accounting/budget/forecast.hpp"

#include <algorithm>
#include <array>
#include <cmath>

namespace ts {
namespace {

constexpr double kHalfLifeDays = 7;        ///< a day a week ago weighs half as much as yesterday
constexpr std::size_t kWeekdaysFrom = 28;  ///< days of history
constexpr double kEighty = 1.2816;         ///< standard deviations that hold 80 % of a normal distribution
constexpr double kFurthestDays = 366;
constexpr std::size_t kFewestIntervals = 8;

/// What days are like: an average day, how weekdays differ from it, how far days stray.
struct Model {
  double level = 0;
  std::array<double, 7> factor = {1, 1, 1, 1, 1, 1, 1};  ///< by c_encoding: 0 is Sunday
  double deviation = 0;
  bool knows_weekdays = false;
};

/// Walks the days from the newest to the oldest with their weights.
template <class Visit>
void weighted_days(std::span<const std::int64_t> daily, unsigned first_day, const Visit& visit) {
  const double fade = std::exp2(-1 / kHalfLifeDays);
  double weight = 1;
  for (std::size_t i = daily.size(); i-- > 0; weight *= fade)
    visit(static_cast<double>(daily[i]), weight, static_cast<unsigned>((first_day + i) % 7));
}

/// Weekdays' shares of all spending, drawn towards 1 by a week's worth of doubt, so that one wild Sunday is
/// no pattern.
std::array<double, 7> weekday_factors(std::span<const std::int64_t> daily, unsigned first_day) {
  std::array<double, 7> sum{}, factor{};
  std::array<int, 7> days{};
  double all = 0;
  for (std::size_t i = 0; i < daily.size(); ++i) {
    const auto day = (first_day + i) % 7;
    sum[day] += static_cast<double>(daily[i]);
    ++days[day];
    all += static_cast<double>(daily[i]);
  }
  const double mean = all / static_cast<double>(daily.size());
  factor.fill(1);
  if (mean <= 0) return factor;
  double total = 0;
  for (std::size_t day = 0; day < 7; ++day) {
    factor[day] = (sum[day] / mean + 1) / (days[day] + 1);
    total += factor[day];
  }
  for (double& each : factor) each *= 7 / total;
  return factor;
}

Model model_of(std::span<const std::int64_t> daily, unsigned first_day) {
  Model model;
  model.knows_weekdays = daily.size() >= kWeekdaysFrom;
  if (model.knows_weekdays) model.factor = weekday_factors(daily, first_day);
  double spent = 0, expected = 0, weights = 0, squares = 0;
  weighted_days(daily, first_day, [&](double amount, double weight, unsigned day) {
    spent += amount * weight;
    expected += model.factor[day] * weight;
    weights += weight;
  });
  model.level = expected > 0 ? spent / expected : 0;
  weighted_days(daily, first_day, [&](double amount, double weight, unsigned day) {
    const double off = amount - model.level * model.factor[day];
    squares += off * off * weight;
  });
  // As many degrees of freedom as the weights are worth, less one; with a single day: it may as well be twice
  // as much.
  const double worth = std::min(static_cast<double>(daily.size()), weights);
  model.deviation = worth > 1.5 ? std::sqrt(squares / weights * worth / (worth - 1)) : model.level;
  return model;
}

/// Expected spending of the next `days` days, from `elapsed` of the day `today` on.
double expected(const Model& model, unsigned today, double elapsed, double days) {
  double sum = 0, at = elapsed;
  const double end = elapsed + days;
  while (at < end) {
    const double day_end = std::min(std::floor(at) + 1, end);
    sum += model.level * model.factor[(today + static_cast<unsigned>(std::floor(at))) % 7] * (day_end - at);
    at = day_end;
  }
  return sum;
}

/// Days until the expected spending comes to `amount`.
std::optional<double> days_until(const Model& model, const ForecastInput& input, unsigned today,
                                 double amount) {
  if (amount <= 0) return 0;
  const double furthest = std::min(input.days_left.value_or(kFurthestDays), kFurthestDays);
  double low = 0, high = furthest;
  if (expected(model, today, input.today_elapsed, furthest) < amount) return std::nullopt;
  for (int i = 0; i < 40; ++i) {
    const double middle = (low + high) / 2;
    (expected(model, today, input.today_elapsed, middle) < amount ? low : high) = middle;
  }
  return high;
}

/// What a rolling window will hold, at equal steps from now on: it grows with what is spent, and loses what is a window old.
struct HeldByWindow {
  double step = 0;  ///< days
  std::vector<double> held;
};

HeldByWindow held_by_window(const Model& model, const ForecastInput& input, unsigned today) {
  constexpr double kQuarterHour = 1.0 / 96;
  constexpr double kWeek = 7;
  const double window = *input.window_days;
  HeldByWindow result{std::max(kQuarterHour, window / 1000), {}};
  // After a window's time it holds what is expected alone, and that repeats with the week.
  const auto steps = static_cast<std::size_t>(std::min(window + kWeek, kFurthestDays) / result.step);
  std::vector<double> spent;
  double held = static_cast<double>(input.used);
  auto next = input.leaving.begin();
  const auto age = static_cast<std::size_t>(window / result.step);
  for (std::size_t i = 1; i <= steps; ++i) {
    const double from = static_cast<double>(i - 1) * result.step;
    spent.push_back(expected(model, (today + static_cast<unsigned>(input.today_elapsed + from)) % 7, std::fmod(input.today_elapsed + from, 1), result.step));
    held += spent.back();
    for (; next != input.leaving.end() && next->in <= from + result.step; ++next) held -= static_cast<double>(next->amount);
    if (i > age) held -= spent[i - 1 - age];
    result.held.push_back(held);
  }
  return result;
}

/// Days until the window holds so much.
std::optional<double> days_until(const HeldByWindow& window, double amount) {
  const auto found = std::ranges::find_if(window.held, [&](double held) { return held >= amount; });
  if (found == window.held.end()) return std::nullopt;
  return static_cast<double>(found - window.held.begin() + 1) * window.step;
}

/// Days' deviations add up by their squares; that the level itself is uncertain adds in full.
double spread(const Model& model, double days, double history) {
  return kEighty * model.deviation * std::sqrt(days + days * days / std::min(history, 2 * kHalfLifeDays));
}

}  // namespace

std::optional<Forecast> forecast(const ForecastInput& input, const std::vector<Threshold>& thresholds) {
  if (input.daily.empty()) return std::nullopt;
  const unsigned first = input.first_day.c_encoding();
  const Model model = model_of(input.daily, first);
  const auto today = static_cast<unsigned>((first + input.daily.size()) % 7);
  Forecast result;
  result.daily = model.level;
  result.knows_weekdays = model.knows_weekdays;
  const auto used = static_cast<double>(input.used);
  if (input.days_left) {
    const double more = expected(model, today, input.today_elapsed, *input.days_left);
    const double stray = spread(model, *input.days_left, static_cast<double>(input.daily.size()));
    result.at_end = used + more;
    result.low = used + std::max(more - stray, 0.0);
    result.high = used + more + stray;
    if (*input.days_left > 0)
      result.pace_that_fits = std::max(static_cast<double>(input.limit) - used, 0.0) / *input.days_left;
  }
  HeldByWindow window;
  if (input.window_days) {
    window = held_by_window(model, input, today);
    result.pace_that_fits = static_cast<double>(input.limit) / *input.window_days;
  }
  for (const Threshold& threshold : thresholds) {
    const double amount = static_cast<double>(input.limit) * threshold.percent / 100;
    const bool rolls = input.window_days && used < amount;
    result.reached.push_back({threshold.percent, rolls ? days_until(window, amount) : days_until(model, input, today, amount - used)});
  }
  return result;
}

std::optional<BacktestResult> backtest(std::span<const std::int64_t> daily, std::chrono::weekday first_day,
                                       BacktestSpan span) {
  const auto history = static_cast<std::size_t>(std::max(span.history, 1)),
             horizon = static_cast<std::size_t>(std::max(span.horizon, 1));
  BacktestResult result;
  double error = 0, bias = 0, came_sum = 0, within = 0;
  for (std::size_t now = history; now + horizon <= daily.size(); ++now) {
    const auto past = daily.first(now);
    const Model model = model_of(past, first_day.c_encoding());
    const auto today = static_cast<unsigned>((first_day.c_encoding() + now) % 7);
    const double guess = expected(model, today, 0, static_cast<double>(horizon));
    const double stray = spread(model, static_cast<double>(horizon), static_cast<double>(now));
    double came = 0;
    for (const std::int64_t amount : daily.subspan(now, horizon)) came += static_cast<double>(amount);
    error += std::abs(guess - came);
    bias += guess - came;
    came_sum += came;
    within += came >= guess - stray && came <= guess + stray ? 1 : 0;
    ++result.forecasts;
  }
  if (result.forecasts == 0) return std::nullopt;
  if (came_sum > 0) {
    result.mean_error = error / came_sum;
    result.bias = bias / came_sum;
  }
  result.within_interval = within / result.forecasts;
  return result;
}

bool is_spend_spike(std::span<const std::int64_t> per_interval, int factor) {
  if (per_interval.size() < kFewestIntervals) return false;
  std::vector<std::int64_t> before(per_interval.begin(), per_interval.end() - 1);
  const auto median = percentile(std::move(before), 50).value_or(0);
  return median > 0 && per_interval.back() / factor >= median;
}

std::optional<double> hours_to_limit(const RecentPace& pace) {
  constexpr double kHorizon = 24;
  const double an_hour = (static_cast<double>(pace.last_hour) + static_cast<double>(pace.last_six_hours) / 6) / 2;
  double left = static_cast<double>(pace.limit) - static_cast<double>(pace.used);
  if (left <= 0 || an_hour <= 0) return std::nullopt;
  // What leaves the window before the limit is reached makes room again; in a window's time all of it has left.
  for (const Leaving& leaving : pace.leaving) {
    if (left / an_hour <= leaving.in) break;
    left += static_cast<double>(leaving.amount);
  }
  const double hours = left / an_hour;
  if (pace.window_hours && hours > *pace.window_hours) return std::nullopt;
  if (hours > kHorizon || (pace.hours_left && hours > *pace.hours_left)) return std::nullopt;
  return hours;
}

}  // namespace ts
