#pragma once

#include <chrono>
#include <optional>
#include <string_view>

namespace ts {

/// A wall clock's "2026-11-21 18:00:05.123": "T" may stand for the blank, seconds and fraction may be missing, as may be the
/// time. Absent: it isn't one.
[[nodiscard]] std::optional<std::chrono::local_time<std::chrono::microseconds>> parse_wall(std::string_view text);

}  // namespace ts
