#pragma once

#include <optional>
#include <string>
#include <vector>

#include "taskfile/plan.hpp"
#include "taskfile/write/run_block.hpp"

namespace ts::taskfile {

/// What the sentences of the marked block are made from.
struct ReportFacts {
  const Reading& reading;
  const Actual& actual;
  Role role;
  std::optional<Tokens> estimate_high;
  const std::vector<RunRow>& rows;
};

/// One line for each role and formula that has runs.
[[nodiscard]] std::vector<std::string> summary_lines(const ReportFacts& facts);

/// The report to the project manager after a stop at the cap, in its own markers.
[[nodiscard]] std::string cap_report(const ReportFacts& facts, std::string_view newline);

}  // namespace ts::taskfile
