#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "accounting/base/result.hpp"
#include "accounting/base/units.hpp"

namespace ts {

/// 1234567 → "1,234,567".
[[nodiscard]] std::string with_commas(std::int64_t value);

/// Three significant digits at most: 950 → "950", 8000 → "8K", 6300 → "6.3K", 1500000 → "1.5M".
[[nodiscard]] std::string compact(std::int64_t value);

/// Micro-USD to dollars, rounded half-even: to the cent from one dollar on ("$1.84"), to four digits below ("$0.0343").
[[nodiscard]] std::string dollars(MicroUsd value);

/// "900 µs", "1.3 ms", "45 s", "3m 12s", "2h 05m".
[[nodiscard]] std::string human_duration(std::chrono::microseconds value);

/// RFC 3339 in UTC with milliseconds: "2026-11-21T18:47:30.608Z".
[[nodiscard]] std::string rfc3339(UtcTime time);

/// Reads RFC 3339 with any offset and any fraction. Errors: invalid_argument.
[[nodiscard]] Result<UtcTime> parse_rfc3339(std::string_view text);

/// "90", "90s", "15m", "2h", "1h30m", "1d" → seconds. Errors: invalid_argument with the accepted forms.
[[nodiscard]] Result<std::chrono::milliseconds> parse_duration(std::string_view text);

/// Text that is safe to print on a terminal: control bytes and invalid UTF-8 become U+FFFD, at most `limit` bytes.
[[nodiscard]] std::string printable(std::string_view text, std::size_t limit = 200);

}  // namespace ts
