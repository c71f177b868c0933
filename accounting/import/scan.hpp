#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "accounting/base/result.hpp"
#include "accounting/budget/meter.hpp"
#include "accounting/budget/prices.hpp"

namespace ts {

/// How to meter what lies on a disk.
struct ScanOptions {
  std::string agent;                    ///< profile name that all files are read as; empty: told from each file
  int threads = 2;
  const PriceBook* prices = nullptr;    ///< null: nothing is priced
  UtcTime now;                          ///< the time of responses that don't say theirs, for prices
};

/// A file that usage was looked for in.
struct ScannedFile {
  std::string path;
  std::string agent;                    ///< the dialect's name
  Source source = Source::stream;
  std::uint64_t bytes = 0;
  ParseStats parse;
};

/// A path that could not be read (whole).
struct FileProblem {
  std::string path;
  Error error;
};

/// What one session of one agent came to.
struct SessionTotals {
  std::string agent;
  std::string session;                  ///< empty: the files don't say it
  std::optional<Source> ruling;         ///< absent: only settlements of zero
  Totals totals;                        ///< of the ruling source
  std::array<std::optional<Totals>, kSourceCount> by_source;
  std::optional<UtcTime> first;         ///< of its responses. Absent: not said
  std::optional<UtcTime> last;
  bool counted = true;                  ///< false: a stream without a session's name, taken for an echo of the others
};

/// Everything that a scan found. Each response counts once in its source, under one session, forks and resumes or not. A
/// session's count is its highest source's (Codex' transcript before its stream, which holds a fork's past too); the totals
/// are the sum over sessions.
struct ScanResult {
  Totals totals;
  std::array<std::optional<Totals>, kSourceCount> by_source;   ///< sums over sessions
  std::map<std::string, Totals, std::less<>> by_model;         ///< of the ruling sources; "" where not said
  std::vector<SessionTotals> sessions;                         ///< by agent and name
  ParseStats parse;
  std::optional<MicroUsd> cost;                                ///< absent: nothing is priced
  bool cost_assumed = false;                                   ///< see Quote::assumed
  std::vector<std::string> unpriced_models;
  std::vector<ScannedFile> files;                              ///< by path
  std::vector<FileProblem> problems;                           ///< by path
  std::uint64_t unrecognized = 0;                              ///< files below the given folders that nothing is known of
  std::uint64_t bytes = 0;                                     ///< of `files`
};

/// Counts saved streams, transcripts, `tasks/<id>.output` files, agents' databases and whole folders of them. A file that
/// is named is always read (as any JSON or text with usage if its kind isn't known); below folders only known kinds are.
/// The same file by two names counts once. Reads only; a file that grows meanwhile is read to the end it had.
/// Errors: invalid_argument if the agent's name is unknown. What befalls single files stands in `problems`.
/// Thread: makes threads of its own; the result doesn't depend on their order.
[[nodiscard]] Result<ScanResult> scan(const std::vector<std::filesystem::path>& paths, const ScanOptions& options);

}  // namespace ts
