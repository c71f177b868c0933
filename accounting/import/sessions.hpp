#pragma once

#include <string>
#include <vector>

#include "accounting/import/file_usage.hpp"
#include "accounting/ledger/imports.hpp"

namespace ts {

/// A file's usage, and what the file itself says.
struct ImportedFile {
  FileUsage usage;
  std::string path;
  UtcTime modified;   ///< the time of responses that don't say theirs
};

struct SessionsFound {
  std::vector<ledger::ImportedRun> runs;   ///< one a session
  std::uint64_t unnamed = 0;               ///< streams that don't say their session: left out
};

/// Puts together what files say, each response once an agent and source: it is its first session's, as in reconcile().
/// `host` is where the sessions ran.
[[nodiscard]] SessionsFound sessions_of(const std::vector<ImportedFile>& files, const std::string& host);

}  // namespace ts
