#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "accounting/import/scan.hpp"
#include "accounting/ledger/books.hpp"

namespace ts {

/// How usage is brought into a ledger.
struct ImportOptions {
  std::string agent = {};     ///< what transcripts and streams are read as; empty: told from each file
  std::string host = {};      ///< of the runs that sessions become
  Zone zone = {};             ///< of times in older stores that don't say theirs
  int threads = 2;
  UtcTime now = {};
  std::uint64_t group_bytes = std::uint64_t{1} << 30;    ///< about so much is read before it is written
  std::uint64_t window_bytes = std::uint64_t{256} << 20; ///< of one file at once, where it can be continued
};

/// What an import found and did.
struct ImportResult {
  ledger::ImportTally tally;
  std::uint64_t files = 0;         ///< that usage was looked for in, by what they are
  std::uint64_t unchanged = 0;     ///< of them: not read, they are as they were
  std::uint64_t continued = 0;     ///< of them: only what is new was read
  std::uint64_t unrecognized = 0;  ///< files that nothing is known of
  std::uint64_t unnamed = 0;       ///< streams that don't say their session, left out: nothing tells them from what is there
  std::uint64_t bytes = 0;         ///< read
  ParseStats parse;
  std::vector<FileProblem> problems;
};

/// Brings transcripts, streams, agents' databases and the stores of older systems at and below `paths` into the ledger, each
/// response once, whoever counted it first. Reads on where the last import stopped; cut off at any moment, the next one
/// goes on without loss. Below folders only known kinds are read.
/// Errors: invalid_argument (agent unknown), and what the ledger says. What befalls single files stands in `problems`.
[[nodiscard]] Result<ImportResult> import_usage(ledger::Books& books, const std::vector<std::filesystem::path>& paths,
                                                const ImportOptions& options);

}  // namespace ts
