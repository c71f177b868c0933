#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "accounting/usage/counts.hpp"

namespace ts {

/// What a budget's limit counts. Stored by name.
enum class Measure { fresh, total, output, usd, requests };
[[nodiscard]] std::string_view name_of(Measure measure);
/// Absent: no measure has that name.
[[nodiscard]] std::optional<Measure> measure_named(std::string_view name);

/// The measure that counts what a cap's formula counts.
[[nodiscard]] Measure measure_of(Formula formula);

/// What was spent, in all the ways in which it can be limited. As the difference of two spends its parts may
/// be negative.
struct Spend {
  TokenCounts counts;
  std::int64_t requests = 0;
  std::int64_t cost_pico = 0;  ///< pico-USD of what has a price; stops at ± 9.2 million dollars
  Tokens unpriced = 0;         ///< all tokens of responses without a price: their cost is not in cost_pico

  Spend& operator+=(const Spend& other);
  friend Spend operator+(Spend a, const Spend& b) { return a += b; }
  friend Spend operator-(const Spend& a, const Spend& b);
  friend bool operator==(const Spend&, const Spend&) = default;
};

/// The number of `spend` that a limit of this measure is held against. Units: tokens, requests, or micro-USD
/// (half-even).
[[nodiscard]] std::int64_t amount_of(const Spend& spend, Measure measure);

}  // namespace ts
