#pragma once

#include "accounting/ledger/needs.hpp"
#include "accounting/ledger/sqlite_budgets.hpp"

// What live runs have reserved of budgets, within a transaction that the caller has begun.

namespace ts::ledger {

/// Why a budget has not enough for a run, for people.
[[nodiscard]] std::string shortage(const BudgetState& state, Needs& needs);

/// A run that starts takes what it needs of one budget.
void reserve(Sql& sql, long long run, const StoredBudget& budget, std::int64_t amount, UtcTime expires);
/// A run's reservation of one budget, in the measure's unit; 0: nothing was reserved.
struct Reserved {
  std::int64_t granted = 0;
  std::int64_t remaining = 0;  ///< not yet spent; rounded up
};
[[nodiscard]] Reserved reserved_by(Sql& sql, long long run, const StoredBudget& budget);
/// Adds to a live run's reservation; negative: less of it, never below 0.
void reserve_more(Sql& sql, long long run, const StoredBudget& budget, std::int64_t more, UtcTime expires);

/// A budget that is new or counts otherwise than before: live runs reserve of it what they would have at their start, less what they
/// have spent. `lease`: how long a run that has reserved nothing yet is taken to live.
void reserve_for_live_runs(Sql& sql, const StoredBudget& budget, UtcTime now, std::chrono::seconds lease);

/// What the run around a run has reserved of a budget and not spent: it is for the runs inside as well. Unit: the measure's.
[[nodiscard]] std::int64_t lent_to(Sql& sql, const std::string& parent_run, const StoredBudget& budget, UtcTime now);
/// Takes so much, as far as it goes, from the reservation of the run around a run. What is left of it at the end goes back.
void borrow(Sql& sql, const std::string& parent_run, const StoredBudget& budget, std::int64_t amount);

/// The run lives: what it has reserved stays reserved.
void renew_reservations_of(Sql& sql, long long run, UtcTime expires);
/// The run has ended: what it didn't spend is free.
void release_reservations_of(Sql& sql, long long run);

}  // namespace ts::ledger
