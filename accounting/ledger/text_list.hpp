#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace ts::ledger {

/// A list of texts as one text: each item followed by a line end, with `\n` and `\\` written for a line end
/// and a backslash within an item. Lossless for any bytes, and readable in any SQL shell.
[[nodiscard]] std::string join_list(const std::vector<std::string>& items);

/// The inverse of join_list(). Text that join_list() did not write is read as far as it makes sense.
[[nodiscard]] std::vector<std::string> split_list(std::string_view text);

}  // namespace ts::ledger
