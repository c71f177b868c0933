#pragma once

#include <optional>
#include <string>
#include <vector>

#include "taskfile/patterns.hpp"
#include "taskfile/reader/entries.hpp"
#include "taskfile/reading.hpp"

namespace ts::taskfile {

/// What headings say about the lines under them.
struct SectionMeanings {
  /// Per heading: who owns its lines; other: no heading says.
  std::vector<Role> owners;
  /// Per heading: the meaning of the innermost heading that has one; foreign: none has, or it is foreign.
  std::vector<SectionPattern::Meaning> meanings;

  [[nodiscard]] Role owner(int section) const;
  /// Lines above all but the title count as header.
  [[nodiscard]] SectionPattern::Meaning meaning(int section) const;
};

[[nodiscard]] SectionMeanings meanings_of(const Structure& structure, const Patterns& patterns);

/// An entry that a pattern knows.
struct Finding {
  const Entry* entry = nullptr;
  FieldKind kind = FieldKind::estimate;
  int rank = 0;
  bool placed = false;  ///< the pattern names the section, the list, the column or the task, too
  bool fenced = false;  ///< the pattern holds in fenced blocks, too
};

/// The pattern that rules each entry. `task_id` stands for "@id" in labels.
[[nodiscard]] std::vector<Finding> findings_of(const std::vector<Entry>& entries, const Structure& structure,
                                               const Patterns& patterns, const std::string& task_id);

/// Chooses the estimate and the written cap; fills candidates and ambiguities.
void choose_limits(const Document& document, const std::vector<Finding>& findings, const SectionMeanings& sections, Reading& reading);

/// Collects the fields of measured numbers and chooses the actual one.
void collect_fields(const Document& document, const std::vector<Finding>& findings, const SectionMeanings& sections,
                    const Patterns& patterns, Reading& reading);

/// "TASK-914", "ELAB-REPA-0520", "TASK-1503C": the first task id in `text`; empty: none.
[[nodiscard]] std::string id_in(std::string_view text);

}  // namespace ts::taskfile
