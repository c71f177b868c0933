#pragma once

#include <cstdint>
#include <string_view>

#include "accounting/base/result.hpp"

namespace ts {

/// Reads a plain decimal number as people write it, exactly, in units of 10^-scale: digits, or groups of three after
/// commas ("120,000"), then at most `scale` decimals. No sign, no exponent, no blanks.
/// Errors: invalid_argument, ambiguous ("10.000": three decimals might be a thousands group), too_large; the message is
/// the reason alone, for the caller to put into its own.
[[nodiscard]] Result<std::int64_t> parse_decimal(std::string_view text, int scale);

/// The same without the ambiguity rule: for machine-written numbers such as rates ("0.125", "12.500").
[[nodiscard]] Result<std::int64_t> parse_rate(std::string_view text, int scale);

}  // namespace ts
