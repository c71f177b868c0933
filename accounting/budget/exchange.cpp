#include "accounting/budget/exchange.hpp"

#include <algorithm>

#include "accounting/base/units.hpp"

namespace ts {
namespace {

__extension__ using Wide = __int128;

enum class Round { down, up };

/// amount × numerator / denominator.
std::optional<std::int64_t> scaled(std::int64_t amount, std::int64_t numerator, std::int64_t denominator, Round round) {
  if (numerator <= 0 || denominator <= 0 || amount < 0) return std::nullopt;
  const Wide more = round == Round::up ? Wide{denominator} - 1 : Wide{0};
  return static_cast<std::int64_t>(std::min<Wide>((Wide{amount} * numerator + more) / denominator, kMaxTokens));
}

}  // namespace

std::optional<std::int64_t> Exchange::at_most(std::int64_t amount, Measure from, Measure to) const {
  return scaled(amount, amount_of(before_, to), amount_of(before_, from), Round::up);
}

std::optional<std::int64_t> Exchange::at_least(std::int64_t amount, Measure from, Measure to) const {
  return scaled(amount, amount_of(before_, to), amount_of(before_, from), Round::down);
}

}  // namespace ts
