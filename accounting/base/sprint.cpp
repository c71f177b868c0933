#include "accounting/base/sprint.hpp"

#include <algorithm>

#include "accounting/base/ascii.hpp"

namespace ts {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// What stands behind the word "sprint" and its dash or blanks; the words themselves where that isn't said.
std::string_view without_the_word(std::string_view words) {
  constexpr std::string_view kWord = "sprint";
  if (!equal_ignoring_case(words.substr(0, kWord.size()), kWord)) return words;
  words.remove_prefix(kWord.size());
  const std::size_t at = words.find_first_not_of(" -_#");
  return at == std::string_view::npos ? words : words.substr(at);
}

}  // namespace

std::string sprint_named(std::string_view words) {
  const std::string_view number = without_the_word(words);
  const bool is_number = !number.empty() && std::ranges::all_of(number, is_digit);
  return is_number ? "SPRINT-" + std::string(number) : std::string(words);
}

}  // namespace ts
