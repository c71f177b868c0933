#include "taskfile/text/quantity.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "accounting/base/ascii.hpp"
#include "taskfile/text/words.hpp"

namespace ts::taskfile {
namespace {

constexpr std::array<std::string_view, 7> kDashes = {"-", "\u2010", "\u2011", "\u2012", "\u2013", "\u2014", "\u2212"};
constexpr std::array<std::string_view, 5> kGroupBlanks = {" ", "\u00a0", "\u2009", "\u202f", "'"};
constexpr std::array<std::string_view, 5> kTokenWords = {"token", "tokens", "tok", "toks", "billable"};
constexpr auto kOtherWords = std::to_array<std::string_view>(
    {"turn",    "turns",    "m",       "min",     "mins",     "minute",  "minutes", "h",        "hr",       "hrs",     "hour",    "hours",
     "s",       "sec",      "secs",    "second",  "seconds",  "ms",      "d",       "day",      "days",     "week",    "weeks",   "file",
     "files",   "line",     "lines",   "loc",     "test",     "tests",   "point",   "points",   "call",     "calls",   "commit",  "commits",
     "phase",   "phases",   "usd",     "step",    "steps",    "sprint",  "sprints", "pts",      "row",      "rows",    "record",  "records",
     "message", "messages", "email",   "emails",  "contact",  "contacts", "user",   "users",    "request",  "requests", "insert", "inserts",
     "entry",   "entries",  "item",    "items",   "event",    "events",  "char",    "chars",    "character", "characters", "byte", "bytes"});

/// One number as it is written, before ranges and suffixes are shared.
struct Number {
  std::size_t begin = 0;
  std::size_t end = 0;
  double value = 0;      ///< without the suffix
  double scale = 0;      ///< 1000, 1e6; 0: no suffix
  bool grouped = false;
  std::string doubt;
};

std::size_t dash_at(std::string_view text) {
  for (const std::string_view dash : kDashes)
    if (text.starts_with(dash)) return dash.size();
  return 0;
}

std::size_t digits_at(std::string_view text) {
  return std::min(text.find_first_not_of("0123456789"), text.size());
}

/// Length of a separator at the start of `text` that groups thousands: it is followed by exactly three digits.
std::size_t group_at(std::string_view text, std::string_view separator) {
  if (!text.starts_with(separator) || digits_at(text.substr(separator.size())) != 3) return 0;
  return separator.size() + 3;
}

std::string_view group_separator(std::string_view rest) {
  for (const std::string_view separator : {std::string_view(","), std::string_view("_"), std::string_view(".")})
    if (group_at(rest, separator) != 0) return separator;
  for (const std::string_view separator : kGroupBlanks)
    if (group_at(rest, separator) != 0) return separator;
  return {};
}

/// Reads the digits at `at` with their groups and decimals. Its value is in `number.value`.
Number digits_from(std::string_view text, std::size_t at) {
  Number number;
  number.begin = at;
  std::size_t size = digits_at(text.substr(at));
  std::string digits(text.substr(at, size));
  std::size_t groups = 0;
  const std::string_view separator = size <= 3 ? group_separator(text.substr(at + size)) : std::string_view();
  while (!separator.empty()) {
    const std::size_t group = group_at(text.substr(at + size), separator);
    if (group == 0) break;
    digits += text.substr(at + size + separator.size(), 3);
    size += group;
    ++groups;
  }
  number.grouped = groups > 0;
  if (separator == "." && groups == 1) number.doubt = fmt::format("\"{}\" may be a fraction or thousands", text.substr(at, size));
  const std::string_view rest = text.substr(at + size);
  if (rest.size() > 1 && (rest[0] == '.' || (rest[0] == ',' && groups == 0)) && is_digit(rest[1])) {
    const std::size_t decimals = digits_at(rest.substr(1));
    if (rest[0] == ',') number.doubt = fmt::format("\"{}\": a comma that does not group thousands", text.substr(at, size + 1 + decimals));
    digits += '.';
    digits += rest.substr(1, decimals);
    size += 1 + decimals;
  }
  number.end = at + size;
  constexpr std::size_t kExact = 18;
  if (digits.size() > kExact && digits.find('.') < kExact) digits.resize(kExact);
  number.value = digits.size() > kExact ? 1e18 : std::stod(digits);
  return number;
}

void read_suffix(std::string_view text, Number& number) {
  std::size_t at = number.end;
  if (at < text.size() && text[at] == ' ') ++at;
  const std::string_view rest = text.substr(at);
  const std::size_t letters = static_cast<std::size_t>(
      std::find_if_not(rest.begin(), rest.end(), [](char c) { return is_letter(c); }) - rest.begin());
  const std::string word(rest.substr(0, letters));
  const std::string low = ascii_lower(word);
  double scale = 0;
  if (low == "k" || low == "thousand" || low == "kt" || low == "ktok" || low == "ktokens") scale = 1e3;
  if (word == "M" || low == "million" || low == "mio" || word == "Mtok" || word == "MTok") scale = 1e6;
  if (word == "m" && at == number.end && trim(rest.substr(letters)).starts_with("token")) scale = 1e6;  // alone they are minutes
  if (scale == 0) return;
  if (at != number.end && letters == 1 && word != "K" && word != "k" && word != "M") return;
  number.scale = scale;
  number.end = at + letters;
}

bool contains(const auto& words, std::string_view word) { return std::find(words.begin(), words.end(), word) != words.end(); }

/// What the text right after a quantity says about its unit.
Quantity::Unit unit_after(std::string_view rest) {
  const bool spaced = !rest.empty() && blank_at(rest) != 0;
  rest = trim(rest);
  if (rest.starts_with("%") || rest.starts_with("\u00d7")) return Quantity::Unit::other;
  if (rest.starts_with("-") && !spaced) rest.remove_prefix(1);
  std::size_t letters = 0;
  while (letters < rest.size() && is_letter(rest[letters])) ++letters;
  const std::string word = ascii_lower(rest.substr(0, letters));
  if (word.empty()) return Quantity::Unit::none;
  if (contains(kTokenWords, word)) return Quantity::Unit::tokens;
  if (word == "x" || contains(kOtherWords, word)) return Quantity::Unit::other;
  return spaced ? Quantity::Unit::none : Quantity::Unit::other;
}

/// Whether a number may start at `at`: not inside a word, an id, a date, a version, a path.
bool may_start(std::string_view text, std::size_t at) {
  if (at == 0) return true;
  const char before = text[at - 1];
  if (is_letter(before) || is_digit(before) || before == '_' || before == '#' || before == '/' || before == '$' || before == '.') return false;
  if (before == '-' || before == ':') return at < 2 || (!is_letter(text[at - 2]) && !is_digit(text[at - 2]));
  return !(static_cast<unsigned char>(before) >= 0xc0);
}

/// A factor ("x 0.5", "× 1.2") stands before the number.
bool after_factor(std::string_view text, std::size_t at) {
  std::string_view before = trim(text.substr(0, at));
  if (before.ends_with("~")) before = trim(before.substr(0, before.size() - 1));
  if (before.ends_with("\u00d7")) return true;
  if (!before.ends_with("x") && !before.ends_with("X")) return false;
  return before.size() < 2 || !is_letter(before[before.size() - 2]);
}

/// Where a range's second number begins, after the dash or "to" behind the first one, which is [begin, at); npos: no range goes on here.
std::size_t range_continues(std::string_view text, std::size_t begin, std::size_t at) {
  std::string_view before = trim(text.substr(0, begin));
  if (before.ends_with("~")) before = trim(before.substr(0, before.size() - 1));
  const bool after_between = ascii_lower(before).ends_with("between");
  std::size_t i = at;
  while (i < text.size() && blank_at(text.substr(i)) != 0) i += blank_at(text.substr(i));
  if (const std::size_t dash = dash_at(text.substr(i))) {
    i += dash;
  } else if (i > at && text.substr(i).starts_with("to ")) {
    i += 3;
  } else if (i > at && after_between && text.substr(i).starts_with("and ")) {
    i += 4;
  } else if (text.substr(i).starts_with("..")) {
    i += 2;
  } else {
    return std::string_view::npos;
  }
  while (i < text.size() && (blank_at(text.substr(i)) != 0)) i += blank_at(text.substr(i));
  if (i < text.size() && text[i] == '~') ++i;
  return i < text.size() && is_digit(text[i]) ? i : std::string_view::npos;
}

Tokens to_tokens(double value) {
  return value >= static_cast<double>(kMaxTokens) ? kMaxTokens : static_cast<Tokens>(std::llround(value));
}

void fill(Quantity& quantity, const Number& low, const Number& high) {
  double low_scale = low.scale;
  double high_scale = high.scale;
  if (low_scale == 0 && high_scale != 0 && low.value <= high.value) low_scale = high_scale;
  if (high_scale == 0 && low_scale != 0 && high.value < low.value * low_scale) high_scale = low_scale;
  const Tokens a = to_tokens(low.value * std::max(low_scale, 1.0));
  const Tokens b = to_tokens(high.value * std::max(high_scale, 1.0));
  quantity.low = std::min(a, b);
  quantity.high = std::max(a, b);
  quantity.suffixed = low_scale != 0 || high_scale != 0;
  quantity.doubt = low.doubt.empty() ? high.doubt : low.doubt;
}

/// Where the struck text (`~~8K~~`) that begins at `at` ends; npos: none begins there.
std::size_t struck_end(std::string_view text, std::size_t at) {
  if (!text.substr(at).starts_with("~~") || blank_at(text.substr(at + 2)) != 0) return std::string_view::npos;
  const std::size_t close = text.find("~~", at + 3);
  if (close == std::string_view::npos || text.find_first_of("0123456789", at) > close) return std::string_view::npos;
  return close + 2;
}

/// What stands between two quantities is an arrow: the second one replaces the first.
bool is_arrow(std::string_view between) {
  while (!between.empty() && (between.front() == '*' || between.front() == '`')) between.remove_prefix(1);
  between = trim(between);
  for (const std::string_view word : {"tokens", "token"})
    if (between.starts_with(word)) between = trim(between.substr(word.size()));
  while (!between.empty() && (between.back() == '*' || between.back() == '`')) between.remove_suffix(1);
  between = trim(between);
  return between == "\u2192" || between == "->" || between == "=>";
}

void drop_replaced(std::string_view text, std::vector<Quantity>& found) {
  for (std::size_t i = 0; i + 1 < found.size();) {
    const bool same = found[i].unit != Quantity::Unit::other && found[i + 1].unit != Quantity::Unit::other;
    if (same && is_arrow(text.substr(found[i].end, found[i + 1].begin - found[i].end))) found.erase(found.begin() + static_cast<std::ptrdiff_t>(i));
    else ++i;
  }
}

}  // namespace

std::vector<Quantity> quantities(std::string_view text) {
  std::vector<Quantity> found;
  for (std::size_t at = 0; at < text.size();) {
    if (const std::size_t end = struck_end(text, at); end != std::string_view::npos) {
      at = end;
      continue;
    }
    if (!is_digit(text[at])) {
      ++at;
      continue;
    }
    if (!may_start(text, at)) {
      at += digits_at(text.substr(at));
      continue;
    }
    Number low = digits_from(text, at);
    read_suffix(text, low);
    Number high = low;
    if (const std::size_t next = range_continues(text, at, low.end); next != std::string_view::npos) {
      high = digits_from(text, next);
      read_suffix(text, high);
    }
    Quantity quantity;
    quantity.begin = at > 0 && text[at - 1] == '~' ? at - 1 : at;
    quantity.end = high.end;
    fill(quantity, low, high);
    quantity.unit = after_factor(text, at) ? Quantity::Unit::other : unit_after(text.substr(high.end));
    const std::string_view next = trim(text.substr(high.end));
    quantity.word_follows = quantity.unit == Quantity::Unit::none && !next.empty() && is_letter(next.front());
    const bool multiplied = quantity.suffixed && next.starts_with("\u00d7");  // "50K × 0.5": the count comes first
    if (multiplied) quantity.unit = Quantity::Unit::none;
    at = high.end;
    const bool chained = at + 1 < text.size() && text[at] == '-' && is_digit(text[at + 1]);  // 2026-01-05
    if (chained) {
      at = std::min(text.find_first_not_of("0123456789-", at), text.size());
      continue;
    }
    found.push_back(std::move(quantity));
  }
  drop_replaced(text, found);
  return found;
}

}  // namespace ts::taskfile
