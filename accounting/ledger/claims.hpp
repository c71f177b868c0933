#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "accounting/base/result.hpp"
#include "accounting/base/units.hpp"

namespace ts::ledger {

/// Who works on a task: so much that another process can tell whether the owner still lives.
struct Owner {
  std::string run;  ///< run id; empty: claimed by hand, without a run
  std::string host;
  std::int64_t pid = 0;               ///< 0: of no process; only the lease tells
  std::uint64_t pid_start_ticks = 0;  ///< of no process: a number that tells one claim by hand from another
  std::string boot_id;
  std::string note;  ///< for people: who and why; may be empty
  friend bool operator==(const Owner&, const Owner&) = default;
};

/// A claim as the ledger holds it.
struct Claim {
  std::string key;  ///< what is claimed: a task's file, an issue's URL
  Owner owner;
  std::int64_t token =
      0;  ///< rises with each new owner of the key, for ever: an older token is a former owner's
  UtcTime taken;
  UtcTime expires;  ///< each heartbeat of the owner's run moves it on
  friend bool operator==(const Claim&, const Claim&) = default;
};

struct ClaimRequest {
  std::string key;
  Owner owner;
  std::chrono::seconds lease{300};
  /// Asked about a holder whose lease still runs: true if it is certainly dead, so that its claim may be
  /// taken over at once. Absent: a lease is always waited for.
  std::function<bool(const Owner&)> is_dead = {};
  /// The token of a claim that its owner hands over (`claim` by hand, then the run): who knows it takes it.
  std::optional<std::int64_t> handed_over = {};
};

/// What became of a request.
struct ClaimOutcome {
  bool granted = false;
  Claim claim;                      ///< the new claim, or the one that stands in the way
  std::optional<Owner> taken_from;  ///< granted by takeover: from whom
};

/// One owner a task, at most, however many processes ask at once.
class Claims {
 public:
  virtual ~Claims() = default;

  /// Takes the key if nobody holds it, its lease has run out, or its owner is dead. The owner itself (same
  /// run, or same process) gets its own claim again, renewed. Errors: invalid_argument (empty key).
  [[nodiscard]] virtual Result<ClaimOutcome> take(const ClaimRequest& request, UtcTime now) = 0;
  /// Moves the end of the lease to now + lease, never back. Errors: conflict (somebody else has it now),
  /// not_found.
  [[nodiscard]] virtual Result<Claim> renew(const std::string& key, std::int64_t token,
                                            std::chrono::seconds lease, UtcTime now) = 0;
  /// Before a write that only the owner may do. Errors: conflict (a later owner exists; the message names
  /// it), not_found.
  [[nodiscard]] virtual Result<void> verify(const std::string& key, std::int64_t token) = 0;
  /// Gives the key back; giving back what a later owner has changes nothing.
  [[nodiscard]] virtual Result<void> release(const std::string& key, std::int64_t token) = 0;
  /// Takes the key away from whoever has it (`release --force`). Absent: nobody had it.
  [[nodiscard]] virtual Result<std::optional<Claim>> revoke(const std::string& key) = 0;

  /// Absent: nobody has it. A claim whose lease has run out still stands here until somebody takes it.
  [[nodiscard]] virtual Result<std::optional<Claim>> find(const std::string& key) = 0;
  /// All that are held, by key.
  [[nodiscard]] virtual Result<std::vector<Claim>> list() = 0;
};

/// "run 7f3k2m (pid 4242 on host-a)".
[[nodiscard]] std::string describe(const Owner& owner);
/// "run 7f3k2m (pid 4242 on host-a, since 2026-11-21T12:00:00.000Z)": for messages.
[[nodiscard]] std::string describe(const Claim& claim);

}  // namespace ts::ledger
