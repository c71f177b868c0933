#pragma once

#include <string>
#include <vector>

#include "accounting/budget/prices.hpp"
#include "accounting/ledger/ledger.hpp"

namespace ts::cli {

/// Runs as `ps` and `watch` show them, a header above. Asks the ledger for the responses of live runs that are capped in
/// dollars, for their rows hold no cost yet.
[[nodiscard]] std::string run_table(ledger::Ledger& ledger, const std::vector<ledger::RunRecord>& runs, const PriceBook& prices, UtcTime now);

/// What a live run says it does: "running", "held" (its requests wait for a decision), "stopping"; empty where it doesn't answer.
[[nodiscard]] std::string phase_of(const ledger::RunRecord& run);

/// What a run has spent, in its cap's formula: "12.3K", "$0.84"; "-" where no meter has seen anything.
[[nodiscard]] std::string spent_text(ledger::Ledger& ledger, const ledger::RunRecord& run, const PriceBook& prices);
/// "40K", "$5.00", "none".
[[nodiscard]] std::string limit_text(const ledger::Cap& cap);

}  // namespace ts::cli
