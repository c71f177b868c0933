#include "accounting/usage/json_reader.hpp"

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#include <bit>
#include <utility>

namespace ts::json {
namespace {

constexpr bool is_space(char c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; }

constexpr bool is_scalar(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '+' || c == '.';
}

/// Whether the quote at `p` ends the string that began at `begin`: an even number of backslashes stands before it.
bool ends_string(const char* p, const char* begin) {
  const char* back = p;
  while (back > begin && back[-1] == '\\') --back;
  return ((p - back) & 1) == 0;
}

/// The closing quote of a string whose first character is at `p`. Null: the string is not closed.
const char* closing_quote(const char* p, const char* end) {
  const char* const begin = p;
#if defined(__SSE2__)
  const __m128i quotes = _mm_set1_epi8('"');
  for (; end - p >= 16; p += 16) {
    const __m128i bytes = _mm_loadu_si128(static_cast<const __m128i*>(static_cast<const void*>(p)));
    auto mask = static_cast<unsigned>(_mm_movemask_epi8(_mm_cmpeq_epi8(bytes, quotes)));
    for (; mask != 0; mask &= mask - 1)
      if (const char* quote = p + std::countr_zero(mask); ends_string(quote, begin)) return quote;
  }
#endif
  for (; p < end; ++p)
    if (*p == '"' && ends_string(p, begin)) return p;
  return nullptr;
}

}  // namespace

void Reader::white_space() {
  while (at_ < end_ && is_space(*at_)) ++at_;
}

char Reader::peek() {
  white_space();
  return at_ < end_ ? *at_ : '\0';
}

bool Reader::enter(char open) {
  if (peek() != open) return false;
  ++at_;
  first_ = true;
  return true;
}

bool Reader::string_token(std::string_view& value) {
  const char* close = closing_quote(at_ + 1, end_);
  if (close == nullptr) return fail();
  value = {at_ + 1, static_cast<std::size_t>(close - at_ - 1)};
  at_ = close + 1;
  return true;
}

/// Steps past the comma before the next key or element. 0: there is none, or the text is broken.
char Reader::next_member(char close) {
  char c = peek();
  const bool first = std::exchange(first_, false);
  if (c == close) {
    ++at_;
    return '\0';
  }
  if (!first) {
    if (c != ',') {
      fail();
      return '\0';
    }
    ++at_;
    c = peek();
  }
  if (c != '\0' && c != close) return c;
  fail();
  return '\0';
}

bool Reader::next_key(std::string_view& key) {
  const char c = next_member('}');
  if (c == '\0') return false;
  if (c != '"' || !string_token(key) || peek() != ':') return fail();
  ++at_;
  return true;
}

bool Reader::next_element() {
  return next_member(']') != '\0';
}

/// Passes over an object or array. Brackets must match; commas and colons inside are not looked at.
bool Reader::skip_nested() {
  std::array<bool, kMaxDepth> is_object;
  int depth = 0;
  while (at_ < end_) {
    const char c = *at_;
    switch (c) {
      case '"': {
        const char* close = closing_quote(at_ + 1, end_);
        if (close == nullptr) return fail();
        at_ = close + 1;
        continue;
      }
      case '{':
      case '[':
        if (depth == kMaxDepth) return fail();
        is_object[static_cast<std::size_t>(depth++)] = c == '{';
        break;
      case '}':
      case ']':
        if (is_object[static_cast<std::size_t>(--depth)] != (c == '}')) return fail();
        if (depth == 0) {
          ++at_;
          first_ = false;
          return true;
        }
        break;
      case ',':
      case ':':
        break;
      default:
        if (!is_scalar(c) && !is_space(c)) return fail();
    }
    ++at_;
  }
  return fail();
}

bool Reader::skip() {
  const char c = peek();
  if (c == '{' || c == '[') return skip_nested();
  if (c == '"') {
    std::string_view ignored;
    return string_token(ignored);
  }
  const char* begin = at_;
  while (at_ < end_ && is_scalar(*at_)) ++at_;
  return at_ > begin || fail();
}

bool Reader::string(std::string_view& value) {
  if (peek() == '"') return string_token(value);
  skip();
  return false;
}

bool Reader::raw(std::string_view& value) {
  peek();
  const char* begin = at_;
  if (!skip()) return false;
  value = {begin, static_cast<std::size_t>(at_ - begin)};
  return true;
}

CountState Reader::count(Tokens& value) {
  std::string_view text;
  if (!raw(text)) return CountState::bad;
  // A number that the text's end cuts off may lack digits.
  if (at_ == end_ && text.front() != '"') return CountState::bad;
  if (text == "null") return CountState::absent;
  if (text.front() == '"') text = text.substr(1, text.size() - 2);
  return parse_count(text, value);
}

bool Reader::at_end() { return peek() == '\0' && at_ == end_ && ok_; }

std::string_view member(std::string_view object, std::initializer_list<std::string_view> path) {
  for (const std::string_view name : path) {
    Reader reader(object);
    object = {};
    std::string_view key;
    if (!reader.enter_object()) return {};
    while (reader.next_key(key)) {
      if (key == name) {
        if (!reader.raw(object)) return {};
        break;
      }
      reader.skip();
    }
  }
  if (object.size() >= 2 && object.front() == '"') return object.substr(1, object.size() - 2);
  return object;
}

CountState parse_count(std::string_view digits, Tokens& value) {
  if (digits.empty() || digits.size() > 16) return CountState::bad;
  Tokens sum = 0;
  for (char c : digits) {
    if (c < '0' || c > '9') return CountState::bad;
    sum = sum * 10 + (c - '0');
  }
  if (sum > kMaxTokens || (digits.size() > 1 && digits.front() == '0')) return CountState::bad;
  value = sum;
  return CountState::good;
}

std::size_t find(std::string_view text, std::string_view needle) {
#if defined(__SSE2__)
  // Compares the needle's first and last byte at 16 places at once, and the rest only where both fit.
  const __m128i first = _mm_set1_epi8(needle.front());
  const __m128i last = _mm_set1_epi8(needle.back());
  const std::size_t reach = needle.size() - 1;
  std::size_t at = 0;
  for (; at + 16 + reach <= text.size(); at += 16) {
    const auto load = [&](std::size_t from) {
      return _mm_loadu_si128(static_cast<const __m128i*>(static_cast<const void*>(text.data() + from)));
    };
    const __m128i both = _mm_and_si128(_mm_cmpeq_epi8(load(at), first), _mm_cmpeq_epi8(load(at + reach), last));
    auto mask = static_cast<unsigned>(_mm_movemask_epi8(both));
    for (; mask != 0; mask &= mask - 1) {
      const std::size_t place = at + static_cast<std::size_t>(std::countr_zero(mask));
      if (std::memcmp(text.data() + place, needle.data(), needle.size()) == 0) return place;
    }
  }
  const std::size_t rest = text.substr(at).find(needle);
  return rest == std::string_view::npos ? rest : at + rest;
#else
  return text.find(needle);
#endif
}

bool has_key(std::string_view text, std::string_view quoted) {
  while (true) {
    const std::size_t at = find(text, quoted);
    if (at == std::string_view::npos) return false;
    if (at == 0 || text[at - 1] != '\\') return true;
    text.remove_prefix(at + 1);
  }
}

}  // namespace ts::json
