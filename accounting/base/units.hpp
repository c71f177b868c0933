#pragma once

#include <algorithm>
#include <chrono>
#include <compare>
#include <cstdint>
#include <string>

namespace ts {

/// Units: tokens. Never negative in a valid count.
using Tokens = std::int64_t;

/// Units: 10⁻⁶ US dollar.
using MicroUsd = std::int64_t;

/// The largest count that is believed: 2⁵³, which every JSON reader can hold exactly.
inline constexpr Tokens kMaxTokens = Tokens{1} << 53;

/// Sum that stops at kMaxTokens instead of overflowing. Both sides must be in [0, kMaxTokens].
[[nodiscard]] constexpr Tokens saturating_add(Tokens a, Tokens b) { return std::min(a + b, kMaxTokens); }

/// A moment on the wall clock, UTC, to the microsecond. What is stored and shown.
using UtcTime = std::chrono::sys_time<std::chrono::microseconds>;

/// A moment on the monotonic clock. What limits and rates are measured with.
using MonoTime = std::chrono::steady_clock::time_point;

/// The name of a run: 10 characters of Crockford base 32, lower case, unique on a ledger.
struct RunId {
  std::string text;
  friend auto operator<=>(const RunId&, const RunId&) = default;
};

}  // namespace ts
