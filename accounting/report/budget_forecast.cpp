#include "accounting/report/budget_forecast.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "accounting/base/text.hpp"
#include "accounting/ledger/budget_query.hpp"
#include "accounting/report/json_parts.hpp"

namespace ts::report {
namespace {

using namespace std::chrono;
using ledger::BudgetPoint;
using ledger::BudgetState;

std::int64_t whole(double value) { return static_cast<std::int64_t>(std::llround(value)); }

double days_in(UtcTime::duration time) { return duration<double>(time).count() / 86'400; }

/// The moment at which the local day of `time` began.
UtcTime day_start(const Zone& zone, UtcTime time) { return zone.first_at(floor<days>(zone.local(time))); }

/// By day of the budget's zone from `first` on. A day with a jump of the clock has 23 or 25 hours, and still is one day.
Result<std::vector<Spend>> by_day(ledger::Books& books, const BudgetState& state, local_days first, local_days today) {
  std::vector<Spend> spends(static_cast<std::size_t>((today - first).count()));
  const auto add = [&](UtcTime at, const Spend& spend) {
    const auto day = (floor<days>(state.zone.local(at)) - first).count();
    if (day >= 0 && static_cast<std::size_t>(day) < spends.size()) spends[static_cast<std::size_t>(day)] += spend;
  };
  const UtcTime start = slot_of(state.zone.first_at(first)), end = slot_of(state.zone.first_at(today)) + kSlot;
  auto query = ledger::query_of(state.budget, state.zone);
  if (!query) {
    TS_TRY(const auto points, books.budgets().history(state.budget.name, {start, end}, kSlot));
    for (const ledger::BudgetPoint& point : points) add(point.at, point.spent);
    return spends;
  }
  query->by = {ledger::Dimension::day};
  query->since = start;
  query->until = end;
  TS_TRY(const auto rows, books.reports().usage(*query));
  for (const ledger::UsageRow& row : rows) add(row.start.value_or(end), ledger::spend_of(row.all));
  return spends;
}

/// When what a rolling window holds will have left it. Unit: days.
Result<std::vector<Leaving>> leaving_of(ledger::Books& books, const BudgetState& state) {
  constexpr hours kByQuarters{48};  ///< of longer windows the hour is near enough
  const Period& window = state.period;
  std::vector<Leaving> leaving;
  const auto add = [&](UtcTime until, const Spend& spend) {
    if (const std::int64_t spent = amount_of(spend, state.budget.measure); spent != 0) leaving.push_back({days_in(until - window.start), spent});
  };
  auto query = ledger::query_of(state.budget, state.zone);
  if (!query || *window.end - window.start <= kByQuarters) {
    TS_TRY(const auto points, books.budgets().history(state.budget.name, window, kSlot));
    for (const BudgetPoint& point : points) add(point.at + kSlot, point.spent);
    return leaving;
  }
  query->by = {ledger::Dimension::hour};
  query->since = window.start;
  query->until = window.end;
  TS_TRY(const auto rows, books.reports().usage(*query));
  for (const ledger::UsageRow& row : rows) add(row.start.value_or(window.start) + hours{1}, ledger::spend_of(row.all));
  std::ranges::sort(leaving, {}, &Leaving::in);
  return leaving;
}

std::string amount(double value, Measure measure) { return describe_amount(whole(value), measure); }

std::string when(double in_days, UtcTime now) {
  if (in_days <= 0) return "reached";
  const auto time = duration_cast<microseconds>(duration<double>(in_days * 86'400));
  const std::string at = rfc3339(now + time).substr(0, 16) + "Z";
  return in_days < 2 ? fmt::format("in {:.1f} h ({})", in_days * 24, at) : fmt::format("in {:.1f} days ({})", in_days, at.substr(0, 10));
}

Json json_of(const BudgetForecast& f, UtcTime now) {
  Json j = {{"budget", f.state.budget.name},
            {"measure", std::string{name_of(f.state.budget.measure)}},
            {"limit", f.state.budget.limit},
            {"used", f.state.used},
            {"days_of_history", f.daily.size()},
            {"period_end", f.state.period.end ? Json(rfc3339(*f.state.period.end)) : Json(nullptr)},
            {"expected", nullptr}};
  if (!f.expected) return j;
  const Forecast& e = *f.expected;
  const auto rounded = [](const std::optional<double>& value) { return value ? Json(whole(*value)) : Json(nullptr); };
  Json thresholds = Json::array();
  for (const ThresholdForecast& t : e.reached)
    thresholds.push_back({{"percent", t.percent},
                          {"reached_at", t.in_days ? Json(rfc3339(now + duration_cast<microseconds>(duration<double>(*t.in_days * 86'400)))) : Json(nullptr)},
                          {"in_hours", t.in_days ? Json(*t.in_days * 24) : Json(nullptr)}});
  j["expected"] = {{"a_day", whole(e.daily)},     {"at_end", rounded(e.at_end)}, {"low", rounded(e.low)},
                   {"high", rounded(e.high)},     {"interval", 0.8},             {"thresholds", thresholds},
                   {"pace_that_fits", rounded(e.pace_that_fits)}, {"knows_weekdays", e.knows_weekdays}};
  return j;
}

}  // namespace

Result<BudgetForecast> forecast_of(ledger::Books& books, const BudgetState& state, UtcTime now, int most_days) {
  BudgetForecast result{state, {}, {}, {}};
  const local_days today = floor<days>(state.zone.local(now));
  const local_days first = today - days{most_days};
  TS_TRY(const std::vector<Spend> daily, by_day(books, state, first, today));
  for (const Spend& spend : daily) result.daily.push_back(amount_of(spend, state.budget.measure));
  const auto begun = std::ranges::find_if(result.daily, [](std::int64_t day) { return day != 0; });
  const auto empty = begun - result.daily.begin();  // days before the first run say nothing
  result.daily.erase(result.daily.begin(), begun);
  result.first_day = weekday{first + days{empty}};
  ForecastInput input;
  input.daily = result.daily;
  input.first_day = result.first_day;
  input.today_elapsed = std::clamp(days_in(now - day_start(state.zone, now)), 0.0, 0.999);
  input.used = state.used;
  input.limit = state.budget.limit;
  if (state.budget.period.kind == PeriodKind::rolling) {
    input.window_days = days_in(*state.period.end - state.period.start);
    TS_TRY(input.leaving, leaving_of(books, state));
  } else if (state.period.end) {
    input.days_left = days_in(*state.period.end - now);
  }
  result.expected = forecast(input, state.budget.thresholds);
  return result;
}

Result<std::optional<double>> hours_to_limit_of(ledger::Budgets& budgets, const BudgetState& state, UtcTime now) {
  const UtcTime end = slot_of(now) + kSlot;
  TS_TRY(const auto points, budgets.history(state.budget.name, {end - hours{6}, end}, kSlot));
  RecentPace pace;
  Spend all, last;
  for (const BudgetPoint& point : points) {
    all += point.spent;
    if (point.at >= end - hours{1}) last += point.spent;
  }
  const Measure measure = state.budget.measure;
  pace.last_hour = amount_of(last, measure);
  pace.last_six_hours = amount_of(all, measure);
  pace.used = state.used;
  pace.limit = state.budget.limit;
  if (state.budget.period.kind == PeriodKind::rolling) {
    const Period& window = state.period;
    pace.window_hours = days_in(*window.end - window.start) * 24;
    TS_TRY(const auto oldest, budgets.history(state.budget.name, {window.start, std::min(*window.end, window.start + days{1})}, kSlot));
    for (const BudgetPoint& point : oldest)
      if (const std::int64_t spent = amount_of(point.spent, measure); spent != 0) pace.leaving.push_back({days_in(point.at + kSlot - window.start) * 24, spent});
  } else if (state.period.end) {
    pace.hours_left = days_in(*state.period.end - now) * 24;
  }
  return hours_to_limit(pace);
}

std::string forecasts_json(const std::vector<BudgetForecast>& forecasts, UtcTime now) {
  Json array = Json::array();
  for (const BudgetForecast& f : forecasts) array.push_back(json_of(f, now));
  return dump(array);
}

std::string forecast_text(const BudgetForecast& f, UtcTime now) {
  const Budget& b = f.state.budget;
  std::string text = fmt::format("{} · {} · {} of {} used\n", printable(b.name), period_label(b.period, f.state.zone, f.state.period),
                                 describe_amount(f.state.used, b.measure), describe_amount(b.limit, b.measure));
  if (!f.expected) return text + "  no forecast yet: not one complete day of history\n";
  const Forecast& e = *f.expected;
  text += fmt::format("  pace        {} a day, from {} {}{}\n", amount(e.daily, b.measure), f.daily.size(), f.daily.size() == 1 ? "day" : "days",
                      e.knows_weekdays ? ", weekdays told apart" : "; weekdays are told apart from 28 on");
  if (e.at_end)
    text += fmt::format("  at the end  {} ({:.0f} % of the limit); 80 of 100 times between {} and {}\n", amount(*e.at_end, b.measure),
                        *e.at_end * 100 / static_cast<double>(b.limit), amount(*e.low, b.measure), amount(*e.high, b.measure));
  const bool rolls = b.period.kind == PeriodKind::rolling;
  const std::string never = rolls ? "not at this pace" : f.state.period.end ? "not in this period" : "not within a year";
  for (const ThresholdForecast& t : e.reached) text += fmt::format("  {:>4} %      {}\n", t.percent, t.in_days ? when(*t.in_days, now) : never);
  if (e.pace_that_fits) text += fmt::format("  fits        {} a day{}\n", amount(*e.pace_that_fits, b.measure), rolls ? "" : " until " + rfc3339(*f.state.period.end));
  return text;
}

std::string backtests_json(const std::vector<BudgetForecast>& forecasts) {
  Json array = Json::array();
  for (const BudgetForecast& f : forecasts) {
    const auto r = backtest(f.daily, f.first_day, {});
    Json j = {{"budget", f.state.budget.name}, {"days_of_history", f.daily.size()}, {"history", BacktestSpan{}.history}, {"horizon", BacktestSpan{}.horizon}, {"result", nullptr}};
    if (r) j["result"] = {{"forecasts", r->forecasts}, {"mean_error", r->mean_error}, {"bias", r->bias}, {"within_interval", r->within_interval}};
    array.push_back(std::move(j));
  }
  return dump(array);
}

std::string backtest_text(const BudgetForecast& f) {
  const BacktestSpan span;
  const auto r = backtest(f.daily, f.first_day, span);
  const std::string name = printable(f.state.budget.name);
  if (!r) return fmt::format("{}: {} complete days of history; a back-test needs {}\n", name, f.daily.size(), span.history + span.horizon);
  return fmt::format("{}: {} forecasts of the next {} days: off by {:.0f} % on average, {} {:.0f} %; {:.0f} % of what came lay in the interval (80 % is right)\n", name,
                     r->forecasts, span.horizon, r->mean_error * 100, r->bias < 0 ? "too low by" : "too high by", std::abs(r->bias) * 100, r->within_interval * 100);
}

}  // namespace ts::report
