#include "taskfile/text/words.hpp"

#include <array>

#include "accounting/base/ascii.hpp"

namespace ts::taskfile {
namespace {

/// Blanks of more than one byte: no-break, figure, thin and narrow spaces, zero-width and text direction marks.
constexpr std::array<std::string_view, 18> kWideBlanks = {
    "\u00a0", "\u2002", "\u2003", "\u2007", "\u2008", "\u2009", "\u200b", "\u200e", "\u200f",
    "\u202a", "\u202b", "\u202c", "\u202d", "\u202e", "\u202f", "\u2066", "\u2067", "\u2069"};

std::size_t blank_at_end(std::string_view text) {
  if (text.empty()) return 0;
  if (text.back() == ' ' || text.back() == '\t') return 1;
  for (const std::string_view blank : kWideBlanks)
    if (text.ends_with(blank)) return blank.size();
  return 0;
}

/// Without a leading sign of its own: an emoji or a symbol with a blank behind it, as before "📊 Estimated Tokens".
std::string_view without_sign(std::string_view text) {
  std::size_t marks = 0;
  while (marks < text.size() && (text[marks] == '*' || text[marks] == '_')) ++marks;
  std::size_t at = marks;
  const auto byte = [&](std::size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U; };
  while (byte(at) == 0xf0 || byte(at) == 0xe2 || (byte(at) == 0xef && byte(at + 1) == 0xb8)) at += byte(at) == 0xf0 ? 4U : 3U;
  const bool sign = at > marks && at + 1 < text.size() && blank_at(text.substr(at)) != 0;
  return sign ? trim(text.substr(at)) : text;
}

bool is_mark(char c) { return c == '*' || c == '_' || c == '`'; }

}  // namespace

std::size_t blank_at(std::string_view text) {
  if (text.empty()) return 0;
  if (text.front() == ' ' || text.front() == '\t') return 1;
  if (static_cast<unsigned char>(text.front()) < 0x80) return 0;
  for (const std::string_view blank : kWideBlanks)
    if (text.starts_with(blank)) return blank.size();
  return 0;
}

std::string_view trim(std::string_view text) {
  while (const std::size_t size = blank_at(text)) text.remove_prefix(size);
  while (const std::size_t size = blank_at_end(text)) text.remove_suffix(size);
  return text;
}

std::string_view bare(std::string_view part) {
  part = trim(part);
  while (part.size() >= 2 && is_mark(part.front()) && part.front() == part.back()) {
    if (part.find_first_not_of(part.front()) == std::string_view::npos) break;  // "___" is a blank to fill in
    part = trim(part.substr(1, part.size() - 2));
  }
  return part;
}

std::string label_of(std::string_view text) {
  std::string out;
  text = without_sign(trim(text));
  while (!text.empty()) {
    if (const std::size_t size = blank_at(text)) {
      if (!out.empty() && out.back() != ' ') out += ' ';
      text.remove_prefix(size);
      continue;
    }
    const bool inside_word = text.front() == '_' && !out.empty() && out.back() != ' ' && text.size() > 1 && is_letter(text[1]);
    if (!is_mark(text.front()) || inside_word) out += text.front();
    text.remove_prefix(1);
  }
  while (!out.empty() && (out.back() == ':' || out.back() == ' ')) out.pop_back();
  return ascii_lower(out);
}

bool fits(std::string_view pattern, std::string_view text) {
  std::size_t p = 0;
  std::size_t t = 0;
  std::size_t star = std::string_view::npos;
  std::size_t resume = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      resume = t;
    } else if (p < pattern.size() && pattern[p] == text[t]) {
      ++p;
      ++t;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      t = ++resume;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

}  // namespace ts::taskfile
