#pragma once

#include <string>
#include <vector>

#include "accounting/budget/prices.hpp"
#include "accounting/ledger/ledger.hpp"

namespace ts::cli {

/// Runs as `ps` and `watch` show them, a header above. Asks the ledger for the responses of live runs that are capped in
/// dollars, for their rows hold no cost yet.
[[nodiscard]] std::string run_table(ledger::Ledger& ledger, const std::vector<ledger::RunRecord>& runs, const PriceBook& prices, UtcTime now);

}  // namespace ts::cli
