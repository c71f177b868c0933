#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "accounting/base/units.hpp"

namespace ts::taskfile {

/// A number or a range in running text, read as a count: "~15-20K", "8,000 tokens", "1.5M", "10 000", "10k–15k".
struct Quantity {
  enum class Unit { none, tokens, other };  ///< other: turns, minutes, files, percent, dollars, a factor …
  std::size_t begin = 0;  ///< of the text that was read, the `~` included
  std::size_t end = 0;    ///< after the last digit or suffix; the unit's word is not part of it
  Tokens low = 0;
  Tokens high = 0;
  Unit unit = Unit::none;
  bool suffixed = false;      ///< written with K or M
  bool word_follows = false;  ///< and it is no unit that is known: "2,000 rows"
  std::string doubt;          ///< why the digits have more than one reading ("10.000"); empty: none
};

/// All quantities of one line, in their order. Digits that are part of a word, an id, a date or a version are none;
/// neither is what was struck ("~~8K~~ 12K") or replaced ("8K → 12K").
[[nodiscard]] std::vector<Quantity> quantities(std::string_view text);

}  // namespace ts::taskfile
