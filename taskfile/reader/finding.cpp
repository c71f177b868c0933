#include "taskfile/reader/finding.hpp"

#include <algorithm>

#include "taskfile/text/words.hpp"

namespace ts::taskfile {
namespace {

using Meaning = SectionPattern::Meaning;

/// A heading without its number: "7. PM Estimate", "4.2) Estimates".
std::string_view without_number(std::string_view label) {
  const std::size_t end = std::min(label.find_first_not_of("0123456789."), label.size());
  if (end == 0 || !is_digit(label[0])) return label;
  const bool closed = label[end - 1] == '.' || (end < label.size() && label[end] == ')');
  return closed ? trim(label.substr(label.substr(end).starts_with(")") ? end + 1 : end)) : label;
}

bool heading_fits(const std::string& pattern, const Heading& heading) {
  return fits(pattern, heading.label) || fits(pattern, without_number(heading.label));
}

const SectionPattern* pattern_of(const Heading& heading, const Patterns& patterns) {
  for (const SectionPattern& pattern : patterns.sections)
    if (heading_fits(pattern.heading, heading)) return &pattern;
  return nullptr;
}

bool under(const Structure& structure, int section, const std::string& pattern) {
  if (pattern == "*") return true;
  for (; section >= 0; section = structure.headings[static_cast<std::size_t>(section)].parent)
    if (heading_fits(pattern, structure.headings[static_cast<std::size_t>(section)])) return true;
  return false;
}

bool column_fits(const LabelPattern& pattern, const Entry& entry) {
  if (fits(pattern.column, entry.column)) return true;
  return entry.shape == Entry::Shape::two_columns && pattern.column == "value";
}

bool label_fits(const LabelPattern& pattern, const Entry& entry, const std::string& id_label) {
  if (pattern.label == "@id") return !id_label.empty() && entry.label == id_label;
  if (pattern.label.empty()) return entry.shape == Entry::Shape::plain;
  return entry.shape != Entry::Shape::plain && fits(pattern.label, entry.label);
}

bool is_id_character(char c) { return is_letter(c) || is_digit(c) || c == '-'; }

/// Upper-case words joined by '-', the last one beginning with a digit and with a letter at most at its end.
bool is_id(std::string_view word) {
  if (word.size() > 40 || word.empty() || word[0] < 'A' || word[0] > 'Z') return false;
  const std::size_t dash = word.rfind('-');
  if (dash == std::string_view::npos || dash < 2 || dash + 1 >= word.size()) return false;
  if (std::any_of(word.begin(), word.end(), [](char c) { return c >= 'a' && c <= 'z'; })) return false;
  return is_digit(word[dash + 1]) || (word.size() - dash == 2 && is_id(word.substr(0, dash)));
}

}  // namespace

Role SectionMeanings::owner(int section) const {
  return section < 0 ? Role::other : owners[static_cast<std::size_t>(section)];
}

SectionPattern::Meaning SectionMeanings::meaning(int section) const {
  return section < 0 ? Meaning::header : meanings[static_cast<std::size_t>(section)];
}

SectionMeanings meanings_of(const Structure& structure, const Patterns& patterns) {
  SectionMeanings result;
  for (const Heading& heading : structure.headings) {
    Role owner = heading.parent < 0 ? Role::other : result.owners[static_cast<std::size_t>(heading.parent)];
    Meaning meaning = heading.parent < 0 ? Meaning::foreign : result.meanings[static_cast<std::size_t>(heading.parent)];
    const bool title = heading.level == 1;
    if (heading.parent >= 0 && structure.headings[static_cast<std::size_t>(heading.parent)].level == 1 && meaning == Meaning::header)
      meaning = Meaning::foreign;  // the title's own lines are the header, its sections' lines are not
    const SectionPattern* pattern = title ? nullptr : pattern_of(heading, patterns);
    if (pattern != nullptr) meaning = pattern->meaning;
    if (title) meaning = Meaning::header;
    if (meaning == Meaning::engineer && pattern != nullptr) owner = Role::engineer;
    if (meaning == Meaning::reviewer && pattern != nullptr) owner = Role::reviewer;
    result.owners.push_back(owner);
    result.meanings.push_back(meaning);
  }
  return result;
}

std::vector<Finding> findings_of(const std::vector<Entry>& entries, const Structure& structure, const Patterns& patterns,
                                 const std::string& task_id) {
  const std::string id_label = label_of(task_id);
  std::vector<Finding> findings;
  for (const Entry& entry : entries) {
    for (const LabelPattern& pattern : patterns.labels) {
      if (!label_fits(pattern, entry, id_label) || !column_fits(pattern, entry)) continue;
      if (pattern.parent != "*" && !fits(pattern.parent, entry.parent)) continue;
      if (!under(structure, entry.section, pattern.section)) continue;
      const bool placed = pattern.section != "*" || pattern.parent != "*" || pattern.column != "value" || pattern.label == "@id";
      findings.push_back({&entry, pattern.kind, pattern.rank, placed, pattern.fenced});
      break;
    }
  }
  return findings;
}

std::string id_in(std::string_view text) {
  for (std::size_t at = 0; at < text.size();) {
    if (!is_id_character(text[at])) {
      ++at;
      continue;
    }
    std::size_t end = at;
    while (end < text.size() && is_id_character(text[end])) ++end;
    std::string_view word = text.substr(at, end - at);
    at = end;
    while (word.ends_with("-")) word.remove_suffix(1);
    while (!word.empty() && !is_id(word)) {  // a file name goes on after the id: TASK-914-early-reporting
      const std::size_t dash = word.rfind('-');
      word = dash == std::string_view::npos ? std::string_view() : word.substr(0, dash);
    }
    if (!word.empty()) return std::string(word);
  }
  return {};
}

}  // namespace ts::taskfile
