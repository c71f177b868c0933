#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <initializer_list>
#include <string_view>

#include "accounting/base/units.hpp"

namespace ts::json {

/// What a value in the place of a token count was.
enum class CountState : std::uint8_t {
  absent,  ///< null
  good,    ///< an integer in [0, kMaxTokens], or a string that holds nothing but one
  bad,     ///< negative, a fraction, with an exponent, past kMaxTokens, or no number at all
};

/// A pull reader over one JSON text in place: no copy, no padding, no allocation. It is lenient where agents are sloppy (bytes
/// in strings are not checked: NUL and invalid UTF-8 pass) and strict about what could move a count (structure, numbers).
/// Keys and strings are given as they stand in the text, escapes not undone. After a failure every call fails.
/// Lifetime: the text must outlive the reader and all views that it gives.
class Reader {
 public:
  static constexpr int kMaxDepth = 512;

  explicit Reader(std::string_view text) : at_(text.data()), end_(text.data() + text.size()) {}

  /// The first character of the next value; 0 at the end of the text.
  char peek();
  /// Consumes "{"; false (nothing consumed) if the next value is not an object.
  bool enter_object() { return enter('{'); }
  bool enter_array() { return enter('['); }
  /// The next key of the object that was entered, up to its colon. False: "}" was consumed, or the text is broken.
  bool next_key(std::string_view& key);
  /// Goes to the next element of the array that was entered. False: "]" was consumed, or the text is broken.
  bool next_element();
  /// Passes over one value of any kind.
  bool skip();
  /// Reads a string. Any other value is passed over and gives false.
  bool string(std::string_view& value);
  /// Passes over one value and gives its text.
  bool raw(std::string_view& value);
  /// Reads a count; `value` is set only if it is good.
  CountState count(Tokens& value);

  [[nodiscard]] bool ok() const { return ok_; }
  /// Nothing was broken and nothing but white space follows.
  bool at_end();
  [[nodiscard]] const char* position() const { return at_; }

 private:
  bool enter(char open);
  bool string_token(std::string_view& value);
  char next_member(char close);
  bool skip_nested();
  void white_space();
  bool fail() {
    ok_ = false;
    at_ = end_;
    return false;
  }

  const char* at_;
  const char* end_;
  bool ok_ = true;
  bool first_ = false;  ///< the next key or element is the first of its object or array
};

/// The text of the value that stands at `path` within an object's text; a string without its quotes.
/// Empty: there is none, or the text is broken before it. For lines that are rare: each step reads anew.
[[nodiscard]] std::string_view member(std::string_view object, std::initializer_list<std::string_view> path);

/// Text of a non-negative integer → count. Used for numbers and for strings that hold one.
[[nodiscard]] CountState parse_count(std::string_view digits, Tokens& value);

/// Where `needle` (2 to 32 bytes) first occurs in `text`, npos if nowhere. Faster than memmem on long lines.
[[nodiscard]] std::size_t find(std::string_view text, std::string_view needle);

/// Whether `quoted` (a key with its quotes) stands in the text with its first quote not escaped. What stands within a string
/// has its quotes escaped, so this is false for it. True is only a reason to read on: it may be a value, not a key.
[[nodiscard]] bool has_key(std::string_view text, std::string_view quoted);

}  // namespace ts::json
