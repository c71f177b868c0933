#include <fmt/format.h>

#include <algorithm>

#include "accounting/base/ascii.hpp"
#include "accounting/base/text.hpp"
#include "taskfile/reader/finding.hpp"
#include "taskfile/reader/value.hpp"
#include "taskfile/text/words.hpp"
#include "taskfile/yaml/front_matter.hpp"

namespace ts::taskfile {
namespace {

const KeyPattern* pattern_of(const YamlEntry& entry, const Patterns& patterns) {
  for (const KeyPattern& pattern : patterns.keys)
    if (fits(pattern.path, entry.path)) return &pattern;
  return nullptr;
}

bool is_null(std::string_view text) { return text.empty() || text == "~" || ascii_lower(text) == "null"; }

/// An estimate or a cap that the front matter may state.
struct Limit {
  Candidate candidate;
  int rank = 0;
  std::string doubt;
  bool low_only = false;   ///< `….low`
  bool high_only = false;  ///< `….high`
};

Limit limit_of(const Document& document, const YamlEntry& entry, const KeyPattern& pattern) {
  Limit limit;
  limit.rank = pattern.rank;
  limit.candidate.subject = pattern.kind;
  limit.candidate.line = entry.line;
  limit.candidate.text = printable(trim(document.line(entry.line)), 160);
  const auto quantity = token_quantity(document.text(entry.value), TokenHint::label_names_tokens);
  if (!quantity) {
    limit.candidate.why = "lost: no number of tokens";
    return limit;
  }
  limit.candidate.low = quantity->low;
  limit.candidate.high = quantity->high;
  limit.doubt = quantity->doubt;
  limit.low_only = entry.path.ends_with(".low") || entry.path.ends_with(".min");
  limit.high_only = entry.path.ends_with(".high") || entry.path.ends_with(".max");
  return limit;
}

void join_low_and_high(std::vector<Limit>& limits) {
  for (Limit& low : limits)
    for (Limit& high : limits)
      if (low.low_only && high.high_only && low.rank == high.rank && high.candidate.why.empty() && low.candidate.why.empty()) {
        high.candidate.low = std::min(*low.candidate.low, *high.candidate.high);
        low.candidate.why = fmt::format("lost: joined with line {}", high.candidate.line);
      }
}

const Limit* decide(std::vector<Limit>& limits, FieldKind kind, Reading& reading) {
  Limit* best = nullptr;
  for (Limit& limit : limits)
    if (limit.candidate.why.empty() && (best == nullptr || limit.rank < best->rank)) best = &limit;
  if (best == nullptr) return nullptr;
  Ambiguity ambiguity{kind, {}, best->doubt, kind == FieldKind::cap ? "--cap" : "--estimate"};
  for (Limit& limit : limits) {
    if (&limit == best || !limit.candidate.why.empty()) continue;
    limit.candidate.why = fmt::format("lost: line {} of the front matter comes first", best->candidate.line);
    const bool contradicts = limit.rank == best->rank && limit.candidate.high != best->candidate.high;
    if (!contradicts) continue;
    ambiguity.why = fmt::format("line {} says something else than line {}", limit.candidate.line, best->candidate.line);
    ambiguity.candidates.push_back(limit.candidate);
  }
  best->candidate.why = ambiguity.why.empty() ? "won: stated in the front matter" : "undecided: " + ambiguity.why;
  if (ambiguity.why.empty()) return best;
  ambiguity.candidates.insert(ambiguity.candidates.begin(), best->candidate);
  reading.ambiguities.push_back(std::move(ambiguity));
  return nullptr;
}

void add_field(const Document& document, const YamlEntry& entry, FieldKind kind, Reading& reading) {
  const std::string_view text = document.text(entry.value);
  Field field;
  field.kind = kind;
  field.line = entry.line;
  field.range = entry.value;
  field.text = text;
  field.notation = Notation::yaml;
  field.after_colon = text.empty() && !entry.quoted;
  const auto quantity = token_quantity(text, TokenHint::label_names_tokens);
  const std::string low = ascii_lower(text);
  const bool blank = is_null(text) || low == "tbd" || low == "pending" || low == "x";
  field.state = blank ? FieldState::placeholder : FieldState::value;
  if (!blank && quantity) field.number = quantity->high;
  if (kind == FieldKind::actual && reading.actual.state == FieldState::absent) reading.actual = {field.state, field.line, field.number};
  reading.fields.push_back(std::move(field));
}

void set_once(std::string& target, std::string_view text) {
  if (target.empty() && !is_null(text)) target = printable(text, 200);
}

bool is_field(FieldKind kind) { return kind >= FieldKind::actual && kind <= FieldKind::model; }

}  // namespace

void read_front_matter(const Document& document, const FrontMatter& front, const Patterns& patterns, Reading& reading) {
  std::vector<Limit> estimates;
  std::vector<Limit> caps;
  for (const YamlEntry& entry : front.entries) {
    const KeyPattern* pattern = pattern_of(entry, patterns);
    if (pattern == nullptr) continue;
    const std::string_view text = document.text(entry.value);
    if (pattern->kind == FieldKind::estimate) estimates.push_back(limit_of(document, entry, *pattern));
    else if (pattern->kind == FieldKind::cap) caps.push_back(limit_of(document, entry, *pattern));
    else if (pattern->kind == FieldKind::task_id) set_once(reading.task_id, text);
    else if (pattern->kind == FieldKind::title) set_once(reading.title, text);
    else if (pattern->kind == FieldKind::sprint) set_once(reading.sprint, text);
    else if (pattern->kind == FieldKind::category) set_once(reading.category, text);
    else if (pattern->kind == FieldKind::points) set_once(reading.points, text);
    else if (is_field(pattern->kind)) add_field(document, entry, pattern->kind, reading);
  }
  join_low_and_high(estimates);
  if (const Limit* best = decide(estimates, FieldKind::estimate, reading))
    reading.estimate = Estimate{*best->candidate.low, *best->candidate.high, best->candidate.line, "stated in the front matter"};
  if (const Limit* best = decide(caps, FieldKind::cap, reading)) reading.cap = WrittenCap{*best->candidate.high, best->candidate.line};
  for (const Limit& limit : estimates) reading.candidates.push_back(limit.candidate);
  for (const Limit& limit : caps) reading.candidates.push_back(limit.candidate);
}

}  // namespace ts::taskfile
