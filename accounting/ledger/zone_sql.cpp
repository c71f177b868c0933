#include "accounting/ledger/zone_sql.hpp"

#include <algorithm>

namespace ts::ledger {
namespace {

using std::chrono::hours;
using std::chrono::microseconds;
using std::chrono::seconds;

constexpr long long kHour = 3'600'000'000;
constexpr long long kDay = 24 * kHour;
/// So many days before 1970 a division rounds down as elsewhere.
constexpr long long kFarDays = 1'000'000;

std::string number(long long value) { return std::to_string(value); }
std::string number(seconds value) { return number(microseconds(value).count()); }

/// SQL for what the zone's clock is ahead of UTC at `at`, in microseconds.
std::string offset_expression(const std::vector<ZoneOffset>& offsets, const std::string& at) {
  if (offsets.size() == 1) return number(offsets.front().offset);
  std::string text = "CASE";
  for (std::size_t i = 0; i + 1 < offsets.size(); ++i)
    text += " WHEN " + at + " < " + number(micros(offsets[i + 1].from)) + " THEN " + number(offsets[i].offset);
  return text + " ELSE " + number(offsets.back().offset) + " END";
}

/// All offsets of [first, last], the first of them valid before it too.
std::vector<ZoneOffset> offsets_of(const Zone& zone, UtcTime first, UtcTime last) {
  // A clock that is a century away needs no calendar.
  const UtcTime earliest{std::chrono::sys_days(std::chrono::year(1900) / 1 / 1)}, latest{std::chrono::sys_days(std::chrono::year(2200) / 1 / 1)};
  first = std::clamp(first, earliest, latest);
  last = std::clamp(last, first, latest);
  std::vector<ZoneOffset> offsets = {{first, zone.offset_at(first)}};
  for (UtcTime day = first; day < last;) {
    const UtcTime next = std::min<UtcTime>(day + hours(24), last);
    if (zone.offset_at(next) != offsets.back().offset) {
      UtcTime before = day, after = next;  // to the second
      while (after - before > seconds(1)) {
        const UtcTime middle = std::chrono::floor<seconds>(before + (after - before) / 2);
        if (middle <= before) break;
        (zone.offset_at(middle) == offsets.back().offset ? before : after) = middle;
      }
      offsets.push_back({std::chrono::floor<seconds>(after), zone.offset_at(after)});
    }
    day = next;
  }
  return offsets;
}

std::pair<UtcTime, UtcTime> whole_span(Sql& sql) {
  std::optional<UtcTime> first, last, first_run, last_run;
  (void)first_row(sql, Select{"SELECT (SELECT min(slot) FROM usage), (SELECT max(slot) FROM usage), (SELECT min(started) FROM runs), "
                              "(SELECT max(started) FROM runs)",
                              kNoParameters, into(first, last, first_run, last_run)});
  const UtcTime some = first_run.value_or(first.value_or(UtcTime{}));
  return {std::min(first.value_or(some), some), std::max(last.value_or(some), last_run.value_or(some))};
}

}  // namespace

std::vector<ZoneOffset> offsets_of(Sql& sql, const UsageQuery& query) {
  if (query.zone.name() == "UTC") return {{UtcTime{}, seconds(0)}};
  if (query.since && query.until) return offsets_of(query.zone, *query.since, *query.until);
  const auto [first, last] = whole_span(sql);
  return offsets_of(query.zone, query.since.value_or(first), query.until.value_or(last));
}

bool are_whole_hours(const std::vector<ZoneOffset>& offsets) {
  return std::ranges::all_of(offsets, [](const ZoneOffset& each) {
    return each.offset % hours(1) == seconds(0) && std::chrono::floor<hours>(each.from) == each.from;
  });
}

bool are_utc(const std::vector<ZoneOffset>& offsets) {
  return std::ranges::all_of(offsets, [](const ZoneOffset& each) { return each.offset == seconds(0); });
}

std::string time_expression(Dimension dimension, const std::vector<ZoneOffset>& offsets, const std::string& at) {
  const std::string offset = offset_expression(offsets, at);
  const std::string wall = "(" + at + " + (" + offset + ") + " + number(kFarDays * kDay) + ")";
  if (dimension == Dimension::day) return wall + " / " + number(kDay) + " - " + number(kFarDays);
  return wall + " / " + number(kHour) + " * " + number(kHour) + " - " + number(kFarDays * kDay) + " - (" + offset + ")";
}

std::string other_day(const std::vector<ZoneOffset>& offsets, const std::string& at) {
  seconds ahead{0}, behind{0};
  for (const ZoneOffset& each : offsets) {
    ahead = std::max(ahead, each.offset);
    behind = std::max(behind, -each.offset);
  }
  // What time of day it is tells most of it, and costs less than the calendar.
  const std::string time = "(" + at + " + " + number(kFarDays * kDay) + ") % " + number(kDay);
  return "(" + time + " >= " + number(seconds(hours(24)) - ahead) + " OR " + time + " < " + number(behind) + ") AND " +
         time_expression(Dimension::day, offsets, at) + " <> (" + at + " + " + number(kFarDays * kDay) + ") / " + number(kDay) + " - " + number(kFarDays);
}

}  // namespace ts::ledger
