#pragma once

#include "accounting/ledger/needs.hpp"
#include "accounting/ledger/sqlite_budgets.hpp"

// What live runs have reserved of budgets, within a transaction that the caller has begun.

namespace ts::ledger {

/// Why a budget has not enough for a run, for people.
[[nodiscard]] std::string shortage(const BudgetState& state, Needs& needs);

/// A run that starts takes what it needs of one budget.
void reserve(Sql& sql, long long run, const StoredBudget& budget, std::int64_t amount, UtcTime expires);
/// Makes a live run's reservation of one budget what it needs now. Errors: refused.
[[nodiscard]] Result<void> reserve_anew(Sql& sql, long long run, const StoredBudget& budget, Needs& needs, UtcTime now, UtcTime expires);
/// The run lives: what it has reserved stays reserved.
void renew_reservations_of(Sql& sql, long long run, UtcTime expires);
/// The run has ended: what it didn't spend is free.
void release_reservations_of(Sql& sql, long long run);

}  // namespace ts::ledger
