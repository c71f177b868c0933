#include "accounting/budget/period.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "accounting/base/text.hpp"

namespace ts {
namespace {

using namespace std::chrono;

constexpr std::array<std::string_view, 6> kKindNames = {"hour", "day", "week", "month", "rolling", "total"};

local_days month_start(year_month month, int reset_day) {
  const year_month_day_last last_day{month.year(), month_day_last{month.month()}};
  const auto wanted = std::min(static_cast<unsigned>(reset_day), static_cast<unsigned>(last_day.day()));
  return local_days{month / day{wanted}};
}

/// The n-th period of a calendar rule, counted from the one that holds 1970-01-01.
local_days calendar_start(const PeriodRule& rule, int n) {
  switch (rule.kind) {
    case PeriodKind::month:
      return month_start(year_month{year{1970}, month{1}} + months{n}, rule.reset_day);
    case PeriodKind::week:  // 1970-01-05 was a Monday
      return local_days{days{4 + rule.reset_day - 1 + 7 * (n - 1)}};
    default:
      return local_days{days{n}};
  }
}

int calendar_guess(const PeriodRule& rule, local_days date) {
  const int day_number = static_cast<int>(date.time_since_epoch().count());
  if (rule.kind == PeriodKind::week) return day_number / 7;
  if (rule.kind != PeriodKind::month) return day_number;
  const year_month_day ymd{date};
  return (static_cast<int>(ymd.year()) - 1970) * 12 + static_cast<int>(static_cast<unsigned>(ymd.month())) -
         1;
}

/// Midnights as moments, in their order: where a clock turned back over midnight shows a date twice, the
/// date's second coming belongs to what has begun in between.
Period calendar_period(const PeriodRule& rule, const Zone& zone, UtcTime time) {
  const auto start_of = [&](int n) { return zone.first_at(local_seconds{calendar_start(rule, n)}); };
  int n = calendar_guess(rule, floor<days>(zone.local(time)));
  while (start_of(n) > time) --n;
  while (start_of(n + 1) <= time) ++n;
  return {start_of(n), start_of(n + 1)};
}

/// Hours of the wall clock; only the minutes of its offset matter, and a change of these cuts an hour short.
Period hour_period(const Zone& zone, UtcTime time) {
  const auto into_hour = [&](UtcTime t) {
    return floor<seconds>(zone.local(t) - floor<hours>(zone.local(t)));
  };
  const auto slot = slot_of(time);
  UtcTime start = slot, end = slot + kSlot;
  while (into_hour(start) != 0s && into_hour(start - kSlot) < into_hour(start)) start -= kSlot;
  while (into_hour(end) != 0s && into_hour(end) > into_hour(end - kSlot)) end += kSlot;
  return {start, end};
}

}  // namespace

std::string_view name_of(PeriodKind kind) {
  return kKindNames[static_cast<std::size_t>(kind)];
}

std::optional<PeriodKind> period_kind_named(std::string_view name) {
  for (std::size_t i = 0; i < kKindNames.size(); ++i)
    if (kKindNames[i] == name) return static_cast<PeriodKind>(i);
  return std::nullopt;
}

Result<void> validate(const PeriodRule& rule) {
  const auto refuse = [](std::string why) { return Error{Errc::invalid_argument, std::move(why)}; };
  const int last_reset = rule.kind == PeriodKind::month ? 31 : rule.kind == PeriodKind::week ? 7 : 1;
  if (rule.reset_day < 1 || rule.reset_day > last_reset) {
    if (last_reset == 1)
      return refuse(fmt::format("reset day: {} has none; a month has, and a week", rule.kind == PeriodKind::rolling ? "a rolling window"
                                                                                   : rule.kind == PeriodKind::total ? "the period total"
                                                                                                                    : "a period of one " + std::string(name_of(rule.kind))));
    return refuse(fmt::format("reset day {}: must be 1 to {}", rule.reset_day, last_reset));
  }
  if (rule.kind != PeriodKind::rolling)
    return rule.window == 0min ? Result<void>() : refuse("window: only a rolling period has one");
  if (rule.window < 1h || rule.window > 24h * 400 || rule.window % kSlot != 0min)
    return refuse("window: must be 1 hour to 400 days, in quarters of an hour");
  return {};
}

UtcTime slot_of(UtcTime time) {
  return UtcTime{floor<duration<std::int64_t, std::ratio<900>>>(time.time_since_epoch())};
}

Period period_at(const PeriodRule& rule, const Zone& zone, UtcTime time) {
  switch (rule.kind) {
    case PeriodKind::total:
      return {UtcTime{}, std::nullopt};
    case PeriodKind::rolling: {
      const UtcTime end = slot_of(time) + kSlot;
      return {end - rule.window, end};
    }
    case PeriodKind::hour:
      return hour_period(zone, time);
    case PeriodKind::day:
    case PeriodKind::week:
    case PeriodKind::month:
      break;
  }
  return calendar_period(rule, zone, time);
}

std::string period_label(const PeriodRule& rule, const Zone& zone, const Period& period) {
  static constexpr std::array<const char*, 12> kMonths = {"January",   "February", "March",    "April",
                                                          "May",       "June",     "July",     "August",
                                                          "September", "October",  "November", "December"};
  const local_seconds wall = zone.local(period.start);
  const year_month_day date{floor<days>(wall)};
  std::string iso = fmt::format("{:04}-{:02}-{:02}", static_cast<int>(date.year()),
                                      static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()));
  switch (rule.kind) {
    case PeriodKind::total:
      return "in all";
    case PeriodKind::rolling:
      return rule.window % 24h == 0min && rule.window >= 48h ? fmt::format("last {} days", rule.window / 24h)
                                                             : "last " + human_duration(rule.window);
    case PeriodKind::hour: {
      const hh_mm_ss time{wall - floor<days>(wall)};
      return fmt::format("{} {:02}:{:02}", iso, time.hours().count(), time.minutes().count());
    }
    case PeriodKind::day:
      return iso;
    case PeriodKind::week:
      return "week of " + iso;
    case PeriodKind::month:
      break;
  }
  if (rule.reset_day != 1) return "month from " + iso;
  return fmt::format("{} {}", kMonths[static_cast<unsigned>(date.month()) - 1],
                     static_cast<int>(date.year()));
}

}  // namespace ts
