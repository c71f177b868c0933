#pragma once

#include <map>
#include <string>
#include <vector>

#include "accounting/ledger/budget_rows.hpp"
#include "accounting/ledger/budgets.hpp"

// What falls to a budget, added up from what was ever recorded, within a transaction that the caller has begun. Where the sums
// of reports know a budget's scope they are read, else the usage row by row.

namespace ts::ledger {

/// What everybody spent.
[[nodiscard]] Spend spent_by_all(Sql& sql, const Period& between);

/// In steps from the period's start on, zero-filled.
[[nodiscard]] std::vector<BudgetPoint> spent_by_step(Sql& sql, const StoredBudget& budget, const Period& between, std::chrono::minutes step);

/// Adds up anew what stands in budget_use.
void rebuild_use(Sql& sql, const StoredBudget& budget);

/// What of the budget's sums doesn't fit what they are sums of, in words.
void find_differences(Sql& sql, const StoredBudget& budget, std::vector<std::string>& differences);
/// Runs that ended with another total than their usage has.
void find_run_differences(Sql& sql, std::vector<std::string>& differences);

}  // namespace ts::ledger
