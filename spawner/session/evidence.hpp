#pragma once

#include <set>
#include <string>
#include <vector>

#include "accounting/budget/prices.hpp"
#include "accounting/ledger/recovery.hpp"

namespace ts::session {

/// The end of a run that could not write it itself: everything that its folder and its rows prove, each response once.
/// Outcome::crashed unless the folder holds the outcome (`end.json`).
[[nodiscard]] ledger::RunEnd end_from_evidence(const ledger::RunRecord& run, const std::vector<ledger::ResponseRow>& rows,
                                               const PriceBook& prices);

/// One row for each response that the run's folder proves (its stdout, its event log), for a ledger that may not have got them all.
[[nodiscard]] std::vector<ledger::ResponseRow> rows_from_evidence(const ledger::RunRecord& run, const PriceBook& prices);

/// The transcripts that the run had found to be its own, by its event log. A torn last line is passed over.
[[nodiscard]] std::set<std::string> followed_files(const ledger::RunStart& run);

/// The agent's sessions that the run's event log names: its own and its sub-agents'.
[[nodiscard]] std::set<std::string> logged_sessions(const ledger::RunStart& run);

}  // namespace ts::session
