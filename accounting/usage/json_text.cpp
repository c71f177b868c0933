#include <algorithm>
#include <array>
#include <optional>

#include "accounting/usage/deeds.hpp"

namespace ts {
namespace {

std::optional<unsigned> four_digits(std::string_view digits) {
  if (digits.size() < 4) return std::nullopt;
  unsigned value = 0;
  for (const char c : digits.substr(0, 4)) {
    const int digit = c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
    if (digit < 0) return std::nullopt;
    value = value * 16 + static_cast<unsigned>(digit);
  }
  return value;
}

/// What one escape stands for, and how long it is in the text.
struct Escape {
  unsigned point = 0xfffd;
  std::size_t length = 2;
};

/// `text` starts behind a backslash. A surrogate without its other half is U+FFFD.
Escape escape_at(std::string_view text) {
  if (text.empty()) return {'\\', 1};
  constexpr std::string_view kNames = "nrtbf";
  constexpr std::string_view kMeanings = "\n\r\t\b\f";
  if (const std::size_t known = kNames.find(text[0]); known != std::string_view::npos) return {static_cast<unsigned char>(kMeanings[known]), 2};
  if (text[0] != 'u') return {static_cast<unsigned char>(text[0]), 2};
  const auto first = four_digits(text.substr(1));
  if (!first) return {};
  if (*first < 0xd800 || *first > 0xdfff) return {*first, 6};
  const bool paired = *first < 0xdc00 && text.size() >= 11 && text[5] == '\\' && text[6] == 'u';
  const auto second = paired ? four_digits(text.substr(7)) : std::nullopt;
  if (!second || *second < 0xdc00 || *second > 0xdfff) return {0xfffd, 6};
  return {0x10000 + ((*first - 0xd800) << 10) + (*second - 0xdc00), 12};
}

std::size_t utf8_size(unsigned point) { return point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4; }

void append_utf8(std::string& out, unsigned point) {
  constexpr std::array<unsigned, 5> kLead = {0, 0, 0xc0, 0xe0, 0xf0};
  const std::size_t size = utf8_size(point);
  if (size == 1) {
    out += static_cast<char>(point);
    return;
  }
  for (std::size_t i = size; i-- > 0;) {
    const unsigned bits = point >> (6 * i);
    out += static_cast<char>(i + 1 == size ? kLead[size] | bits : 0x80 | (bits & 0x3f));
  }
}

}  // namespace

std::uint64_t unescaped_size(std::string_view inside) {
  std::uint64_t size = 0;
  for (std::size_t at = 0; at < inside.size();) {
    const std::size_t next = std::min(inside.find('\\', at), inside.size());
    size += next - at;
    at = next;
    if (at == inside.size()) break;
    const Escape escape = escape_at(inside.substr(at + 1));
    size += utf8_size(escape.point);
    at += escape.length;
  }
  return size;
}

std::string unescaped(std::string_view inside, std::size_t limit) {
  std::string text;
  for (std::size_t at = 0; at < inside.size() && text.size() < limit;) {
    if (inside[at] != '\\') {
      text += inside[at++];
      continue;
    }
    const Escape escape = escape_at(inside.substr(at + 1));
    append_utf8(text, escape.point);
    at += escape.length;
  }
  if (text.size() > limit) text.resize(limit);
  return text;
}

}  // namespace ts
