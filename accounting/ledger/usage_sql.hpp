#pragma once

#include <map>

#include "accounting/ledger/database.hpp"
#include "accounting/ledger/reports.hpp"

// How a UsageQuery is asked of the tables, within a transaction that the caller has begun.

namespace ts::ledger {

/// Sums by the keys of a query; a day or hour is a number of fixed width until it is named.
using UsageGroups = std::map<std::vector<std::string>, UsageRow>;

/// The number in such a key: a day's since 1970 on the zone's wall clock, an hour's first moment in microseconds.
[[nodiscard]] long long time_in(const std::string& key);

/// Reads and adds up, from the smallest tables that know enough.
[[nodiscard]] UsageGroups usage_groups(Sql& sql, const UsageQuery& query);

}  // namespace ts::ledger
