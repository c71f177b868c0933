#pragma once

#include <string>
#include <string_view>

namespace ts {

/// A sprint's name as the ledger keeps it: "SPRINT-7" for "7", "sprint 7", "Sprint-7"; any other name as it is.
[[nodiscard]] std::string sprint_named(std::string_view words);

}  // namespace ts
