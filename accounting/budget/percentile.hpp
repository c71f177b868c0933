#pragma once

#include <cstdint>
#include <optional>
#include <vector>

namespace ts {

/// The smallest of the values that at least `percent` of 100 do not exceed (nearest rank): always one of them. `percent` in [0, 100].
/// Absent: there are no values.
[[nodiscard]] std::optional<std::int64_t> percentile(std::vector<std::int64_t> values, int percent);

/// What is known of a number that was measured several times.
struct Spread {
  std::size_t count = 0;
  std::int64_t p50 = 0;
  std::int64_t p75 = 0;
  std::int64_t p90 = 0;
  std::int64_t highest = 0;
  friend bool operator==(const Spread&, const Spread&) = default;
};

/// Absent: there are no values.
[[nodiscard]] std::optional<Spread> spread_of(std::vector<std::int64_t> values);

/// `value` rounded up to two significant digits: a cap that people can say.
[[nodiscard]] std::int64_t rounded_up(std::int64_t value);

}  // namespace ts
