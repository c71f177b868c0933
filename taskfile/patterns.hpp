#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "accounting/base/result.hpp"

namespace ts::taskfile {

/// What a labelled number on a line of a task file can be.
enum class FieldKind {
  estimate,
  cap,
  actual,       ///< the total that the run must fill in
  agent_id,
  duration,
  api_calls,
  input,
  output,
  cache_read,
  cache_write,
  variance,
  cost,
  model,
  sprint,
  category,
};

[[nodiscard]] std::string_view name_of(FieldKind kind);

/// A label and what it means. `label` is compared with the label of a line in lower case, without emphasis and
/// colon; `*` stands for any text. Of several labels the lowest `rank` wins.
struct LabelPattern {
  FieldKind kind = FieldKind::estimate;
  std::string label;
  int rank = 50;
};

/// A heading whose section belongs to a role or lends its lines a rank. Compared like a label, `*` as there.
struct SectionPattern {
  enum class Meaning { estimate, engineer, reviewer, foreign };
  Meaning meaning = Meaning::foreign;
  std::string heading;
};

/// All that the reader knows about words. The built-in tables stand in patterns.cpp; configuration adds to them.
struct Patterns {
  std::vector<LabelPattern> labels;
  std::vector<SectionPattern> sections;
  std::vector<std::string> placeholders;  ///< whole values that mean "not filled in", `*` as in labels

  /// A label of the user's own (`[taskfile.patterns]`): it beats every built-in one.
  /// `kind` is a name_of(FieldKind). Errors: invalid_argument for an unknown kind or an empty label.
  [[nodiscard]] Result<void> add(std::string_view kind, std::string_view label);
};

[[nodiscard]] const Patterns& default_patterns();

}  // namespace ts::taskfile
