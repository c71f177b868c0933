#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "accounting/base/result.hpp"
#include "accounting/usage/event.hpp"

namespace ts {

/// Reads the messages of an opencode database, one event per answer of a model. A forked session holds copies of its
/// past under new ids: a message that is older than its session counts once with what it was copied from.
/// Never writes, creates no file beside it, and may be used while opencode writes.
/// Absent: the database isn't opencode's. Errors: corrupt, busy, io, permission_denied.
[[nodiscard]] Result<std::optional<ParseStats>> read_opencode_db(const std::string& path, UsageSink& sink);

}  // namespace ts
