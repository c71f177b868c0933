#pragma once

#include <map>

#include "accounting/ledger/database.hpp"
#include "accounting/ledger/reports.hpp"

// How a UsageQuery is asked of the tables, within a transaction that the caller has begun.

namespace ts::ledger {

/// Sums by the keys of a query; a day or hour is a number of fixed width until it is named.
using UsageGroups = std::map<std::vector<std::string>, UsageRow>;

/// How far the clock of a zone is from UTC, from a moment on.
struct ZoneOffset {
  UtcTime from;
  std::chrono::seconds offset{0};
};

/// All offsets of [first, last], the first of them valid before it too.
[[nodiscard]] std::vector<ZoneOffset> offsets_of(const Zone& zone, UtcTime first, UtcTime last);

/// How exact sums are. SQLite has no sum of integers that stops at the end of their range.
enum class Summing {
  exact,       ///< fails where a sum doesn't fit 63 bits
  saturating,  ///< in floating point, as far as that is exact (2⁵³)
};

/// Reads and adds up, from the smallest table that knows enough. `offsets`: of the query's zone.
[[nodiscard]] UsageGroups usage_groups(Sql& sql, const UsageQuery& query, const std::vector<ZoneOffset>& offsets, Summing summing);

}  // namespace ts::ledger
