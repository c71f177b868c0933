#pragma once

#include <array>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "accounting/ledger/budgets.hpp"
#include "accounting/ledger/claims.hpp"
#include "accounting/ledger/records.hpp"

namespace ts::ledger {

/// What a run may spend at most, by each measure. Absent: its cap doesn't bound that measure. Of a budget in such a measure is
/// reserved what the agent's past runs came to for each unit of the cap; nothing where there were none.
using Reserve = std::array<std::optional<std::int64_t>, 5>;  // by Measure

/// A run's cap as what it reserves.
[[nodiscard]] Reserve reserve_of(const Cap& cap);

/// What to do where a budget has less room than the run's cap.
enum class WhenShort {
  refuse,   ///< deny
  cut_cap,  ///< let it start with what is left, if that is at least `least`
};

struct GateRequest {
  RunStart run;  ///< its process too: who waits and is dead has no place in the queue
  Reserve reserve = {};
  WhenShort when_short = WhenShort::refuse;
  std::int64_t least = 1;  ///< the smallest cap that is worth a start, in the cap's unit
  std::optional<ClaimRequest> claim = {};  ///< the task's: it fences the run's writes to the task
  std::vector<ClaimRequest> also = {};     ///< what else the run must have, such as an issue
  std::optional<std::chrono::seconds> queue = {};  ///< denied: its place is kept so long, unless it asks again. Absent: it doesn't wait
  std::function<bool(const Owner&)> is_dead = {};  ///< as in ClaimRequest, of those who wait
};

enum class Verdict {
  allowed,
  cut,  ///< allowed with a lower cap
  denied,
};
[[nodiscard]] std::string_view name_of(Verdict verdict);

/// Why a run may not start now.
enum class Obstacle {
  none,
  budget,
  claim,
  queue,  ///< what there is is another's, who has waited for it and will take it in a moment
};
[[nodiscard]] std::string_view name_of(Obstacle obstacle);

struct GateAnswer {
  Verdict verdict = Verdict::allowed;
  Obstacle obstacle = Obstacle::none;
  std::string reason;  ///< for people, one line; empty where allowed
  Cap cap;             ///< the run's, cut where it had to be
  std::optional<std::int64_t>
      room;  ///< the least headroom in the cap's unit, by the rate of past runs where the budget has another. Absent: not known
  std::vector<BudgetState> budgets;   ///< all that cover the run, as they stood before it
  std::optional<ClaimOutcome> claim;  ///< where one was asked for; where another stands in the way, that one
  std::optional<UtcTime> ask_again;   ///< denied: when the obstacle may be gone by itself. Absent: not known
  bool never = false;      ///< denied: it needs more than a budget has when nothing is spent
  bool cancelled = false;  ///< denied: somebody told it to wait no longer
};

/// A run that waits in front of the gate.
struct Waiting {
  Owner owner;
  std::string task;    ///< its id, else its file; may be empty
  std::string agent;
  std::string reason;  ///< why it may not start, as it was told last
  UtcTime since;
};

/// Decides on launches.
class Gate {
 public:
  virtual ~Gate() = default;

  /// What admit() would say; takes nothing and writes nothing.
  [[nodiscard]] virtual Result<GateAnswer> ask(const GateRequest& request, UtcTime now) = 0;
  /// Unless denied: the claim, the reservations and the run's row, in one transaction. Durability: on disk.
  /// A budget that has no room left denies even a run that reserves nothing.
  /// Errors: already_exists (the run's id).
  [[nodiscard]] virtual Result<GateAnswer> admit(const GateRequest& request, UtcTime now) = 0;
  /// Gives up the place of a run that waited.
  [[nodiscard]] virtual Result<void> leave_queue(const RunId& run) = 0;
  /// Tells a run that waits to give up. Errors: not_found (it doesn't wait).
  [[nodiscard]] virtual Result<void> cancel_waiting(const RunId& run) = 0;
  /// Who waits, in the order of coming.
  [[nodiscard]] virtual Result<std::vector<Waiting>> waiting(UtcTime now) = 0;
  /// A live run's new cap: reserves more, or gives back. Errors: refused (no room; the message says which
  /// budget), not_found.
  [[nodiscard]] virtual Result<void> change_cap(const RunId& run, const Cap& cap, UtcTime now) = 0;
  /// Before a write to the task that only its owner may do. Errors: conflict (a later run has claimed it),
  /// not_found (the run).
  [[nodiscard]] virtual Result<void> may_write_task(const RunId& run) = 0;
};

}  // namespace ts::ledger
