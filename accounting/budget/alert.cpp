#include "accounting/budget/alert.hpp"

#include "accounting/budget/money.hpp"

namespace ts {

bool reaches(std::int64_t used, int percent, std::int64_t limit) {
  return Int128{used} * 100 >= Int128{limit} * percent;
}

std::optional<Threshold> level_of(const Budget& budget, std::int64_t used) {
  std::optional<Threshold> level;
  for (const Threshold& threshold : budget.thresholds)
    if (reaches(used, threshold.percent, budget.limit)) level = threshold;
  return level;
}

AlertChange alert_change(const Budget& budget, std::int64_t used, const std::set<int>& standing) {
  AlertChange change;
  for (const Threshold& threshold : budget.thresholds) {
    const bool reached = reaches(used, threshold.percent, budget.limit);
    const bool stands = standing.contains(threshold.percent);
    if (reached && !stands) {
      if (change.raised) change.skipped.push_back(change.raised->percent);
      change.raised = threshold;
    } else if (!reached && stands) {
      change.recovered.push_back(threshold);
    }
  }
  return change;
}

}  // namespace ts
