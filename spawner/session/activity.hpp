#pragma once

#include <string>

#include "accounting/ledger/records.hpp"
#include "accounting/usage/activity.hpp"

namespace ts::session {

/// What a run did, and where that is known from ("the captured stream", "3 transcripts"). Empty: neither could be read, or
/// the agent prints nothing of its tools.
struct RunActivity {
  Activity activity;
  std::string evidence;
};

/// Reads the run's captured stdout and the transcripts that it had found, and takes what shows more calls; of equals what `ruling` says.
[[nodiscard]] RunActivity activity_of(const ledger::RunStart& run, std::optional<Source> ruling);

}  // namespace ts::session
