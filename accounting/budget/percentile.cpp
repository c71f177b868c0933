#include "accounting/budget/percentile.hpp"

#include <algorithm>

namespace ts {
namespace {

/// Of sorted values.
std::int64_t ranked(const std::vector<std::int64_t>& sorted, int percent) {
  const std::size_t share = static_cast<std::size_t>(std::clamp(percent, 1, 100));
  return sorted[(sorted.size() * share + 99) / 100 - 1];
}

}  // namespace

std::optional<std::int64_t> percentile(std::vector<std::int64_t> values, int percent) {
  if (values.empty()) return std::nullopt;
  std::ranges::sort(values);
  return ranked(values, percent);
}

std::optional<Spread> spread_of(std::vector<std::int64_t> values) {
  if (values.empty()) return std::nullopt;
  std::ranges::sort(values);
  return Spread{values.size(), ranked(values, 50), ranked(values, 75), ranked(values, 90), values.back()};
}

std::int64_t rounded_up(std::int64_t value) {
  std::int64_t unit = 1;
  while (value / unit >= 100) unit *= 10;
  return (value + unit - 1) / unit * unit;
}

}  // namespace ts
