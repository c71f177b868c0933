#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace ts {

/// The names under which a model may stand in a price list, the most literal first: `us.anthropic.claude-sonnet-4-5-
/// 20250929-v1:0[1m]` → … → `claude-sonnet-4-5`. Only decorations that are known are taken off.
[[nodiscard]] std::vector<std::string> price_name_candidates(std::string_view name);

}  // namespace ts
