#pragma once

#include <functional>
#include <map>

#include "accounting/ledger/gate.hpp"
#include "accounting/ledger/statements.hpp"

// Who waits in front of the gate, in the order of coming, within a transaction that the caller has begun. A place is kept for as
// long as its run asks again and again; one that was killed has lost it.

namespace ts::ledger {

/// What a waiting run needs to start.
struct Wants {
  std::map<std::string, std::int64_t> claims;   ///< key → the token that was handed over; 0: none
  std::map<long long, std::int64_t> budgets;    ///< number → what it reserves; 0: nothing, but there must be room
};

struct InQueue {
  Waiting who;
  Wants wants;
};

/// Takes a place at the end, or keeps the one it has, until `expires`. False: the place was taken away (cancel_place).
[[nodiscard]] bool take_place(Sql& sql, const InQueue& one, UtcTime now, UtcTime expires);
void leave_place(Sql& sql, const std::string& run);
/// The run is to give up. False: it doesn't wait.
[[nodiscard]] bool cancel_place(Sql& sql, const std::string& run);
/// Those who wait in front of a run, or all where it doesn't wait itself ("": all).
[[nodiscard]] std::vector<InQueue> in_front_of(Sql& sql, const std::string& run, UtcTime now);

/// How things stand, as the queue needs to know it.
struct Standing {
  std::function<std::int64_t(long long budget)> room;
  std::function<bool(const Waiting& who, const std::string& key, std::int64_t token)> may_claim;
  std::function<bool(const Owner&)> is_dead;
};

/// Lets those in front of a run take, in their order, what they could take right now. If not enough is left for the run then: the
/// first of them that takes what it needs. Who needs more than there is holds nobody up.
[[nodiscard]] std::optional<Waiting> next_before(Sql& sql, const InQueue& run, const Standing& standing, UtcTime now);

}  // namespace ts::ledger
