#pragma once

#include <string>

namespace ts::cli {

/// Of an option that says how many: what is wrong with the text. Empty: it is from 1 to 999,999,999.
[[nodiscard]] std::string check_how_many(const std::string& text);

}  // namespace ts::cli
