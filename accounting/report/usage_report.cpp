#include "accounting/report/usage_report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <map>

#include "accounting/base/text.hpp"

namespace ts::report {
namespace {

using ledger::Dimension;
using ledger::UsageRow;
using ledger::UsageSum;
using std::chrono::days;
using std::chrono::local_days;
using std::chrono::local_seconds;
using std::chrono::year_month_day;

constexpr std::array<std::string_view, 4> kSteps = {"hour", "day", "week", "month"};

Tokens fresh_of(const UsageSum& sum) { return by_formula(sum.counts, Formula::fresh); }

void add(UsageRow& to, const UsageRow& row) {
  to.all += row.all;
  to.failed += row.failed;
  to.duplicate += row.duplicate;
}

void put_in_order(std::vector<UsageRow>& rows, RowOrder order) {
  if (order == RowOrder::tokens)
    std::stable_sort(rows.begin(), rows.end(), [](const UsageRow& a, const UsageRow& b) { return fresh_of(a.all) > fresh_of(b.all); });
  if (order == RowOrder::cost)
    std::stable_sort(rows.begin(), rows.end(), [](const UsageRow& a, const UsageRow& b) { return a.all.cost.pico > b.all.cost.pico; });
}

void put_rest_together(UsageReport& report, std::size_t top) {
  if (report.rows.size() <= top + 1) return;  // one row more is as good as "others"
  UsageRow rest;
  rest.keys.assign(report.by.size(), "");
  rest.keys.front() = kRest;
  report.rest = report.rows.size() - top;
  for (std::size_t i = top; i < report.rows.size(); ++i) add(rest, report.rows[i]);
  report.rows.resize(top);
  report.rows.push_back(std::move(rest));
}

/// The wall clock's beginning of the step that holds `wall`.
local_seconds begin_of(Step step, local_seconds wall) {
  const local_days day = std::chrono::floor<days>(wall);
  const year_month_day date(day);
  switch (step) {
    case Step::hour:
      return std::chrono::floor<std::chrono::hours>(wall);
    case Step::week:
      return day - (std::chrono::weekday(day) - std::chrono::Monday);
    case Step::month:
      return local_days(date.year() / date.month() / 1);
    case Step::day:
      break;
  }
  return day;
}

local_seconds next_of(Step step, local_seconds begin) {
  if (step == Step::day) return begin + days(1);
  if (step == Step::week) return begin + days(7);
  const year_month_day date(std::chrono::floor<days>(begin));
  return local_days((date.year() / date.month() + std::chrono::months(1)) / 1);
}

local_seconds before(Step step, local_seconds begin) { return begin_of(step, begin - std::chrono::seconds(1)); }

std::string label_of(Step step, local_seconds begin) {
  const local_days day = std::chrono::floor<days>(begin);
  const year_month_day date(day);
  const auto year = static_cast<int>(date.year());
  const auto month = static_cast<unsigned>(date.month());
  if (step == Step::month) return fmt::format("{:04}-{:02}", year, month);
  std::string text = fmt::format("{:04}-{:02}-{:02}", year, month, static_cast<unsigned>(date.day()));
  if (step != Step::hour) return text;
  const auto minutes = std::chrono::duration_cast<std::chrono::minutes>(begin - day).count();
  return fmt::format("{} {:02}:{:02}", text, minutes / 60, minutes % 60);
}

/// The steps of a trend, empty. Hours are hours of real time: a clock that goes back repeats one.
Result<std::vector<Trend::Point>> points_of(const TrendQuery& query) {
  std::vector<Trend::Point> points;
  const auto too_many = [] {
    return Error{Errc::too_large, fmt::format("trend: more than {} steps: choose a later beginning or a longer step", kMostSteps)};
  };
  const local_seconds last = begin_of(query.step, query.zone.local(query.until));
  if (query.step == Step::hour) {
    const auto offset = query.zone.offset_at(query.until);
    const UtcTime end = UtcTime(std::chrono::microseconds(0)) + (last.time_since_epoch() - offset);
    UtcTime start = query.since ? end - std::chrono::floor<std::chrono::hours>(end - *query.since + std::chrono::minutes(59) + std::chrono::seconds(59))
                                : end - std::chrono::hours(static_cast<std::int64_t>(std::max<std::size_t>(query.steps, 1)) - 1);
    if ((end - start) / std::chrono::hours(1) >= static_cast<std::int64_t>(kMostSteps)) return too_many();
    for (; start <= end; start += std::chrono::hours(1)) points.push_back({label_of(Step::hour, query.zone.local(start)), start, {}, {}, {}});
    return points;
  }
  local_seconds first = last;
  if (query.since) {
    first = begin_of(query.step, query.zone.local(*query.since));
  } else {
    for (std::size_t i = 1; i < std::min(query.steps, kMostSteps + 1); ++i) first = before(query.step, first);
  }
  for (local_seconds begin = first; begin <= last; begin = next_of(query.step, begin)) {
    if (points.size() == kMostSteps) return too_many();
    points.push_back({label_of(query.step, begin), query.zone.first_at(begin), {}, {}, {}});
  }
  return points;
}

}  // namespace

std::optional<Step> step_named(std::string_view name) {
  const auto found = std::find(kSteps.begin(), kSteps.end(), name);
  if (found == kSteps.end()) return std::nullopt;
  return static_cast<Step>(found - kSteps.begin());
}
std::string_view name_of(Step step) { return kSteps[static_cast<std::size_t>(step)]; }

Result<UsageReport> usage_report(ledger::Reports& reports, const ledger::UsageQuery& query, const ReportShape& shape) {
  UsageReport report;
  report.by = query.by;
  report.zone = query.zone.name();
  report.since = query.since;
  report.until = query.until;
  TS_TRY(report.rows, reports.usage(query));
  for (const UsageRow& row : report.rows) add(report.total, row);
  const bool in_time = std::ranges::any_of(query.by, [](Dimension d) { return d == Dimension::day || d == Dimension::hour; });
  put_in_order(report.rows, shape.order.value_or(in_time ? RowOrder::keys : RowOrder::tokens));
  if (shape.top && !query.by.empty()) put_rest_together(report, *shape.top);
  return report;
}

Result<Trend> trend(ledger::Reports& reports, const TrendQuery& query) {
  Trend made;
  made.step = query.step;
  made.zone = query.zone.name();
  TS_TRY(made.points, points_of(query));
  if (made.points.empty()) return Error{Errc::invalid_argument, "trend: the beginning must not be after the end"};
  // The last step to its end: what is there of it is shown.
  const UtcTime until = query.step == Step::hour ? made.points.back().start + std::chrono::hours(1)
                                                 : query.zone.first_at(next_of(query.step, begin_of(query.step, query.zone.local(query.until))));
  ledger::UsageQuery usage{.by = {query.step == Step::hour ? Dimension::hour : Dimension::day},
                           .since = made.points.front().start,
                           .until = until,
                           .zone = query.zone,
                           .only = query.only};
  TS_TRY(const std::vector<UsageRow> rows, reports.usage(usage));
  for (const UsageRow& row : rows) {
    add(made.total, row);
    if (!row.start) continue;
    auto after = std::upper_bound(made.points.begin(), made.points.end(), *row.start,
                                  [](UtcTime time, const Trend::Point& point) { return time < point.start; });
    Trend::Point& point = after == made.points.begin() ? *after : *std::prev(after);
    point.all += row.all;
    point.failed += row.failed;
    point.duplicate += row.duplicate;
  }
  return made;
}

std::string sparkline(const std::vector<std::int64_t>& values) {
  constexpr std::array<std::string_view, 8> kBars = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
  const std::int64_t highest = values.empty() ? 0 : *std::ranges::max_element(values);
  std::string text;
  for (const std::int64_t value : values) {
    const auto share = highest <= 0 || value <= 0 ? 0.0 : static_cast<double>(value) / static_cast<double>(highest);
    text += kBars[std::min<std::size_t>(static_cast<std::size_t>(std::lround(share * 7.0)), 7)];
  }
  return text;
}

std::string cost_text(const UsageSum& sum) {
  if (sum.unpriced <= 0) return dollars(sum.cost.rounded());
  return sum.cost.pico == 0 ? "unpriced" : dollars(sum.cost.rounded()) + " +?";
}

std::string hit_text(const TokenCounts& counts) {
  const auto share = ledger::cache_hit_share(counts);
  return share ? fmt::format("{}.{}%", *share / 100, *share % 100 / 10) : "-";
}

std::string key_text(const std::string& key) { return key.empty() ? "-" : key; }

}  // namespace ts::report
