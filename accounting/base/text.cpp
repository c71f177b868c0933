#include "accounting/base/text.hpp"

#include <fmt/format.h>

#include <array>
#include <charconv>

namespace ts {
namespace {

using std::chrono::microseconds;

bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// value / unit with one decimal below 100 units, rounded half up, ".0" dropped.
std::string scaled(std::int64_t value, std::int64_t unit, std::string_view suffix) {
  const std::int64_t tenths = (value / unit) * 10 + ((value % unit) * 10 + unit / 2) / unit;
  if (tenths >= 1000 || tenths % 10 == 0) return fmt::format("{}{}", (tenths + (tenths >= 1000 ? 5 : 0)) / 10, suffix);
  return fmt::format("{}.{}{}", tenths / 10, tenths % 10, suffix);
}

std::int64_t round_half_even(std::int64_t value, std::int64_t unit) {
  std::int64_t whole = value / unit;
  const std::int64_t rest = value % unit;
  if (rest * 2 > unit || (rest * 2 == unit && whole % 2 == 1)) ++whole;
  return whole;
}

/// Reads exactly `width` digits at `at`. Returns -1 if they are not digits.
int fixed_digits(std::string_view text, std::size_t at, std::size_t width) {
  if (at + width > text.size()) return -1;
  int value = 0;
  for (std::size_t i = at; i < at + width; ++i) {
    if (!is_digit(text[i])) return -1;
    value = value * 10 + (text[i] - '0');
  }
  return value;
}

/// Length of the UTF-8 sequence at `at`, or 0 if it is not valid.
std::size_t utf8_length(std::string_view text, std::size_t at) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char first = byte(at);
  if (first < 0x80) return 1;
  const std::size_t length = first >= 0xf0 && first <= 0xf4 ? 4 : first >= 0xe0 ? 3 : first >= 0xc2 ? 2 : 0;
  if (first > 0xf4 || length == 0 || at + length > text.size()) return 0;
  for (std::size_t i = 1; i < length; ++i)
    if ((byte(at + i) & 0xc0) != 0x80) return 0;
  if (first == 0xe0 && byte(at + 1) < 0xa0) return 0;
  if (first == 0xed && byte(at + 1) > 0x9f) return 0;
  if (first == 0xf0 && byte(at + 1) < 0x90) return 0;
  if (first == 0xf4 && byte(at + 1) > 0x8f) return 0;
  return length;
}

}  // namespace

std::string with_commas(std::int64_t value) {
  std::string digits = std::to_string(value);
  const std::size_t first = value < 0 ? 1 : 0;
  for (std::size_t i = digits.size(); i > first + 3;) {
    i -= 3;
    digits.insert(i, ",");
  }
  return digits;
}

