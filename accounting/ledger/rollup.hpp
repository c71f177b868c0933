#pragma once

#include <map>
#include <string>
#include <vector>

#include "accounting/budget/spend.hpp"
#include "accounting/ledger/database.hpp"

// Sums that reports read (usage_sums), within a transaction that the caller has begun: by the day and by the hour of UTC, by
// model, and each by waste and by facet (what a run says about itself and how it ended). A row of model '' with nothing but
// `runs` counts the runs that started then.
// A run is in the sums if it has a facet. Others, those that live and some that ended lately, are read from their own rows:
// so a living run's writes cost nothing more, and the end of most runs costs nothing at all.

namespace ts::ledger {

/// What a run newly came to: by model and slot.
using UsageCells = std::map<std::pair<std::string, UtcTime>, Spend>;

/// Which of the sums, as stored.
enum class SumLevel { day_by_waste = 0, hour_by_waste = 1, day_by_facet = 2, hour_by_facet = 3 };

/// Every so many runs one brings those that have ended before it into the sums.
inline constexpr long long kRunsAtOnce = 32;

/// These runs have ended, or have ended otherwise than was known: brings them into the sums, or to their new place in them. Of
/// later runs of their tasks some may become duplicates.
void roll_up(Sql& sql, const std::vector<long long>& runs);

/// Brings the runs that have ended and are in no sums yet into them.
void roll_up_ended(Sql& sql);

/// The run completed, and it is told late: if runs of its task that are in the sums completed after it, they are its duplicates
/// now.
void roll_up_if_late(Sql& sql, long long run);

/// What counts of a run has changed. Nothing is done unless the run is in the sums.
void roll_changes(Sql& sql, long long run, const UsageCells& changes);

/// Adds all sums up anew.
void rebuild_rollups(Sql& sql);

/// What has to be equal and isn't, in words.
[[nodiscard]] std::vector<std::string> rollup_differences(Sql& sql);

/// How a run's task is named in reports: SQL over the table `runs` by the name of `r`.
inline constexpr const char* kTaskOfRun = "CASE WHEN r.task_id <> '' THEN r.task_id ELSE r.task_file END";

#define TS_DUPLICATE_OF(same)                                                                                     \
  "EXISTS (SELECT 1 FROM runs o WHERE " same                                                                      \
  " AND o.outcome = 'completed' AND o.role = 'engineer' AND o.project = r.project AND (o.ended, o.n) < (r.ended, " \
  "r.n))"
/// Its waste: an outcome that isn't an end is none, and neither is what was brought in from elsewhere; an engineer's run repeats
/// an earlier one if that had completed the same task.
inline constexpr const char* kWasteOfRun =
    "CASE WHEN r.outcome IN ('running', 'imported') THEN '' WHEN r.outcome <> 'completed' THEN 'failed' WHEN r.role = "
    "'engineer' AND ((r.task_id <> '' AND " TS_DUPLICATE_OF("o.task_id = r.task_id AND o.task_id <> ''") ") OR (r.task_id = '' AND "
    "r.task_file <> '' AND " TS_DUPLICATE_OF("o.task_file = r.task_file AND o.task_file <> '' AND o.task_id = ''")
    ")) THEN 'duplicate' ELSE '' END";
#undef TS_DUPLICATE_OF

}  // namespace ts::ledger
