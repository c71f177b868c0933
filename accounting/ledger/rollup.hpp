#pragma once

#include <map>
#include <string>

#include "accounting/budget/spend.hpp"
#include "accounting/ledger/database.hpp"

// Sums by the hour that reports read, within a transaction that the caller has begun. They hold the runs that have ended,
// so that a living run's writes cost nothing more; what living runs have spent is read from their own rows.
// usage_by_facet has a row for each hour, model and facet (what a run says about itself and how it ended), usage_by_hour for
// each hour, model and kind of waste. A row of model '' with nothing but `runs` counts the runs that started in the hour.

namespace ts::ledger {

/// What a run newly came to: by model and slot.
using UsageCells = std::map<std::pair<std::string, UtcTime>, Spend>;

/// The run has ended, or has ended otherwise than was known: brings it into the sums, or to its new place in them. Of later
/// runs of its task some may become duplicates.
void roll_up(Sql& sql, long long run);

/// What counts of a run has changed. Nothing is done unless the run is in the sums.
void roll_changes(Sql& sql, long long run, const UsageCells& changes);

/// Adds all sums up anew.
void rebuild_rollups(Sql& sql);

/// What has to be equal and isn't, in words.
[[nodiscard]] std::vector<std::string> rollup_differences(Sql& sql);

/// How a run's task is named in reports: SQL over the table `runs` by the name of `r`.
inline constexpr const char* kTaskOfRun = "CASE WHEN r.task_id <> '' THEN r.task_id ELSE r.task_file END";

}  // namespace ts::ledger