std::string compact(std::int64_t value) {
  if (value < 0) return "-" + compact(-value);
  if (value < 1000) return std::to_string(value);
  if (value < 999'950) return scaled(value, 1000, "K");
  if (value < 999'950'000) return scaled(value, 1'000'000, "M");
  return scaled(value, 1'000'000'000, "G");
}

std::string dollars(MicroUsd value) {
  if (value < 0) return "-" + dollars(-value);
  if (value >= 995'000 || value == 0) {
    const std::int64_t cents = round_half_even(value, 10'000);
    return fmt::format("${}.{:02}", with_commas(cents / 100), cents % 100);
  }
  const std::int64_t parts = round_half_even(value, 100);
  return fmt::format("$0.{:04}", parts);
}

std::string human_duration(microseconds value) {
  const std::int64_t us = value.count();
  if (us < 0) return "-" + human_duration(-value);
  if (us == 0) return "0 s";
  if (us < 1000) return fmt::format("{} µs", us);
  if (us < 1'000'000) return scaled(us, 1000, " ms");
  const std::int64_t s = us / 1'000'000;
  if (s < 10) return scaled(us, 1'000'000, " s");
  if (s < 60) return fmt::format("{} s", s);
  if (s < 3600) return fmt::format("{}m {:02}s", s / 60, s % 60);
  return fmt::format("{}h {:02}m", s / 3600, s / 60 % 60);
}

std::string rfc3339(UtcTime time) {
  using namespace std::chrono;
  const auto day = floor<days>(time);
  const year_month_day date{day};
  const auto of_day = duration_cast<milliseconds>(time - day).count();
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()), of_day / 3'600'000,
                     of_day / 60'000 % 60, of_day / 1000 % 60, of_day % 1000);
}

Result<UtcTime> parse_rfc3339(std::string_view text) {
  using namespace std::chrono;
  const auto bad = [&] {
    return Error{Errc::invalid_argument,
                 fmt::format("'{}' is not a time: write it like 2026-11-21T18:47:30Z", printable(text, 60))};
  };
  if (text.size() < 20 || text[4] != '-' || text[7] != '-' || (text[10] != 'T' && text[10] != 't' && text[10] != ' ') ||
      text[13] != ':' || text[16] != ':')
    return bad();
  const std::array<int, 6> part{fixed_digits(text, 0, 4),  fixed_digits(text, 5, 2),  fixed_digits(text, 8, 2),
                                fixed_digits(text, 11, 2), fixed_digits(text, 14, 2), fixed_digits(text, 17, 2)};
  for (int value : part)
    if (value < 0) return bad();
  const year_month_day date{year{part[0]}, month{static_cast<unsigned>(part[1])}, day{static_cast<unsigned>(part[2])}};
  if (!date.ok() || part[3] > 23 || part[4] > 59 || part[5] > 60) return bad();
  std::size_t at = 19;
  std::int64_t fraction_us = 0;
  if (text[at] == '.') {
    std::int64_t scale = 100'000;
    const std::size_t first = ++at;
    for (; at < text.size() && is_digit(text[at]); ++at, scale /= 10) fraction_us += scale * (text[at] - '0');
    if (at == first) return bad();
  }
  minutes offset{0};
  if (at < text.size() && (text[at] == 'Z' || text[at] == 'z')) {
    ++at;
  } else if (at + 6 == text.size() && (text[at] == '+' || text[at] == '-') && text[at + 3] == ':') {
    const int h = fixed_digits(text, at + 1, 2);
    const int m = fixed_digits(text, at + 4, 2);
    if (h < 0 || h > 23 || m < 0 || m > 59) return bad();
    offset = hours{h} + minutes{m};
    if (text[at] == '-') offset = -offset;
    at += 6;
  } else {
    return bad();
  }
  if (at != text.size()) return bad();
  return UtcTime{sys_days{date}} + hours{part[3]} + minutes{part[4]} + seconds{part[5]} + microseconds{fraction_us} -
         offset;
}

Result<std::chrono::milliseconds> parse_duration(std::string_view text) {
  const auto bad = [&] {
    return Error{Errc::invalid_argument, fmt::format("'{}' is not a duration: write 90, 90s, 500ms, 15m, 2h, 1h30m or 1d",
                                                     printable(text, 60))};
  };
  if (text.empty()) return bad();
  constexpr std::int64_t kLimitMs = std::int64_t{100} * 366 * 86'400'000;
  std::int64_t total = 0;
  std::string_view rest = text;
  while (!rest.empty()) {
    std::int64_t number = 0;
    const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), number);
    if (error != std::errc{} || number < 0 || rest.front() == '-') return bad();
    rest.remove_prefix(static_cast<std::size_t>(end - rest.data()));
    std::int64_t unit = 0;
    std::size_t length = 1;
    if (rest.empty()) {
      if (total != 0) return bad();
      unit = 1000;
      length = 0;
    } else if (rest.starts_with("ms")) {
      unit = 1;
      length = 2;
    } else if (rest.front() == 's') {
      unit = 1000;
    } else if (rest.front() == 'm') {
      unit = 60'000;
    } else if (rest.front() == 'h') {
      unit = 3'600'000;
    } else if (rest.front() == 'd') {
      unit = 86'400'000;
    } else {
      return bad();
    }
    if (number > (kLimitMs - total) / unit) return bad();
    total += number * unit;
    rest.remove_prefix(length);
  }
  return std::chrono::milliseconds{total};
}

std::string printable(std::string_view text, std::size_t limit) {
  std::string out;
  for (std::size_t i = 0; i < text.size();) {
    const std::size_t length = utf8_length(text, i);
    const auto byte = static_cast<unsigned char>(text[i]);
    const bool control = length == 0 || byte < 0x20 || byte == 0x7f || (length == 2 && byte == 0xc2 && static_cast<unsigned char>(text[i + 1]) < 0xa0);
    const std::string_view piece = control ? std::string_view{"\xEF\xBF\xBD"} : text.substr(i, length);
    if (out.size() + piece.size() > limit) return out + "…";
    out += piece;
    i += length == 0 ? 1 : length;
  }
  return out;
}

}  // namespace ts
