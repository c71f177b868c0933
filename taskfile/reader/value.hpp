#pragma once

#include <optional>
#include <string_view>

#include "taskfile/patterns.hpp"
#include "taskfile/reading.hpp"
#include "taskfile/text/quantity.hpp"

namespace ts::taskfile {

/// Between a written number and the words that stood in its place.
inline constexpr std::string_view kWordsJoiner = " \u00b7 ";

/// What stands in a field, and which bytes of it a write would replace. Offsets are relative to the text.
struct Value {
  FieldState state = FieldState::absent;
  ByteRange range;
  std::optional<Tokens> number;
  std::string_view joiner;  ///< what has to stand between a written number and the words after it
};

/// Reads the text of a field that holds a count, or shall. An echo of the estimate ("(Est: 25K)") and a comment stay outside the range.
[[nodiscard]] Value value_of_count(std::string_view text, const Patterns& patterns);

/// Reads any other field: it is a placeholder, or a value.
[[nodiscard]] Value value_of_text(std::string_view text, const Patterns& patterns);

/// The estimate on a line: the first quantity that can be a count of tokens; before it a small bare number ("phase 1: 20K") is none.
enum class TokenHint { label_names_tokens, value_must_show_it };
[[nodiscard]] std::optional<Quantity> token_quantity(std::string_view text, TokenHint hint);

/// The cap on a line: as the estimate, but of a product ("20K × 4 = 80K") the result.
[[nodiscard]] std::optional<Quantity> cap_quantity(std::string_view text);

}  // namespace ts::taskfile
