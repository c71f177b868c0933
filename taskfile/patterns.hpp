#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "accounting/base/result.hpp"

namespace ts::taskfile {

/// What a labelled value on a line of a task file can be.
enum class FieldKind {
  estimate,
  cap,
  actual,  ///< the total that the run must fill in
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
  task_id,
  title,
  points,  ///< story points, which are no tokens
};

[[nodiscard]] std::string_view name_of(FieldKind kind);

/// A label and what it means. Texts are compared in lower case, without emphasis and colon; `*` stands for any text.
/// The first pattern of a list that fits a line rules it; of several lines the one with the lowest rank wins.
struct LabelPattern {
  FieldKind kind = FieldKind::estimate;
  std::string label;             ///< "@id" stands for the file's own task id, "" for a line without a label
  int rank = 50;
  std::string column = "value";  ///< head of the table column; "value" fits pairs and tables of two columns, too
  std::string section = "*";     ///< a heading that the line stands under, at any depth
  std::string parent = "*";      ///< the label that stands alone above a list ("estimated totals")
  bool fenced = false;           ///< an estimate that counts in a fenced block, too
};

/// A key of YAML front matter. `path` is its keys joined by '.', in lower case; `*` stands for any text.
struct KeyPattern {
  FieldKind kind = FieldKind::estimate;
  std::string path;
  int rank = 50;
};

/// What standing under a heading means for a line. The innermost heading that fits rules.
struct SectionPattern {
  enum class Meaning {
    estimate,  ///< the project manager's estimate: beats the header of the file
    engineer,  ///< the engineer's own fields
    reviewer,  ///< the reviewer's: not touched by an engineer's run
    header,    ///< as good as the top of the file
    foreign,   ///< fields of other things
    others,    ///< fields of other roles than the two: no run fills them
    part,      ///< a part of the task: its figures are not the task's
  };
  Meaning meaning = Meaning::foreign;
  std::string heading;
};

/// All that the reader knows about words. The built-in tables stand in pattern_tables.inc; configuration adds to them.
struct Patterns {
  std::vector<LabelPattern> labels;
  std::vector<KeyPattern> keys;
  std::vector<SectionPattern> sections;
  std::vector<std::string> placeholders;  ///< whole values that mean "not filled in", in lower case, `*` as in labels

  /// A label of the user's own (`[taskfile.patterns]`), in any section; in a wide table in the column that is headed by the kind.
  /// It beats
  /// every built-in one. In front matter the same words joined by '_' are a key ("Story Tokens" → story_tokens). `kind` is a name_of(FieldKind), or "placeholder".
  /// Errors: invalid_argument for an unknown kind or an empty label.
  [[nodiscard]] Result<void> add(std::string_view kind, std::string_view label);
};

[[nodiscard]] const Patterns& default_patterns();

}  // namespace ts::taskfile
