#pragma once

#include <string_view>

#include "accounting/base/result.hpp"
#include "accounting/budget/zone.hpp"

namespace ts::report {

/// A moment as people name it: "2026-11-21", "2026-11-21 18:00" or "2026-11-21T18:00" on the zone's wall clock, RFC 3339 with
/// an offset, "today", "yesterday", "now", or how long ago: "7d", "24h". `option` stands in messages.
/// Errors: invalid_argument with the accepted forms.
[[nodiscard]] Result<UtcTime> parse_moment(std::string_view text, const Zone& zone, UtcTime now, std::string_view option);

}  // namespace ts::report
