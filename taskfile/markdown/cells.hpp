#pragma once

#include <string_view>
#include <vector>

#include "taskfile/document.hpp"

namespace ts::taskfile {

/// The cells of a table row, each without the pipes around it but with its padding. Offsets are relative to `line`.
/// Pipes behind a backslash or inside a code span that closes in the same row do not split. Empty: `line` is no row.
[[nodiscard]] std::vector<ByteRange> cells_of(std::string_view line);

/// Whether `line` is the `|---|:--:|` row under a table's head.
[[nodiscard]] bool is_delimiter_row(std::string_view line);

}  // namespace ts::taskfile
