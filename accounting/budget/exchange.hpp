#pragma once

#include <optional>

#include "accounting/budget/spend.hpp"

namespace ts {

/// What amounts of one measure come to in another, judged by what was spent before: tokens for dollars, dollars for tokens.
/// Units: as amount_of().
class Exchange {
 public:
  explicit Exchange(const Spend& before) : before_(before) {}

  /// Rounded up, so that it is enough. Absent: nothing was spent by one of the two, so there is no rate.
  [[nodiscard]] std::optional<std::int64_t> at_most(std::int64_t amount, Measure from, Measure to) const;
  /// Rounded down: what it comes to stays within `amount`. Absent: as above.
  [[nodiscard]] std::optional<std::int64_t> at_least(std::int64_t amount, Measure from, Measure to) const;

 private:
  Spend before_;
};

}  // namespace ts
