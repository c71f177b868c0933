#include "taskfile/reading.hpp"

#include <array>

#include "accounting/base/sprint.hpp"
#include "accounting/base/text.hpp"
#include "taskfile/markdown/structure.hpp"
#include "taskfile/reader/entries.hpp"
#include "taskfile/reader/finding.hpp"
#include "taskfile/text/words.hpp"
#include "taskfile/yaml/front_matter.hpp"

namespace ts::taskfile {
namespace {

/// The entry that states `kind` best: the lowest rank, then the first; fenced ones never. Null: none.
const Entry* best_of(const std::vector<Finding>& findings, FieldKind kind) {
  const Finding* best = nullptr;
  for (const Finding& finding : findings)
    if (finding.kind == kind && finding.entry->kind == LineKind::text && finding.entry->value.size() > 0)
      if (best == nullptr || finding.rank < best->rank) best = &finding;
  return best == nullptr ? nullptr : best->entry;
}

std::string plain_words(std::string_view text) {
  std::string out;
  for (const char c : text)
    if (c != '`' && c != '*') out += c;
  return printable(trim(out), 80);
}

/// "SPRINT-028", of "028" and "Sprint 028" too; words without a number ("Unassigned") are none.
std::string sprint_in(std::string_view text) {
  const std::string words = plain_words(text);
  if (const std::size_t at = words.find("SPRINT-"); at != std::string::npos) {
    std::size_t end = at + std::string_view("SPRINT-").size();
    while (end < words.size() && (is_digit(words[end]) || (words[end] >= 'A' && words[end] <= 'Z'))) ++end;
    return words.substr(at, end - at);
  }
  return words.find_first_of("0123456789") == std::string::npos ? std::string() : sprint_named(words);
}

void read_title(const Structure& structure, Reading& reading) {
  if (structure.headings.empty()) return;
  const Heading& heading = structure.headings.front();
  if (reading.task_id.empty()) reading.task_id = id_in(heading.text);
  std::string_view title = heading.text;
  if (const std::size_t at = title.find(reading.task_id); !reading.task_id.empty() && at != std::string_view::npos) {
    title = trim(title.substr(at + reading.task_id.size()));
    while (title.starts_with(":") || title.starts_with("-")) title = trim(title.substr(1));
    while (title.starts_with("\u2014") || title.starts_with("\u2013")) title = trim(title.substr(3));
  }
  if (reading.title.empty()) reading.title = printable(title, 200);
}

void read_names(const Document& document, const std::vector<Finding>& findings, Reading& reading) {
  if (const Entry* entry = best_of(findings, FieldKind::sprint); entry != nullptr && reading.sprint.empty()) {
    reading.sprint = sprint_in(document.text(entry->value));
  }
  if (const Entry* entry = best_of(findings, FieldKind::category); entry != nullptr && reading.category.empty())
    reading.category = plain_words(document.text(entry->value));
  if (const Entry* entry = best_of(findings, FieldKind::task_id); entry != nullptr && reading.task_id.empty())
    reading.task_id = id_in(document.text(entry->value));
}

}  // namespace

std::string_view name_of(Role role) {
  constexpr std::array<std::string_view, 3> names = {"engineer", "reviewer", "other"};
  return names[static_cast<std::size_t>(role)];
}

Role role_named(std::string_view name) {
  const std::string word = label_of(name);
  for (const std::string_view known : {"engineer", "engineer agent", "implement", "implementer", ""})
    if (word == known) return Role::engineer;
  for (const std::string_view known : {"reviewer", "review", "sr", "sr-engineer", "sr engineer", "sr_engineer", "senior-engineer"})
    if (word == known) return Role::reviewer;
  return Role::other;
}

std::string_view name_of(FieldState state) {
  constexpr std::array<std::string_view, 3> names = {"absent", "placeholder", "value"};
  return names[static_cast<std::size_t>(state)];
}

const Ambiguity* Reading::ambiguity(FieldKind subject) const {
  for (const Ambiguity& ambiguity : ambiguities)
    if (ambiguity.subject == subject) return &ambiguity;
  return nullptr;
}

Reading read(const Document& document, const Patterns& patterns) {
  Reading reading;
  const Structure structure = structure_of(document);
  reading.notes = structure.notes;
  const FrontMatter front = front_matter_of(document, structure.front_matter);
  if (!front.note.empty()) reading.notes.push_back(front.note);
  read_front_matter(document, front, patterns, reading);
  const std::vector<Entry> entries = entries_of(document, structure);
  read_title(structure, reading);
  const std::vector<Finding> findings = findings_of(entries, structure, patterns, reading.task_id);
  const SectionMeanings sections = meanings_of(structure, patterns);
  read_names(document, findings, reading);
  choose_limits(document, findings, sections, reading);
  collect_fields(document, findings, sections, patterns, reading);
  return reading;
}

std::string task_id_in_name(std::string_view file_name) { return id_in(file_name); }

}  // namespace ts::taskfile
