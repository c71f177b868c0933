#pragma once

#include <algorithm>
#include <optional>
#include <string_view>

#include "accounting/base/units.hpp"

namespace ts {

/// Token counts of one response or of a sum of them, in all the parts that are priced apart.
/// Invariant: every part is in [0, kMaxTokens]. `reasoning` is part of `output`, kept apart for information.
struct TokenCounts {
  Tokens input = 0;           ///< fresh input, not served from the cache and not written to it
  Tokens cache_write_5m = 0;  ///< input written to the cache for 5 minutes (or an unstated time)
  Tokens cache_write_1h = 0;  ///< input written to the cache for an hour
  Tokens cache_read = 0;      ///< input served from the cache
  Tokens output = 0;          ///< output, reasoning included
  Tokens reasoning = 0;       ///< the part of `output` that was reasoning

  [[nodiscard]] constexpr Tokens cache_write() const { return saturating_add(cache_write_5m, cache_write_1h); }
  friend constexpr bool operator==(const TokenCounts&, const TokenCounts&) = default;
};

/// One table of the parts, so that sums and maxima can't forget one.
inline constexpr Tokens TokenCounts::*kTokenParts[] = {&TokenCounts::input,      &TokenCounts::cache_write_5m,
                                                       &TokenCounts::cache_write_1h, &TokenCounts::cache_read,
                                                       &TokenCounts::output,     &TokenCounts::reasoning};

[[nodiscard]] constexpr TokenCounts operator+(TokenCounts a, const TokenCounts& b) {
  for (auto part : kTokenParts) a.*part = saturating_add(a.*part, b.*part);
  return a;
}

/// Part by part the higher one: how two reports of the same response are joined.
[[nodiscard]] constexpr TokenCounts highest(TokenCounts a, const TokenCounts& b) {
  for (auto part : kTokenParts) a.*part = std::max(a.*part, b.*part);
  return a;
}

/// a − b part by part, never below 0.
[[nodiscard]] constexpr TokenCounts difference(TokenCounts a, const TokenCounts& b) {
  for (auto part : kTokenParts) a.*part = std::max<Tokens>(a.*part - b.*part, 0);
  return a;
}

/// How counts become the one number that a cap or a budget is held against. Stored by name.
enum class Formula {
  fresh,   ///< input + cache writes + output
  total,   ///< fresh + cache reads
  output,  ///< output
  usd,     ///< price × parts, in micro-USD
};

/// The number of `counts` by a token formula. Formula::usd needs prices and is not accepted here.
[[nodiscard]] constexpr Tokens by_formula(const TokenCounts& counts, Formula formula) {
  const Tokens fresh = saturating_add(saturating_add(counts.input, counts.cache_write()), counts.output);
  switch (formula) {
    case Formula::total:
      return saturating_add(fresh, counts.cache_read);
    case Formula::output:
      return counts.output;
    case Formula::fresh:
    case Formula::usd:
      break;
  }
  return fresh;
}

[[nodiscard]] constexpr std::string_view name_of(Formula formula) {
  constexpr std::string_view names[] = {"fresh", "total", "output", "usd"};
  return names[static_cast<int>(formula)];
}

/// Absent: no formula has that name.
[[nodiscard]] constexpr std::optional<Formula> formula_named(std::string_view name) {
  for (Formula f : {Formula::fresh, Formula::total, Formula::output, Formula::usd})
    if (name_of(f) == name) return f;
  return std::nullopt;
}

}  // namespace ts
