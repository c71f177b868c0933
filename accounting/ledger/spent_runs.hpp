#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "accounting/base/result.hpp"
#include "accounting/ledger/history.hpp"

namespace ts::ledger {

/// More past runs tell no more of what is usual now.
inline constexpr std::size_t kNewestSpent = 200;

/// The newest `most` runs of a role that have ended, newest first, with what it takes to compare what they spent: id, agent, role, category,
/// end, outcome, `metered` and the counts; all else is left as it is in a fresh PastRun. For a command that should not be felt: without a
/// ledger's other duties, and a third of the columns, it takes half the time of Ledger::past_runs. Never creates, writes or migrates.
/// Errors: as open_ledger() for reading.
[[nodiscard]] Result<std::vector<PastRun>> spent_runs(const std::filesystem::path& ledger, const std::string& role, std::size_t most = kNewestSpent);

}  // namespace ts::ledger
