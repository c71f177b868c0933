#pragma once

#include "accounting/budget/budget.hpp"
#include "accounting/ledger/reports.hpp"

namespace ts::ledger {

/// The question to Reports whose answer is what falls to the budget, in its zone; of what time and by what is the caller's to
/// say. Absent: the sums of reports don't know labels, nor the file of a task that has an id.
[[nodiscard]] std::optional<UsageQuery> query_of(const Budget& budget, const Zone& zone);

/// The same sum in the measures of budgets. A cost beyond what a Spend holds stops at its end.
[[nodiscard]] Spend spend_of(const UsageSum& sum);

}  // namespace ts::ledger
