#pragma once

#include <set>
#include <string>

#include "accounting/base/result.hpp"
#include "accounting/usage/deeds.hpp"
#include "accounting/usage/event.hpp"

namespace ts {

/// What a reader of an agent's doings hears.
struct DeedSinks {
  UsageSink& usage;
  DeedSink& deeds;
};

/// Reads what was said, called and got back in these sessions of an opencode database: each message's deeds, then its usage, under the ids
/// that its usage is counted by (the message's). A session that another of them started is that one's sub-agent (the worker has its id). What a
/// fork copied is told once. Never writes, creates no file beside it, and may be used while opencode writes.
/// False: the database isn't opencode's. Errors: corrupt, busy, io, permission_denied.
[[nodiscard]] Result<bool> read_opencode_deeds(const std::string& path, const std::set<std::string>& sessions, DeedSinks sinks);

}  // namespace ts
