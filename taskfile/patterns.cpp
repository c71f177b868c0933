#include "taskfile/patterns.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "taskfile/text/words.hpp"

namespace ts::taskfile {
namespace {

constexpr std::array<std::string_view, 18> kKindNames = {
    "estimate", "cap",        "actual",      "agent_id", "duration", "api_calls", "input",    "output",
    "cache_read", "cache_write", "variance", "cost",     "model",    "sprint",    "category", "task_id", "title", "points"};

using enum FieldKind;
using Meaning = SectionPattern::Meaning;

// The built-in patterns as constants: the rows of patterns.hpp's structs, whose texts could not be.
struct LabelRow {
  FieldKind kind;
  std::string_view label;
  int rank;
  std::string_view column = "value";
  std::string_view section = "*";
  std::string_view parent = "*";
  bool fenced = false;
  [[nodiscard]] LabelPattern pattern() const { return {kind, std::string(label), rank, std::string(column), std::string(section), std::string(parent), fenced}; }
};
struct KeyRow {
  FieldKind kind;
  std::string_view path;
  int rank;
  [[nodiscard]] KeyPattern pattern() const { return {kind, std::string(path), rank}; }
};
struct SectionRow {
  Meaning meaning;
  std::string_view heading;
  [[nodiscard]] SectionPattern pattern() const { return {meaning, std::string(heading)}; }
};

#include "taskfile/pattern_tables.inc"

template <class Rows>
auto patterns_of(const Rows& rows) {
  std::vector<decltype(rows.front().pattern())> patterns;
  patterns.reserve(rows.size());
  for (const auto& row : rows) patterns.push_back(row.pattern());
  return patterns;
}

}  // namespace

std::string_view name_of(FieldKind kind) { return kKindNames[static_cast<std::size_t>(kind)]; }

Result<void> Patterns::add(std::string_view kind, std::string_view label) {
  const std::string text = label_of(label);
  if (text.empty()) return Error{Errc::invalid_argument, fmt::format("taskfile.patterns: {}: an empty label fits everything", kind)};
  if (kind == "placeholder") {
    placeholders.push_back(text);
    return {};
  }
  for (std::size_t i = 0; i < kKindNames.size(); ++i) {
    if (kKindNames[i] != kind) continue;
    const auto own = static_cast<FieldKind>(i);
    labels.insert(labels.begin(), {LabelPattern{own, text, 1}, LabelPattern{own, text, 2, std::string(kind.substr(0, 3)) + "*"}});
    std::string key = text;
    std::replace(key.begin(), key.end(), ' ', '_');
    keys.insert(keys.begin(), {KeyPattern{own, key, 1}, KeyPattern{own, "*." + key, 2}});
    return {};
  }
  return Error{Errc::invalid_argument,
               fmt::format("taskfile.patterns: unknown kind \"{}\"; known: {}, placeholder", kind, fmt::join(kKindNames, ", "))};
}

const Patterns& default_patterns() {
  static const Patterns patterns{patterns_of(kLabels), patterns_of(kKeys), patterns_of(kSections), {kPlaceholders.begin(), kPlaceholders.end()}};
  return patterns;
}

}  // namespace ts::taskfile
