#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "accounting/ledger/statements.hpp"

// Who waits in front of the gate, in the order of coming, within a transaction that the caller has begun. A place is kept for as
// long as its run asks again and again: one that was killed loses it soon.

namespace ts::ledger {

/// A run that waits, and what it needs to start.
struct Waiting {
  std::string run;
  UtcTime since;
  std::set<std::string> claims;                 ///< keys
  std::map<long long, std::int64_t> budgets;    ///< number → what it reserves; 0: nothing, but there must be room
};

/// Takes a place at the end, or keeps the one it has, until `expires`.
void enqueue(Sql& sql, const Waiting& waiting, UtcTime expires);
void leave_queue(Sql& sql, const std::string& run);

/// How things stand, as the queue needs to know it.
struct Standing {
  std::function<std::int64_t(long long budget)> room;
  std::function<bool(const std::string& key)> is_free;
};

/// The first of those in front of a run (who isn't in the queue has all in front) that could start right now, and could not any
/// more if the run did. Who needs more than there is holds nobody up.
[[nodiscard]] std::optional<Waiting> next_before(Sql& sql, const Waiting& run, const Standing& standing, UtcTime now);

}  // namespace ts::ledger
