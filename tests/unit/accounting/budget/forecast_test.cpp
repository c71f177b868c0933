#include "accounting/budget/forecast.hpp"

#include <gtest/gtest.h>

namespace ts {
namespace {

using namespace std::chrono;

ForecastInput input_of(std::vector<std::int64_t> daily) {
  ForecastInput input;
  input.daily = std::move(daily);
  input.first_day = Monday;
  input.limit = 1000;
  input.days_left = 10;
  return input;
}

TEST(Forecasts, OfSteadySpendingAreExact) {
  ForecastInput input = input_of(std::vector<std::int64_t>(10, 50));
  input.used = 300;
  const Forecast result = forecast(input, default_thresholds()).value();
  EXPECT_NEAR(result.daily, 50, 1e-9);
  EXPECT_NEAR(*result.at_end, 800, 1e-6);
  EXPECT_NEAR(*result.low, 800, 1e-6);
  EXPECT_NEAR(*result.high, 800, 1e-6);
  EXPECT_NEAR(*result.pace_that_fits, 70, 1e-9);
  ASSERT_EQ(result.reached.size(), 5U);
  EXPECT_NEAR(*result.reached[0].in_days, 4, 1e-6);
  EXPECT_NEAR(*result.reached[1].in_days, 9, 1e-6);
  EXPECT_FALSE(result.reached[2].in_days.has_value()) << "the period ends before";
}

/// A window of a week in which the same is spent every day.
ForecastInput steady_week(std::int64_t a_day, std::int64_t limit) {
  ForecastInput input = input_of(std::vector<std::int64_t>(14, a_day));
  input.days_left.reset();
  input.window_days = 7;
  input.used = 7 * a_day;
  input.limit = limit;
  for (int day = 1; day <= 7; ++day) input.leaving.push_back({static_cast<double>(day), a_day});
  return input;
}

TEST(Forecasts, OfARollingWindowKnowWhatLeavesIt) {
  const std::vector<Threshold> limit = {{100, "reached", "", ""}};
  const Forecast below = forecast(steady_week(100, 900), limit).value();
  EXPECT_FALSE(below.at_end.has_value());
  EXPECT_NEAR(*below.pace_that_fits, 900.0 / 7, 1e-9);
  EXPECT_FALSE(below.reached[0].in_days.has_value()) << "a day goes for each that comes";
  EXPECT_EQ(forecast(steady_week(100, 700), limit).value().reached[0].in_days, 0);

  ForecastInput young = steady_week(100, 650);  // three days of spending as yet: the first leaves after four more
  young.used = 300;
  young.leaving = {{5, 100}, {6, 100}, {7, 100}};
  EXPECT_NEAR(*forecast(young, limit).value().reached[0].in_days, 3.5, 0.02);
  young.limit = 750;
  EXPECT_NEAR(*forecast(young, limit).value().reached[0].in_days, 4.5, 0.02);
  young.limit = 850;
  EXPECT_FALSE(forecast(young, limit).value().reached[0].in_days.has_value());

  ForecastInput hours = input_of(std::vector<std::int64_t>(14, 240));  // ten an hour, in a window of five hours
  hours.days_left.reset();
  hours.window_days = 5.0 / 24;
  hours.limit = 60;
  EXPECT_FALSE(forecast(hours, limit).value().reached[0].in_days.has_value());
  hours.limit = 45;
  EXPECT_NEAR(*forecast(hours, limit).value().reached[0].in_days, 4.5 / 24, 0.02);
}

TEST(Forecasts, WeighRecentDaysMore) {
  const double rising =
      forecast(input_of({0, 0, 0, 0, 0, 0, 0, 100, 100, 100, 100, 100, 100, 100}), {}).value().daily;
  EXPECT_GT(rising, 60);
  EXPECT_LT(rising, 100);
}

TEST(Forecasts, KnowWeekendsAfterFourWeeks) {
  std::vector<std::int64_t> daily;
  for (int day = 0; day < 42; ++day) daily.push_back(day % 7 >= 5 ? 0 : 100);  // begins on a Monday
  ForecastInput input = input_of(daily);
  input.days_left = 7;
  const Forecast week = forecast(input, {}).value();
  EXPECT_TRUE(week.knows_weekdays);
  EXPECT_NEAR(*week.at_end, 500, 60);
  input.days_left = 2;  // Monday and Tuesday
  EXPECT_NEAR(*forecast(input, {}).value().at_end, 200, 30);
  input.daily.resize(40);  // now a Saturday
  EXPECT_LT(*forecast(input, {}).value().at_end, 60);
  EXPECT_FALSE(forecast(input_of(std::vector<std::int64_t>(daily.begin(), daily.begin() + 20)), {})
                   .value()
                   .knows_weekdays);
}

TEST(Forecasts, AreWiderWhenDaysDiffer) {
  const Forecast calm = forecast(input_of({90, 110, 90, 110, 90, 110, 90, 110}), {}).value();
  const Forecast wild = forecast(input_of({0, 200, 0, 200, 0, 200, 0, 200}), {}).value();
  EXPECT_GT(*wild.high - *wild.low, *calm.high - *calm.low);
  EXPECT_GE(*wild.low, 0);
}

TEST(Forecasts, OfThresholdsThatAreReachedAndOfNothing) {
  ForecastInput input = input_of({0, 0, 0});
  input.used = 1200;
  const Forecast result = forecast(input, default_thresholds()).value();
  for (const ThresholdForecast& each : result.reached) EXPECT_EQ(each.in_days, 0) << each.percent;
  EXPECT_EQ(*result.pace_that_fits, 0);
  EXPECT_FALSE(forecast(input_of({}), {}).has_value());
  input.used = 0;
  const Forecast idle = forecast(input, default_thresholds()).value();
  for (const ThresholdForecast& each : idle.reached) EXPECT_FALSE(each.in_days.has_value());
  input.days_left.reset();
  EXPECT_FALSE(forecast(input, {}).value().at_end.has_value());
}

TEST(Backtests, PrintTheirError) {
  const auto steady = backtest(std::vector<std::int64_t>(40, 10), Monday, {}).value();
  EXPECT_EQ(steady.forecasts, 20);
  EXPECT_NEAR(steady.mean_error, 0, 1e-9);
  EXPECT_NEAR(steady.within_interval, 1, 1e-9);
  std::vector<std::int64_t> falling;
  for (int day = 0; day < 60; ++day) falling.push_back(600 - day * 10);
  const auto late = backtest(falling, Monday, {}).value();
  EXPECT_GT(late.bias, 0) << "it expects more than comes";
  EXPECT_FALSE(backtest(std::vector<std::int64_t>(20, 10), Monday, {}).has_value());
}

TEST(Backtests, IntervalsHoldAboutAsManyAsTheySay) {
  std::vector<std::int64_t> daily;
  std::uint64_t seed = 7;
  for (int day = 0; day < 400; ++day) {
    seed = seed * 6364136223846793005U + 1442695040888963407U;
    daily.push_back(static_cast<std::int64_t>((seed >> 33U) % 1000));
  }
  const auto result = backtest(daily, Monday, {}).value();
  EXPECT_GT(result.within_interval, 0.7);
  EXPECT_LT(result.within_interval, 0.98);
}

TEST(SpendSpikes, AreTenTimesTheMedian) {
  std::vector<std::int64_t> rates = {10, 12, 9, 11, 10, 10, 9, 100};
  EXPECT_TRUE(is_spend_spike(rates));
  rates.back() = 99;
  EXPECT_FALSE(is_spend_spike(rates));
  EXPECT_FALSE(is_spend_spike(std::vector<std::int64_t>{1, 1, 1, 1000}));
  EXPECT_FALSE(is_spend_spike(std::vector<std::int64_t>{0, 0, 0, 0, 0, 0, 0, 0, 1000}))
      << "a beginning is no spike";
}

TEST(Percentiles, AreValuesThatOccurred) {
  EXPECT_EQ(percentile({5, 1, 3}, 50), 3);
  EXPECT_EQ(percentile({5, 1, 3}, 90), 5);
  EXPECT_EQ(percentile({5, 1, 3}, 0), 1);
  EXPECT_EQ(percentile({7}, 90), 7);
  EXPECT_FALSE(percentile({}, 50).has_value());
}

TEST(RecentPaceTest, SaysWhenTheLimitIsReached) {
  EXPECT_DOUBLE_EQ(*hours_to_limit({100, 600, 700, 1000, 24.0}), 3.0);
  EXPECT_FALSE(hours_to_limit({100, 600, 700, 1000, 2.5}).has_value()) << "the period ends before";
  EXPECT_TRUE(hours_to_limit({100, 600, 700, 1000, std::nullopt}).has_value());
  EXPECT_FALSE(hours_to_limit({0, 0, 700, 1000, 24.0}).has_value()) << "nobody spends";
  EXPECT_FALSE(hours_to_limit({100, 100, 1000, 1000, 24.0}).has_value()) << "reached already: that is another alert";
  EXPECT_FALSE(hours_to_limit({1, 6, 0, 1000, 2000.0}).has_value()) << "too far away to be news";
  EXPECT_LT(*hours_to_limit({600, 600, 700, 1000, 24.0}), *hours_to_limit({0, 600, 700, 1000, 24.0})) << "recent hours weigh more";
}

TEST(RecentPaceTest, KnowsWhatLeavesARollingWindow) {
  RecentPace pace{100, 500, 500, 550, std::nullopt, 5.0, {{1, 100}, {2, 100}, {3, 100}, {4, 100}, {5, 100}}};
  pace.last_six_hours = 600;
  EXPECT_DOUBLE_EQ(*hours_to_limit(pace), 0.5) << "before anything leaves";
  pace.limit = 601;
  EXPECT_FALSE(hours_to_limit(pace).has_value()) << "a hundred leave each hour";
  pace.leaving = {{4, 500}};
  EXPECT_DOUBLE_EQ(*hours_to_limit(pace), 1.01);
  pace.used = 0;
  pace.leaving.clear();
  EXPECT_FALSE(hours_to_limit(pace).has_value()) << "in five hours it holds 500 at most";
}

}  // namespace
}  // namespace ts
