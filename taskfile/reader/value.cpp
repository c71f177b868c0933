#include "taskfile/reader/value.hpp"

#include <algorithm>
#include <string>

#include "accounting/base/ascii.hpp"
#include "taskfile/text/words.hpp"

namespace ts::taskfile {
namespace {

constexpr Tokens kBareTokens = 1000;  ///< a number without K and without "tokens" counts as tokens from here on
constexpr Tokens kOrdinal = 100;      ///< up to here a bare number before a quantity is a phase, a part, a version
constexpr Tokens kFirstYear = 1990;
constexpr Tokens kLastYear = 2099;

bool is_year(const Quantity& quantity, std::string_view text) {
  const std::string_view digits = text.substr(quantity.begin, quantity.end - quantity.begin);
  return quantity.low >= kFirstYear && quantity.high <= kLastYear && digits.size() == 4 && !trim(text.substr(0, quantity.begin)).empty();
}

/// Whether the quantity itself says that it counts tokens.
bool shows_tokens(const Quantity& quantity, std::string_view text) {
  if (quantity.unit == Quantity::Unit::tokens || quantity.suffixed) return true;
  return quantity.high >= kBareTokens && !quantity.word_follows && !is_year(quantity, text);
}

/// Where an echo of the estimate or a comment begins: "(Est: 25K)", "Est: 25K", "<!-- … -->". npos: none.
std::size_t echo_at(std::string_view text) {
  const std::string low = ascii_lower(text);
  std::size_t at = std::string::npos;
  for (const std::string_view sign : {"(est", "(pm est", "(planned", "(budget", "<!--"}) at = std::min(at, low.find(sign));
  if (low.starts_with("est:") || low.starts_with("est.:") || low.starts_with("estimate:")) at = 0;
  return at;
}

/// "(estimated)" beside a number is a remark about that number and not the echo of an estimate.
bool echoes_number(std::string_view text, std::size_t at) {
  return text.substr(at).starts_with("<!--") || !quantities(text.substr(at)).empty() || ascii_lower(text.substr(at)).starts_with("(est: y");
}

bool is_blank_to_fill(std::string_view core) {
  if (ascii_lower(core).ends_with(" tokens")) core.remove_suffix(std::string_view(" tokens").size());
  return core.empty() || core.find_first_not_of("_~K% kX") == std::string_view::npos;
}

bool is_placeholder(std::string_view core, const Patterns& patterns) {
  if (is_blank_to_fill(core)) return true;
  const std::string low = ascii_lower(core);
  return std::any_of(patterns.placeholders.begin(), patterns.placeholders.end(), [&](const std::string& p) { return fits(p, low); });
}

/// The part of `core` before a number that only a placeholder is set against: "~XK" of "~XK / 25K", "TBD" of "TBD (target 25K)". Empty: none.
std::string_view unfilled_part(std::string_view core, std::size_t number, const Patterns& patterns) {
  for (const std::string_view sign : {" (", " [", "/", ", ", " of ", " vs", " - ", " \u2013 ", " \u2014 "}) {
    const std::size_t at = core.find(sign);
    if (at == std::string_view::npos || at >= number) continue;
    const std::string_view part = trim(core.substr(0, at));
    if (!part.empty() && is_placeholder(bare(part), patterns)) return part;
  }
  return {};
}

ByteRange range_of(std::string_view part, std::string_view whole) {
  const std::size_t begin = static_cast<std::size_t>(part.data() - whole.data());
  return {begin, begin + part.size()};
}

}  // namespace

Value value_of_text(std::string_view text, const Patterns& patterns) {
  Value value;
  const std::size_t echo = echo_at(text);
  const bool cut = echo != std::string_view::npos && echo > 0 && echoes_number(text, echo);
  const std::string_view core = trim(cut ? text.substr(0, echo) : text);
  value.range = range_of(core, text);
  value.state = is_placeholder(bare(core), patterns) ? FieldState::placeholder : FieldState::value;
  return value;
}

Value value_of_count(std::string_view text, const Patterns& patterns) {
  Value value;
  const std::size_t echo = echo_at(text);
  const bool cut = echo != std::string_view::npos && (echo == 0 || echoes_number(text, echo));
  const std::string_view core = trim(cut ? text.substr(0, echo) : text);
  value.range = core.empty() ? ByteRange{0, 0} : range_of(core, text);
  if (core.empty() && cut && !text.empty()) value.joiner = " ";
  const std::string_view word = bare(core);
  const bool bracketed = word.starts_with("<") || word.starts_with("[") || word.starts_with("{");
  const std::vector<Quantity> found = quantities(core);
  const auto count = std::find_if(found.begin(), found.end(), [](const Quantity& q) { return q.unit != Quantity::Unit::other; });
  const std::string_view unfilled = count != found.end() ? unfilled_part(core, count->begin, patterns) : std::string_view();
  if (!unfilled.empty()) {
    value.state = FieldState::placeholder;
    value.range = range_of(unfilled, text);
    return value;
  }
  if (count != found.end() && !bracketed) {
    value.state = FieldState::value;
    value.number = count->high;
    value.range = {value.range.begin + count->begin, value.range.begin + count->end};
    return value;
  }
  value.state = FieldState::placeholder;
  if (is_placeholder(word, patterns)) return value;
  if (!found.empty()) {
    value.state = FieldState::value;  // a number of something else
    return value;
  }
  value.range.end = value.range.begin;  // words instead of a number: they stay behind it
  value.joiner = kWordsJoiner;
  return value;
}

std::optional<Quantity> token_quantity(std::string_view text, TokenHint hint) {
  std::optional<Quantity> small;
  for (Quantity& quantity : quantities(text)) {
    if (quantity.unit == Quantity::Unit::other) continue;
    if (shows_tokens(quantity, text)) return std::move(quantity);
    if (hint == TokenHint::value_must_show_it || small) continue;
    if (quantity.high == 0 || quantity.high > kOrdinal) return std::move(quantity);
    small = std::move(quantity);
  }
  return small;
}

std::optional<Quantity> cap_quantity(std::string_view text) {
  auto first = token_quantity(text, TokenHint::label_names_tokens);
  const std::size_t equals = text.find('=');
  if (!first || equals == std::string_view::npos || equals < first->end) return first;
  const std::string_view rest = trim(text.substr(first->end, equals - first->end));
  const bool multiplied = rest.starts_with("\u00d7") || rest.starts_with("*") || ((rest.starts_with("x") || rest.starts_with("X")) && rest.size() > 1);
  if (!multiplied) return first;
  auto product = token_quantity(text.substr(equals + 1), TokenHint::label_names_tokens);
  return product ? product : first;
}

}  // namespace ts::taskfile
