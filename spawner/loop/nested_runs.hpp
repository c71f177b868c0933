#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "accounting/base/units.hpp"
#include "spawner/control/protocol.hpp"

namespace ts::loop {

/// What runs within this one may take of its cap: each has a lease, and what is leased is nobody else's. Pure.
class NestedRuns {
 public:
  /// What the run may spend in all: what it was given, be it less than what it has spent. `free`: of the cap, what neither was spent nor may be spent by others; the run's own lease is not in it.
  [[nodiscard]] std::int64_t draw(const control::DrawRequest& request, std::int64_t free, MonoTime now);
  /// Leases of runs that have said nothing for half a minute go back: such a run was killed. (A living one speaks every few seconds.)
  void expire(MonoTime now);
  /// Leased and not spent.
  [[nodiscard]] std::int64_t reserved() const;

 private:
  struct Lease {
    std::int64_t granted = 0;
    std::int64_t spent = 0;
    MonoTime heard;
  };
  std::map<std::string, Lease> leases_;   ///< of runs that are not over
};

/// The run around this one, as it answered at the start.
struct RunAround {
  std::string socket;
  std::string run;
  Formula formula = Formula::fresh;   ///< of its cap
};

/// The bounds that a run within another one has from it. There is one only where there is a RunAround.
struct ParentLink {
  std::optional<std::int64_t> most;   ///< this run's own cap; absent: it has none of its own
};

}  // namespace ts::loop
