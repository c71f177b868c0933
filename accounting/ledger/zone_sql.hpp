#pragma once

#include <string>
#include <vector>

#include "accounting/ledger/reports.hpp"
#include "accounting/ledger/statements.hpp"

// Days and hours of a zone in SQL.

namespace ts::ledger {

/// How far the clock of a zone is from UTC, from a moment on.
struct ZoneOffset {
  UtcTime from;
  std::chrono::seconds offset{0};
};

/// All offsets of the query's time, the first of them valid before it too.
[[nodiscard]] std::vector<ZoneOffset> offsets_of(Sql& sql, const UsageQuery& query);

/// Whether days and hours of the zone are made of hours of UTC; whether days are UTC's.
[[nodiscard]] bool are_whole_hours(const std::vector<ZoneOffset>& offsets);
[[nodiscard]] bool are_utc(const std::vector<ZoneOffset>& offsets);

/// SQL, from the column `at`: a day as its number since 1970 on the zone's wall clock, an hour as its first moment in UTC.
[[nodiscard]] std::string time_expression(Dimension dimension, const std::vector<ZoneOffset>& offsets, const std::string& at);

/// SQL, whether `at` lies in another day on the zone's wall clock than in UTC.
[[nodiscard]] std::string other_day(const std::vector<ZoneOffset>& offsets, const std::string& at);

}  // namespace ts::ledger
