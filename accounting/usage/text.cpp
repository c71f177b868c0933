#include "accounting/usage/text.hpp"

#include <string>

namespace ts {
namespace {

constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }
constexpr bool is_word(char c) { return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
constexpr std::string_view kPhrase = " new token";

/// Factor of a suffix letter, 0 if it is none.
constexpr Tokens factor_of(char c) {
  switch (c) {
    case 'k':
    case 'K':
      return 1'000;
    case 'm':
    case 'M':
      return 1'000'000;
    default:
      return 0;
  }
}

/// Whether the separators of "1,234,567" stand where thousands are divided.
bool grouped(std::string_view digits, char separator) {
  std::size_t run = 0;
  bool divided = false;
  for (const char c : digits) {
    if (c == separator) {
      if (run == 0 || run > 3 || (divided && run != 3)) return false;
      divided = true;
      run = 0;
    } else if (is_digit(c)) {
      ++run;
    } else {
      return false;
    }
  }
  return divided && run == 3;
}

/// Digits with thousands divided, or not; a decimal fraction only with a factor. Absent: no number, or out of range.
std::optional<Tokens> value_of(std::string_view digits, Tokens factor) {
  std::string plain;
  std::size_t decimals = 0;
  const std::size_t point = digits.rfind('.');
  const bool fraction = point != std::string_view::npos && (factor > 1 || !grouped(digits, '.'));
  if (fraction && (factor == 1 || digits.find('.') != point)) return std::nullopt;
  const std::string_view whole = fraction ? digits.substr(0, point) : digits;
  const char separator = whole.find('.') != std::string_view::npos ? '.' : ',';
  if (whole.find(separator) != std::string_view::npos && !grouped(whole, separator)) return std::nullopt;
  for (const char c : whole)
    if (is_digit(c)) plain += c;
  if (fraction) {
    for (const char c : digits.substr(point + 1)) {
      if (!is_digit(c)) return std::nullopt;
      if (decimals == 6) break;
      plain += c;
      ++decimals;
    }
  }
  plain.erase(0, std::min(plain.find_first_not_of('0'), plain.size() - (plain.empty() ? 0 : 1)));
  Tokens value = 0;
  if (json::parse_count(plain, value) != json::CountState::good || value > kMaxTokens / factor) return std::nullopt;
  value *= factor;
  while (decimals-- > 0) value /= 10;
  return value;
}

}  // namespace

std::optional<Tokens> number_at_end(std::string_view text) {
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  std::size_t begin = text.size();
  const bool suffix = begin > 0 && factor_of(text.back()) != 0;
  if (suffix) --begin;
  const std::size_t end = begin;
  while (begin > 0 && (is_digit(text[begin - 1]) || text[begin - 1] == ',' || text[begin - 1] == '.')) --begin;
  std::string_view digits = text.substr(begin, end - begin);
  while (!digits.empty() && !is_digit(digits.front())) digits.remove_prefix(1);
  if (digits.empty()) return std::nullopt;
  const std::size_t at = end - digits.size();
  if (at > 0 && is_word(text[at - 1])) return std::nullopt;
  if (at > 0 && text[at - 1] == '-' && (at == 1 || !is_word(text[at - 2]))) return -1;
  return value_of(digits, suffix ? factor_of(text.back()) : 1).value_or(-1);
}

LineOutcome NewTokens::read(std::string_view text, UsageSink& sink) {
  LineOutcome outcome = LineOutcome::ignored;
  std::size_t begin = 0;
  while (true) {
    const std::size_t found = json::find(text.substr(begin), kPhrase);
    if (found == std::string_view::npos) return outcome;
    const std::string_view before = text.substr(begin, found);
    begin += found + kPhrase.size();
    const auto number = number_at_end(before);
    if (!number) continue;
    if (*number < 0) {
      outcome = LineOutcome::malformed;
      continue;
    }
    increments_ = increments_ || *number < last_ || before.find("new tool") != std::string_view::npos;
    last_ = *number;
    sum_ = saturating_add(sum_, *number);
    highest_ = std::max(highest_, *number);
    UsageEvent event{.response_id = "new tokens", .model = {}, .session = {}, .counts = {}, .at = {}, .requests = 0};
    event.counts.input = increments_ ? sum_ : highest_;
    if (event.counts.input == 0) continue;
    sink.on_usage(event);
    if (outcome == LineOutcome::ignored) outcome = LineOutcome::event;
  }
}

namespace {

class TextStream final : public LineDialect {
 private:
  LineOutcome read(std::string_view text, UsageSink& sink) override { return tokens_.read(text, sink); }
  NewTokens tokens_;
};

}  // namespace

std::unique_ptr<Dialect> make_text_stream() { return std::make_unique<TextStream>(); }

}  // namespace ts
