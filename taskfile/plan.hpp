#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "accounting/base/units.hpp"
#include "taskfile/document.hpp"
#include "taskfile/reading.hpp"

namespace ts::taskfile {

/// What the report to the project manager says when a run was stopped at its cap.
struct CapStop {
  std::string progress;              ///< as far as known; empty: "not known"
  std::vector<std::string> options;  ///< empty: extend, abort, split, reassign
  std::string resume;                ///< the command that goes on; empty: none
};

/// The measured truth about one run. Absent: not known (which is not zero).
struct Actual {
  RunId run;
  std::string agent;
  std::string model;              ///< several: separated by ", "
  std::string formula = "fresh";  ///< a token formula: fresh, total or output
  Tokens count = 0;               ///< by `formula`
  std::optional<Tokens> cap;      ///< by `formula`
  std::string outcome;            ///< completed, failed, cap, stopped …
  std::optional<std::chrono::milliseconds> duration;
  std::optional<MicroUsd> cost;
  std::optional<std::int64_t> api_calls;
  std::optional<Tokens> input;
  std::optional<Tokens> output;
  std::optional<Tokens> cache_read;
  std::optional<Tokens> cache_write;
  std::string agent_id;           ///< the agent's session id; empty: not known
  std::optional<UtcTime> ended;
  std::optional<Tokens> estimate_high;  ///< given by hand (`--estimate`); else the file's
  std::optional<CapStop> cap_stop;      ///< present: the report block is written
};

/// Replaces `range` by `text`.
struct Edit {
  ByteRange range;
  std::string text;
  int line = 0;      ///< of the old document, where the range begins
  std::string what;  ///< "actual", "duration", "runs" …
};

/// The task's measured tokens are above four times its upper estimate.
struct Incident {
  Tokens count = 0;
  Tokens estimate_high = 0;
};

/// Edits in ascending order that do not overlap. Nothing to do: `edits` is empty.
struct EditPlan {
  std::vector<Edit> edits;
  std::vector<int> lines;          ///< the lines of the old document that hold filled fields
  std::optional<Incident> incident;
  Tokens task_count = 0;           ///< all attempts of this role together
  std::vector<std::string> notes;  ///< what was left alone, and why
};

/// Plans the write-back of one run: the role's fields that are placeholders or hold what earlier runs wrote, and a row in
/// the marked block. A field with anybody else's value stays. The same run again gives an empty plan; a run with new figures replaces its row.
/// Errors: corrupt when the marked block is damaged or the file has unresolved conflict markers.
[[nodiscard]] Result<EditPlan> plan_actual(const Document& document, const Reading& reading, const Actual& actual, Role role);

/// The bytes after the edits.
[[nodiscard]] std::string apply(const Document& document, const EditPlan& plan);

/// A unified diff with three lines of context; empty when the texts are equal.
[[nodiscard]] std::string unified_diff(std::string_view before, std::string_view after, std::string_view name);

}  // namespace ts::taskfile
