#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "accounting/budget/budget.hpp"

namespace ts::ledger {

/// A budget and how it stands at a moment.
struct BudgetState {
  Budget budget;
  Zone zone;
  Period period;              ///< the one that holds the moment
  Spend spent;                ///< in the period
  std::int64_t used = 0;      ///< of `spent`, by the budget's measure
  std::int64_t reserved = 0;  ///< by live runs, not yet spent
  /// What a new run may still take; below 0 where the limit is passed.
  [[nodiscard]] std::int64_t headroom() const { return budget.limit - used - reserved; }
};

/// Spending of one moment of a budget's past.
struct BudgetPoint {
  UtcTime at;   ///< start of the interval
  Spend spent;  ///< in it
};

class Budgets {
 public:
  virtual ~Budgets() = default;

  /// Creates the budget, or changes the one of that name. A new limit re-arms the thresholds that it moves
  /// out of reach; a new period, zone, measure or scope is applied to all that was ever recorded. Errors:
  /// invalid_argument, conflict (the budget comes from a configuration file: it is changed there).
  [[nodiscard]] virtual Result<void> put(const Budget& budget, UtcTime now) = 0;
  /// Makes the budgets that a configuration file defines what it says now: puts those that are new or different, removes those
  /// that it no longer has. Nothing is written where all fits. The names that changed. Errors: conflict (a budget of that name
  /// comes from elsewhere), and those of put().
  [[nodiscard]] virtual Result<std::vector<std::string>> put_from(const std::string& file, const std::vector<Budget>& budgets,
                                                                  UtcTime now) = 0;
  /// What put_from() would change; writes nothing.
  [[nodiscard]] virtual Result<std::vector<std::string>> differing_from(const std::string& file,
                                                                        const std::vector<Budget>& budgets) = 0;
  /// The files that budgets come from, by name. Those that were made by command are absent.
  [[nodiscard]] virtual Result<std::map<std::string, std::string>> files() = 0;

  /// Errors: not_found, conflict (it comes from a configuration file).
  [[nodiscard]] virtual Result<void> remove(const std::string& name) = 0;

  /// All budgets, by name, as they stand at `now`.
  [[nodiscard]] virtual Result<std::vector<BudgetState>> states(UtcTime now) = 0;
  /// What was spent under the budget's scope in [from, until), in steps of `step` from `from` on;
  /// zero-filled. Errors: not_found, invalid_argument (more than 100,000 steps), for forecasts and trends.
  [[nodiscard]] virtual Result<std::vector<BudgetPoint>> history(const std::string& name,
                                                                 const Period& between,
                                                                 std::chrono::minutes step) = 0;

  /// What everybody spent in the period.
  [[nodiscard]] virtual Result<Spend> spent(const Period& between) = 0;

  /// Compares all sums with what they are sums of; each difference in words. Empty: all fit.
  [[nodiscard]] virtual Result<std::vector<std::string>> verify() = 0;
  /// Adds the budgets' sums up anew.
  [[nodiscard]] virtual Result<void> rebuild() = 0;
};

}  // namespace ts::ledger
