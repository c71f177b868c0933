#pragma once

#include <string>

#include "accounting/budget/zone.hpp"

namespace ts::ledger {

/// The zone of a name such as "Europe/Berlin" or "+05:30"; files are read once a process from $TZDIR or
/// /usr/share/zoneinfo. Errors: invalid_argument (no such zone; says what is accepted), corrupt, unsupported,
/// io. Thread: not safe.
[[nodiscard]] Result<Zone> load_zone(const std::string& name);

}  // namespace ts::ledger
