#include "accounting/ledger/sqlite_reports.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "accounting/budget/period.hpp"
#include "accounting/ledger/rollup.hpp"
#include "accounting/ledger/usage_sql.hpp"

namespace ts::ledger {
namespace {

using std::chrono::days;
using std::chrono::local_days;
using std::chrono::microseconds;

Result<void> check(const UsageQuery& query) {
  for (std::size_t i = 0; i < query.by.size(); ++i)
    if (std::find(query.by.begin(), query.by.begin() + static_cast<std::ptrdiff_t>(i), query.by[i]) !=
        query.by.begin() + static_cast<std::ptrdiff_t>(i))
      return Error{Errc::invalid_argument, fmt::format("report: by {} twice: name it once", name_of(query.by[i]))};
  for (const UsageFilter& filter : query.only)
    if (filter.dimension == Dimension::day || filter.dimension == Dimension::hour)
      return Error{Errc::invalid_argument,
                   fmt::format("report: only {} {}: give the time as since and until", name_of(filter.dimension), filter.value)};
  if (query.since && query.until && slot_of(*query.since) >= slot_of(*query.until))
    return Error{Errc::invalid_argument, "report: the end must be after the beginning, a quarter of an hour at least"};
  return {};
}

std::string day_text(local_days day) {
  const std::chrono::year_month_day date(day);
  return fmt::format("{:04}-{:02}-{:02}", static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
                     static_cast<unsigned>(date.day()));
}

/// Gives days and hours their names.
void name_times(const UsageQuery& query, const std::vector<std::string>& keys, UsageRow& row) {
  row.keys = keys;
  for (std::size_t i = 0; i < keys.size(); ++i) {
    if (query.by[i] == Dimension::day) {
      const local_days day(days(time_in(keys[i])));
      row.keys[i] = day_text(day);
      if (!row.start) row.start = query.zone.first_at(day);
    } else if (query.by[i] == Dimension::hour) {
      row.start = UtcTime(microseconds(time_in(keys[i])));
      const auto wall = query.zone.local(*row.start);
      const auto day = std::chrono::floor<days>(wall);
      const auto minutes = std::chrono::duration_cast<std::chrono::minutes>(wall - day).count();
      row.keys[i] = fmt::format("{} {:02}:{:02}", day_text(day), minutes / 60, minutes % 60);
    }
  }
}

}  // namespace

Result<std::vector<UsageRow>> SqliteReports::usage(const UsageQuery& query) {
  TS_CHECK(check(query));
  UsageGroups groups;
  TS_CHECK(database_->read([&]() -> Result<void> {
    groups = usage_groups(database_->sql(), query);
    return {};
  }));
  std::vector<UsageRow> rows;
  rows.reserve(groups.size());
  for (auto& [keys, row] : groups) {
    name_times(query, keys, row);
    rows.push_back(std::move(row));
  }
  return rows;
}

Result<std::optional<Reports::Span>> SqliteReports::span() {
  std::optional<UtcTime> first, last;
  TS_CHECK(database_->read([&]() -> Result<void> {
    (void)first_row(database_->sql(), Select{"SELECT (SELECT min(slot) FROM usage), (SELECT max(slot) FROM usage)", kNoParameters, into(first, last)});
    return {};
  }));
  if (!first || !last) return std::optional<Span>();
  return std::optional<Span>(Span{*first, *last});
}

Result<std::vector<std::string>> SqliteReports::verify() {
  std::vector<std::string> differences;
  TS_CHECK(database_->read([&]() -> Result<void> {
    differences = rollup_differences(database_->sql());
    return {};
  }));
  return differences;
}

Result<void> SqliteReports::rebuild() {
  return database_->write(Durability::full, kPatience, [&]() -> Result<void> {
    rebuild_rollups(database_->sql());
    return {};
  });
}

}  // namespace ts::ledger
