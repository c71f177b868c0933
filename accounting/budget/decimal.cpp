#include "accounting/budget/decimal.hpp"

namespace ts {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

Error reason(Errc code, const char* text) { return {code, text}; }

bool append_digit(std::int64_t& value, char digit) {
  return !__builtin_mul_overflow(value, 10, &value) && !__builtin_add_overflow(value, digit - '0', &value);
}

/// The digits before the point: bare, or a first group of one to three and then groups of exactly three after commas.
Result<std::int64_t> whole_part(std::string_view text) {
  if (text.empty()) return reason(Errc::invalid_argument, "no number");
  const bool grouped = text.find(',') != std::string_view::npos;
  std::int64_t value = 0;
  int in_group = 0;
  bool first_group = true;
  for (char c : text) {
    if (c == ',') {
      if (in_group == 0 || in_group > 3 || (!first_group && in_group != 3))
        return reason(Errc::invalid_argument, "commas must part groups of three digits");
      in_group = 0;
      first_group = false;
    } else if (!is_digit(c)) {
      return reason(Errc::invalid_argument, "not a number");
    } else {
      ++in_group;
      if (!append_digit(value, c)) return reason(Errc::too_large, "the number is too large");
    }
  }
  if (grouped && in_group != 3) return reason(Errc::invalid_argument, "commas must part groups of three digits");
  return value;
}

}  // namespace

Result<std::int64_t> parse_rate(std::string_view text, int scale) {
  const std::size_t point = text.find('.');
  TS_TRY(std::int64_t value, whole_part(text.substr(0, point)));
  std::string_view decimals = point == std::string_view::npos ? std::string_view() : text.substr(point + 1);
  if (point != std::string_view::npos && decimals.empty()) return reason(Errc::invalid_argument, "no digits after the point");
  for (char c : decimals)
    if (!is_digit(c)) return reason(Errc::invalid_argument, "not a number");
  while (decimals.ends_with('0')) decimals.remove_suffix(1);
  if (decimals.size() > static_cast<std::size_t>(scale)) return reason(Errc::invalid_argument, "too many decimals");
  for (int i = 0; i < scale; ++i) {
    const char digit = static_cast<std::size_t>(i) < decimals.size() ? decimals[static_cast<std::size_t>(i)] : '0';
    if (!append_digit(value, digit)) return reason(Errc::too_large, "the number is too large");
  }
  return value;
}

Result<std::int64_t> parse_decimal(std::string_view text, int scale) {
  const std::size_t point = text.find('.');
  const bool three_decimals = point != std::string_view::npos && text.size() - point == 4;
  const bool grouped = text.find(',') != std::string_view::npos;
  auto value = parse_rate(text, scale);
  // Without a comma "10.000" is ten in one country and ten thousand in another.
  const bool readable = value.has_value() || value.error().code == Errc::invalid_argument;
  if (three_decimals && !grouped && readable) {
    bool digits = true;
    for (char c : text) digits = digits && (is_digit(c) || c == '.');
    if (digits && point > 0 && point <= 3 && text.find('.', point + 1) == std::string_view::npos && text[0] != '0')
      return reason(Errc::ambiguous, "the point may be a decimal point or a thousands separator");
  }
  return value;
}

}  // namespace ts
