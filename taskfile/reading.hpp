#pragma once

#include <optional>
#include <string>
#include <vector>

#include "accounting/base/units.hpp"
#include "taskfile/document.hpp"
#include "taskfile/patterns.hpp"

namespace ts::taskfile {

/// Whose run or whose row: an engineer's run never touches a reviewer's row and the other way round.
enum class Role { engineer, reviewer, other };
[[nodiscard]] std::string_view name_of(Role role);
/// "engineer", "reviewer", "sr-engineer", "sr", "review"…; every other word is Role::other.
[[nodiscard]] Role role_named(std::string_view name);

/// The estimate that won. Units: tokens. `low` equals `high` where one number is given.
struct Estimate {
  Tokens low = 0;
  Tokens high = 0;
  int line = 0;
  std::string why;  ///< why this line and not another
};

/// A cap that is written in the file, taken literally.
struct WrittenCap {
  Tokens limit = 0;
  int line = 0;
};

enum class FieldState { absent, placeholder, value };
[[nodiscard]] std::string_view name_of(FieldState state);

/// How a value is written: as people do ("245,134"), or as YAML reads it (245134).
enum class Notation { people, yaml };

/// A place that holds, or shall hold, one measured number.
struct Field {
  FieldKind kind = FieldKind::actual;
  Role owner = Role::engineer;
  FieldState state = FieldState::absent;
  int line = 0;
  ByteRange range;               ///< the bytes a write would replace; the echo beside it is not among them
  std::string text;              ///< those bytes
  std::optional<Tokens> number;  ///< of a value that could be read as a count
  std::string joiner;            ///< what a write puts between its number and the words that stay behind it
  Notation notation = Notation::people;
  bool after_colon = false;       ///< of an empty YAML value: a blank has to come first
  bool wants_difference = false;  ///< of a variance: in tokens and not in percent (a "Delta" column)
};

/// The field that a run of the task's engineer is to fill in first.
struct ActualField {
  FieldState state = FieldState::absent;
  int line = 0;  ///< 0: absent
  std::optional<Tokens> value;
};

/// A finding, with why it won or lost.
struct Candidate {
  FieldKind subject = FieldKind::estimate;
  std::optional<Tokens> low;
  std::optional<Tokens> high;
  int line = 0;
  std::string text;  ///< the line, trimmed
  std::string why;   ///< "won: …" or "lost: …"
};

/// The file gives more than one answer and no rule decides: the caller refuses and names the flag.
struct Ambiguity {
  FieldKind subject = FieldKind::estimate;  ///< estimate or cap
  std::vector<Candidate> candidates;
  std::string why;
  std::string flag;  ///< what decides: "--estimate" or "--cap"
};

/// What a task file says. What it does not say is empty or absent.
struct Reading {
  std::string task_id;
  std::string title;
  std::string sprint;
  std::string category;
  std::string points;  ///< story points as the front matter states them; they are no tokens
  std::optional<Estimate> estimate;
  std::optional<WrittenCap> cap;
  ActualField actual;
  std::vector<Field> fields;  ///< in the order of the file, every owner's
  std::vector<Candidate> candidates;
  std::vector<Ambiguity> ambiguities;
  std::vector<std::string> notes;  ///< e.g. why the structure was read by lines and not by the Markdown parser

  /// Absent: `subject` (estimate or cap) is unambiguous.
  [[nodiscard]] const Ambiguity* ambiguity(FieldKind subject) const;
};

/// Reads any document; never fails. Time: linear in its size.
[[nodiscard]] Reading read(const Document& document, const Patterns& patterns = default_patterns());

/// The task id that a file name states ("TASK-914-x.md" → "TASK-914"). Empty: none.
[[nodiscard]] std::string task_id_in_name(std::string_view file_name);

}  // namespace ts::taskfile
