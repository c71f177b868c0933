#pragma once

#include <optional>
#include <set>
#include <vector>

#include "accounting/budget/budget.hpp"

namespace ts {

/// Whether `used` is at or over `percent` of `limit`, exactly.
[[nodiscard]] bool reaches(std::int64_t used, int percent, std::int64_t limit);

/// The highest threshold that is reached. Absent: none is.
[[nodiscard]] std::optional<Threshold> level_of(const Budget& budget, std::int64_t used);

/// What a change of the used amount means for the thresholds that were raised before it.
struct AlertChange {
  std::optional<Threshold> raised;  ///< the highest that is newly reached
  std::vector<int> skipped;         ///< lower ones that were passed in the same jump and never raised
  std::vector<Threshold>
      recovered;  ///< raised before, and no longer reached: the limit rose, or a window moved on
};

/// `standing`: the percents that are raised in this period. Applying the change and asking again gives no
/// change.
[[nodiscard]] AlertChange alert_change(const Budget& budget, std::int64_t used,
                                       const std::set<int>& standing);

}  // namespace ts
