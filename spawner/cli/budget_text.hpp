#pragma once

#include <string>
#include <vector>

#include "accounting/ledger/budgets.hpp"
#include "accounting/ledger/claims.hpp"
#include "accounting/ledger/gate.hpp"

namespace ts::cli {

/// "project=/work/a, role=engineer"; "everything" where nothing is said.
[[nodiscard]] std::string scope_text(const Scope& scope);

/// "month from day 31 (Europe/Berlin)", "last 24h", "in all".
[[nodiscard]] std::string rule_text(const PeriodRule& rule);

/// "81 % high": the share that is used and the level that it has reached.
[[nodiscard]] std::string level_text(const ledger::BudgetState& state);

/// One row a budget.
[[nodiscard]] std::string budget_table(const std::vector<ledger::BudgetState>& states);

/// One budget, whole.
[[nodiscard]] std::string budget_text(const ledger::BudgetState& state);

/// "held", "expired", "owner gone": what the next one who asks for it meets.
[[nodiscard]] std::string claim_state(const ledger::Claim& claim, UtcTime now);

/// One row a run that waits to start.
[[nodiscard]] std::string waiting_table(const std::vector<ledger::Waiting>& waiting, UtcTime now);

/// One row a claim.
[[nodiscard]] std::string claim_table(const std::vector<ledger::Claim>& claims, UtcTime now);

}  // namespace ts::cli
