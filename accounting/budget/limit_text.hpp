#pragma once

#include <string_view>

#include "accounting/budget/cap.hpp"

namespace ts {

/// What a budget's limit says: `1.5M`, `$50`, as a TokenCap or a DollarCap.
/// Errors: as parse_cap(); the message names the text and what a limit may be.
[[nodiscard]] Result<CapSpec> parse_limit(std::string_view text);

}  // namespace ts
