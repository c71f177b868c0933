#pragma once

#include <optional>
#include <string>
#include <vector>

#include "taskfile/document.hpp"
#include "taskfile/plan.hpp"

namespace ts::taskfile {

/// One row of the marked block. Absent: not known.
struct RunRow {
  std::string run;
  std::string role;
  std::string agent;
  std::string model;
  std::string formula;
  Tokens tokens = 0;
  std::optional<Tokens> cap;
  std::string outcome;
  std::optional<std::int64_t> milliseconds;  ///< as clock_cell() has them
  std::optional<std::int64_t> api_calls;
  std::optional<Tokens> input;
  std::optional<Tokens> output;
  std::optional<Tokens> cache_write;
  std::optional<Tokens> cache_read;
  std::optional<MicroUsd> cost;
  std::string session;
  std::string ended;
  int line = 0;  ///< where it stands; 0: not yet in the file
};

/// The marked block as it stands in a document.
struct RunBlock {
  int first = 0;  ///< line of the opening marker
  int last = 0;   ///< line of the closing marker
  int head = 0;   ///< line of the table's head
  std::vector<RunRow> rows;
  std::vector<int> summary;           ///< lines that sum up, regenerated at each write
  std::vector<std::string> reported;  ///< runs whose cap report is in the block
};

/// Absent: the document has no block. Errors: corrupt, with the line, when the block can't be read.
[[nodiscard]] Result<std::optional<RunBlock>> find_run_block(const Document& document);

[[nodiscard]] RunRow row_of(const Actual& actual, Role role);
[[nodiscard]] std::string text_of(const RunRow& row);
[[nodiscard]] std::string table_head(std::string_view newline);

inline constexpr std::string_view kSummaryMark = "- **Total";

/// What all runs of one role by one formula spent together. A part is absent if one of the runs does not know it.
struct RunTotals {
  int runs = 0;
  Tokens tokens = 0;
  std::optional<std::int64_t> seconds;
  std::optional<std::int64_t> api_calls;
  std::optional<Tokens> input;
  std::optional<Tokens> output;
  std::optional<Tokens> cache_write;
  std::optional<Tokens> cache_read;
  std::optional<MicroUsd> cost;
  std::string session;  ///< of the last run
  std::string model;
};

[[nodiscard]] RunTotals totals_of(const std::vector<RunRow>& rows, std::string_view role, std::string_view formula);

/// A row's duration: "1.47 s", "45 s", "3m 12s". Below a minute hundredths are kept, so that short runs add up.
[[nodiscard]] std::string clock_cell(std::int64_t milliseconds);
/// "3m 12s", "45 s", "2h 05m 09s": exact to the second, so that it can be read back.
[[nodiscard]] std::string clock_text(std::int64_t seconds);
/// "$0.034293", "$1.84": exact to the micro-dollar, so that it can be read back.
[[nodiscard]] std::string exact_dollars(MicroUsd value);

}  // namespace ts::taskfile
