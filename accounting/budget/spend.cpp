#include "accounting/budget/spend.hpp"

#include <array>

#include "accounting/budget/money.hpp"

namespace ts {
namespace {

constexpr std::array<std::string_view, 5> kMeasureNames = {"fresh", "total", "output", "usd", "requests"};

std::int64_t clamped_sum(std::int64_t a, std::int64_t b) {
  std::int64_t sum = 0;
  if (!__builtin_add_overflow(a, b, &sum)) return sum;
  return a < 0 ? INT64_MIN : INT64_MAX;
}

}  // namespace

std::string_view name_of(Measure measure) {
  return kMeasureNames[static_cast<std::size_t>(measure)];
}

std::optional<Measure> measure_named(std::string_view name) {
  for (std::size_t i = 0; i < kMeasureNames.size(); ++i)
    if (kMeasureNames[i] == name) return static_cast<Measure>(i);
  return std::nullopt;
}

Measure measure_of(Formula formula) {
  return measure_named(name_of(formula)).value_or(Measure::fresh);
}

Spend& Spend::operator+=(const Spend& other) {
  for (const auto part : kTokenParts) counts.*part = clamped_sum(counts.*part, other.counts.*part);
  requests = clamped_sum(requests, other.requests);
  cost_pico = clamped_sum(cost_pico, other.cost_pico);
  unpriced = clamped_sum(unpriced, other.unpriced);
  return *this;
}

Spend operator-(const Spend& a, const Spend& b) {
  Spend negative;
  for (const auto part : kTokenParts) negative.counts.*part = -(b.counts.*part);
  negative.requests = -b.requests;
  negative.cost_pico = -b.cost_pico;
  negative.unpriced = -b.unpriced;
  return a + negative;
}

std::int64_t amount_of(const Spend& spend, Measure measure) {
  switch (measure) {
    case Measure::usd:
      return ExactUsd{spend.cost_pico}.rounded();
    case Measure::requests:
      return spend.requests;
    case Measure::total:
      return by_formula(spend.counts, Formula::total);
    case Measure::output:
      return by_formula(spend.counts, Formula::output);
    case Measure::fresh:
      break;
  }
  return by_formula(spend.counts, Formula::fresh);
}

}  // namespace ts
