#pragma once

#include <string>
#include <vector>

#include "accounting/ledger/books.hpp"
#include "spawner/session/options.hpp"

namespace ts::session {

/// What was done about one run that a crash had left open, or that the ledger could not take when it ended.
struct Recovered {
  RunId run;
  std::string task_id;
  ledger::RunEnd end;
  bool settled = false;   ///< the ledger has the end
  std::string note;       ///< what could not be done, with the reason; empty: all is settled
};

/// Which runs a recovery looks at.
enum class RecoverScope {
  open_rows,   ///< rows of the ledger without an end whose process is dead
  everything,  ///< also run folders that the ledger does not know
};

/// Settles dead runs from all evidence: the ledger's rows, the raw stdout, the transcripts that the run had followed, and the
/// outcome in the run's folder if it got that far. Of the world only patterns and prices matter. Writes the task files. Safe to repeat, and while other runs live.
[[nodiscard]] Result<std::vector<Recovered>> recover(ledger::Books& books, const std::string& state_home,
                                                     const Surroundings& world, RecoverScope scope);

}  // namespace ts::session
