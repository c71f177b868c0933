#include "accounting/ledger/usage_sql.hpp"

#include <algorithm>

#include "accounting/budget/period.hpp"
#include "accounting/ledger/rollup.hpp"

namespace ts::ledger {
namespace {

using std::chrono::hours;
using std::chrono::microseconds;
using std::chrono::seconds;

constexpr long long kHour = 3'600'000'000;
constexpr long long kDay = 24 * kHour;
/// So many days before 1970 a division rounds down as elsewhere.
constexpr long long kFarDays = 1'000'000;

/// Where usage is read from.
struct Base {
  const char* from;
  const char* where;
  const char* at;
  const char* facet;  ///< prefix of what a run says; empty: not there
  const char* waste;
  const char* sums;   ///< prefix of the counts; empty: only runs are counted
  bool counts_runs;
};

#define TS_WASTE_OF_OPEN "CASE WHEN r.outcome IN ('running', 'completed', 'imported') THEN '' ELSE 'failed' END"
constexpr Base kByHour = {"usage_by_hour u", "true", "u.hour", "", "u.waste", "u.", true};
constexpr Base kByFacet = {"usage_by_facet u JOIN facets f ON f.n = u.facet", "true", "u.hour", "f.", "f.waste", "u.", true};
constexpr Base kBySlot = {"usage u JOIN runs r ON r.n = u.run JOIN facets f ON f.n = r.facet", "true", "u.slot", "f.", "f.waste", "u.", false};
constexpr Base kRuns = {"runs r JOIN facets f ON f.n = r.facet", "true", "r.started", "f.", "f.waste", "", true};
constexpr Base kOpen = {"runs r INDEXED BY runs_no_facet CROSS JOIN usage u ON u.run = r.n", "r.facet IS NULL", "u.slot", "r.", TS_WASTE_OF_OPEN, "u.", false};
constexpr Base kOpenRuns = {"runs r INDEXED BY runs_no_facet", "r.facet IS NULL", "r.started", "r.", TS_WASTE_OF_OPEN, "", true};

bool is_time(Dimension dimension) { return dimension == Dimension::day || dimension == Dimension::hour; }

bool names(const UsageQuery& query, Dimension dimension) {
  const auto fits = [&](const UsageFilter& filter) { return filter.dimension == dimension; };
  return std::ranges::find(query.by, dimension) != query.by.end() || std::ranges::any_of(query.only, fits);
}

std::string number(long long value) { return std::to_string(value); }

/// SQL for what the zone's clock is ahead of UTC at `at`, in microseconds.
std::string offset_expression(const std::vector<ZoneOffset>& offsets, const std::string& at) {
  const auto micro = [](seconds offset) { return number(microseconds(offset).count()); };
  if (offsets.size() == 1) return micro(offsets.front().offset);
  std::string text = "CASE";
  for (std::size_t i = 0; i + 1 < offsets.size(); ++i)
    text += " WHEN " + at + " < " + number(micros(offsets[i + 1].from)) + " THEN " + micro(offsets[i].offset);
  return text + " ELSE " + micro(offsets.back().offset) + " END";
}

/// A day as its number since 1970 on the zone's wall clock, an hour as its first moment in UTC.
std::string time_expression(Dimension dimension, const std::vector<ZoneOffset>& offsets, const std::string& at) {
  const std::string offset = offset_expression(offsets, at);
  const std::string wall = "(" + at + " + (" + offset + ") + " + number(kFarDays * kDay) + ")";
  if (dimension == Dimension::day) return wall + " / " + number(kDay) + " - " + number(kFarDays);
  return wall + " / " + number(kHour) + " * " + number(kHour) + " - " + number(kFarDays * kDay) + " - (" + offset + ")";
}

std::string column_of(const Base& base, Dimension dimension) {
  if (dimension == Dimension::model) return *base.sums == '\0' ? "''" : "u.model";
  if (dimension == Dimension::task && std::string_view(base.facet) == "r.") return kTaskOfRun;
  return std::string(base.facet) + std::string(name_of(dimension));
}

struct Statement {
  std::string text;
  std::vector<std::string> parameters;
};

std::string sums_of(const Base& base, const UsageQuery& query, Summing summing) {
  const auto sum = [&](const std::string& what) {
    return summing == Summing::exact ? "coalesce(sum(" + what + "), 0)"
                                     : "CAST(max(min(coalesce(total(" + what + "), 0), 4e18), -4e18) AS INTEGER)";
  };
  std::string text;
  for (const char* name : {"input", "cache_write_5m", "cache_write_1h", "cache_read", "output", "reasoning", "requests", "unpriced",
                           "cost_pico / 1000000", "cost_pico % 1000000"})
    text += ", " + (*base.sums == '\0' ? std::string("0") : sum(std::string(base.sums) + name));
  if (!base.counts_runs || names(query, Dimension::model)) return text + ", 0";
  return text + (*base.sums == '\0' ? std::string(", count(*)") : ", " + sum(std::string(base.sums) + "runs"));
}

Statement statement_of(const Base& base, const UsageQuery& query, const std::vector<ZoneOffset>& offsets, Summing summing) {
  Statement made;
  std::string keys, group;
  for (const Dimension dimension : query.by)
    keys += (is_time(dimension) ? time_expression(dimension, offsets, base.at) : column_of(base, dimension)) + ", ";
  for (std::size_t i = 1; i <= query.by.size() + 1; ++i) group += (i == 1 ? "" : ", ") + std::to_string(i);
  made.text = "SELECT " + keys + base.waste + sums_of(base, query, summing) + " FROM " + base.from + " WHERE " + base.where;
  const auto slot = [](UtcTime time) { return number(micros(slot_of(time))); };
  if (query.since) made.text += std::string(" AND ") + base.at + " >= " + slot(*query.since);
  if (query.until) made.text += std::string(" AND ") + base.at + " < " + slot(*query.until);
  std::map<Dimension, std::vector<std::string>> only;
  for (const UsageFilter& filter : query.only) only[filter.dimension].push_back(filter.value);
  for (const auto& [dimension, allowed] : only) {
    std::string marks;
    for (const std::string& value : allowed) {
      marks += marks.empty() ? "?" : ", ?";
      made.parameters.push_back(value);
    }
    made.text += " AND " + column_of(base, dimension) + " IN (" + marks + ")";
  }
  made.text += " GROUP BY " + group;
  return made;
}

/// A number as text of one width, so that texts sort as numbers do. Days and hours only.
std::string sortable(long long value) {
  std::string digits = number(value + 4'000'000'000'000'000'000);
  return std::string(19 - std::min<std::size_t>(digits.size(), 19), '0') + digits;
}

void add_groups(Sql& sql, const Statement& statement, const UsageQuery& query, UsageGroups& groups) {
  std::vector<std::string> texts(query.by.size());
  std::vector<long long> times(query.by.size());
  std::string waste;
  UsageSum sum;
  long long micro = 0, rest = 0;
  const auto columns = [&](auto&& visit) {
    for (std::size_t i = 0; i < query.by.size(); ++i)
      is_time(query.by[i]) ? visit("", times[i]) : visit("", texts[i]);
    visit("waste", waste);
    for (const auto part : kTokenParts) visit("", sum.counts.*part);
    visit("requests", sum.requests);
    visit("unpriced", sum.unpriced);
    visit("micro", micro);
    visit("rest", rest);
    visit("runs", sum.runs);
  };
  const auto parameters = [&](auto&& visit) {
    for (const std::string& each : statement.parameters) visit("", each);
  };
  for_each_row(sql, Select{statement.text, parameters, columns}, [&] {
    sum.cost.pico = Int128{micro} * 1'000'000 + rest;
    if (sum == UsageSum{}) return;
    std::vector<std::string> keys = texts;
    for (std::size_t i = 0; i < keys.size(); ++i)
      if (is_time(query.by[i])) keys[i] = sortable(times[i]);
    UsageRow& row = groups[keys];
    row.all += sum;
    if (waste == "failed") row.failed += sum;
    if (waste == "duplicate") row.duplicate += sum;
  });
}

bool on_the_hour(std::optional<UtcTime> time) { return !time || std::chrono::floor<hours>(*time) == slot_of(*time); }

/// Sums by the hour of UTC are no good where something begins within one.
bool hours_are_enough(const UsageQuery& query, const std::vector<ZoneOffset>& offsets) {
  if (!on_the_hour(query.since) || !on_the_hour(query.until)) return false;
  if (std::ranges::none_of(query.by, is_time)) return true;
  return std::ranges::all_of(offsets, [](const ZoneOffset& each) {
    return each.offset % hours(1) == seconds(0) && std::chrono::floor<hours>(each.from) == each.from;
  });
}

}  // namespace

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

UsageGroups usage_groups(Sql& sql, const UsageQuery& query, const std::vector<ZoneOffset>& offsets, Summing summing) {
  std::vector<const Base*> bases = {&kOpen, &kOpenRuns};
  const auto of_runs = [](Dimension dimension) { return !is_time(dimension) && dimension != Dimension::model; };
  const bool facets = std::ranges::any_of(query.by, of_runs) ||
                      std::ranges::any_of(query.only, [&](const UsageFilter& filter) { return of_runs(filter.dimension); });
  if (!hours_are_enough(query, offsets)) {
    bases.push_back(&kBySlot);
    bases.push_back(&kRuns);
  } else {
    bases.push_back(facets ? &kByFacet : &kByHour);
  }
  UsageGroups groups;
  for (const Base* base : bases) {
    if (*base->sums == '\0' && names(query, Dimension::model)) continue;
    add_groups(sql, statement_of(*base, query, offsets, summing), query, groups);
  }
  return groups;
}

}  // namespace ts::ledger
