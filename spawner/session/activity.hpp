#pragma once

#include <string>

#include "accounting/ledger/records.hpp"
#include "accounting/usage/activity.hpp"

namespace ts::session {

/// What a run did, and where that is known from ("the captured stream", "3 transcripts", "opencode's database"). Empty: neither could be read, or
/// the agent prints nothing of its tools.
struct RunActivity {
  Activity activity;
  std::string evidence;
};

/// Reads the run's captured stdout and the transcripts that it had found, and takes what shows more calls; of equals what the run's ruling
/// source says. A transcript is read where its agent keeps it: what has been deleted there since, or never reached a disk, is not known.
[[nodiscard]] RunActivity activity_of(const ledger::RunRecord& run);

}  // namespace ts::session
