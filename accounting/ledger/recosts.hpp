#pragma once

#include <optional>
#include <string>
#include <vector>

#include "accounting/base/result.hpp"
#include "accounting/budget/money.hpp"
#include "accounting/usage/counts.hpp"

namespace ts::ledger {

/// Which runs are priced anew, and whether that stays.
struct RecostRequest {
  std::optional<UtcTime> since = {};   ///< runs whose last sign of life is at or after this; absent: all
  enum class Keep { yes, no } keep = Keep::yes;   ///< no: only what would change
};

/// What recosts changed. Costs are of the runs that changed.
struct RecostTally {
  std::int64_t runs = 0;      ///< looked at
  std::int64_t changed = 0;
  ExactUsd before, after;
  Tokens unpriced_before = 0, unpriced_after = 0;
};

/// One that was made.
struct RecostRecord {
  std::int64_t n = 0;
  UtcTime at;
  std::string prices;         ///< what names the prices
  RecostTally tally;
};

/// What one model of a run cost before and after one recost.
struct CostChange {
  std::int64_t recost = 0;
  UtcTime at;
  std::string model;
  ExactUsd before, after;
  Tokens unpriced_before = 0, unpriced_after = 0;
};

/// Prices what is recorded anew, after prices have changed. Each response at the price of its own time; what it had cost stays
/// in the history. Budgets and reports follow.
class Recosts {
 public:
  virtual ~Recosts() = default;

  /// In transactions of some runs each; cut off, the next goes on. `prices`: what names them in the history.
  [[nodiscard]] virtual Result<RecostTally> recost(const RecostRequest& request, const std::string& prices, UtcTime now) = 0;
  /// Oldest first. Recosts that changed nothing leave no record.
  [[nodiscard]] virtual Result<std::vector<RecostRecord>> list() = 0;
  /// Of one run, oldest first. Errors: not_found.
  [[nodiscard]] virtual Result<std::vector<CostChange>> history(const std::string& run) = 0;
};

}  // namespace ts::ledger
