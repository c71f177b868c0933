#pragma once

#include <vector>

#include "accounting/budget/budget.hpp"
#include "accounting/ledger/database.hpp"

// Budgets as rows, and what they hold, within a transaction that the caller has begun.

namespace ts::ledger {

/// A budget of the ledger with its zone at hand.
struct StoredBudget {
  long long n = 0;
  Budget budget;
  Zone zone;
};

/// All budgets, by name.
[[nodiscard]] std::vector<StoredBudget> load_budgets(Sql& sql);

/// Writes a budget under its name, over the one that had it. Its row number.
long long store_budget(Sql& sql, const Budget& budget);

/// Where spending of a slot is added up: the start of its period, or the slot itself where the window rolls.
[[nodiscard]] UtcTime bucket_of(const StoredBudget& budget, UtcTime slot);

/// What was spent in the period that holds `now`.
[[nodiscard]] Spend spent_in(Sql& sql, const StoredBudget& budget, const Period& period);

/// Adds to one bucket.
void add_use(Sql& sql, long long budget, UtcTime bucket, const Spend& spend);

/// A JSON object of texts as a map; anything else is empty.
[[nodiscard]] std::map<std::string, std::string, std::less<>> labels_from(Sql& sql,
                                                                          const std::string& json);

/// What a run says about itself.
[[nodiscard]] Attribution attribution_of(Sql& sql, long long run);

/// The finest unit of a measure, in which reservations count down: pico-USD for dollars.
[[nodiscard]] std::int64_t fine(std::int64_t amount, Measure measure);
[[nodiscard]] std::int64_t fine_amount_of(const Spend& spend, Measure measure);

/// What other runs have reserved and not yet spent. Units: the measure's, rounded up.
[[nodiscard]] std::int64_t reserved_of(Sql& sql, const StoredBudget& budget, UtcTime now);

/// "INSERT … ON CONFLICT … add": `keys` are the key columns in their order.
[[nodiscard]] std::string adding_text(const std::string& table, const std::vector<std::string>& keys);

}  // namespace ts::ledger
