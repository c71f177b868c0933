#include <fmt/format.h>

#include <algorithm>

#include "accounting/base/text.hpp"
#include "taskfile/reader/finding.hpp"
#include "taskfile/reader/value.hpp"
#include "taskfile/text/words.hpp"

namespace ts::taskfile {
namespace {

using Meaning = SectionPattern::Meaning;

constexpr std::size_t kMostCandidates = 50;
constexpr int kWeakRank = 29;        ///< from here on a label speaks of tokens only where estimates stand ("tokens", "effort", "cap")
constexpr std::size_t kLeadIn = 3;   ///< words that may stand before the number of a line without a label

struct Scored {
  Candidate candidate;
  int score = 0;
  std::string doubt;
  std::string where;
};

/// What the section adds to the rank of a label; lower wins.
int section_score(Meaning meaning) {
  switch (meaning) {
    case Meaning::estimate: return -15;
    case Meaning::header: return 0;
    case Meaning::foreign: return 20;
    case Meaning::part: return 60;
    case Meaning::engineer: return 40;
    case Meaning::reviewer:
    case Meaning::others: break;
  }
  return 100;
}

std::string_view place_of(Meaning meaning) {
  switch (meaning) {
    case Meaning::estimate: return "the estimate's section";
    case Meaning::header: return "the header";
    case Meaning::engineer: return "the engineer's section";
    case Meaning::reviewer: return "the reviewer's section";
    case Meaning::others: return "another role's section";
    case Meaning::part: return "the section of a part";
    case Meaning::foreign: break;
  }
  return "another section";
}

std::string name_of_entry(const Entry& entry) {
  if (entry.shape == Entry::Shape::plain) return "a line without a label";
  if (entry.shape == Entry::Shape::cell) return fmt::format("\"{}\" in column \"{}\"", printable(entry.label, 60), printable(entry.column, 60));
  return fmt::format("\"{}\"", printable(entry.label, 60));
}

std::size_t words_before(std::string_view text, std::size_t end) {
  std::size_t words = 0;
  for (std::size_t at = 0; at < end; ++at) words += is_letter(text[at]) && (at == 0 || !is_letter(text[at - 1])) ? 1U : 0U;
  return words;
}

/// Why a figure may speak of something else than the task; empty: it doesn't.
std::string doubt_of(const Finding& finding, Meaning meaning, const Quantity& quantity, std::string_view before) {
  if (meaning == Meaning::part) return "it is the figure of a part";
  if (before.ends_with("+")) return "it is what an assumption adds";
  const std::string& label = finding.entry->label;
  const bool says_tokens = quantity.unit == Quantity::Unit::tokens && label.find("token") == std::string::npos;
  const bool is_estimate = quantity.suffixed && label.starts_with("est");
  const bool weak = finding.rank >= kWeakRank && !finding.placed && !says_tokens && !is_estimate;
  if (meaning == Meaning::foreign && weak) return "nothing around it speaks of the task's tokens";
  if (finding.entry->shape == Entry::Shape::plain && words_before(before, before.size()) > kLeadIn) return "it stands in a sentence";
  return {};
}

Scored score(const Document& document, const Finding& finding, const SectionMeanings& sections) {
  const Entry& entry = *finding.entry;
  const Meaning meaning = sections.meaning(entry.section);
  const std::string_view text = document.text(entry.value);
  const bool named = entry.label.find("token") != std::string::npos || finding.kind == FieldKind::cap ||
                     entry.column.find("token") != std::string::npos;
  const auto quantity = finding.kind == FieldKind::cap ? cap_quantity(text) : token_quantity(text, named ? TokenHint::label_names_tokens : TokenHint::value_must_show_it);
  Scored scored;
  scored.candidate.subject = finding.kind;
  scored.candidate.line = entry.line;
  scored.candidate.text = printable(trim(document.line(entry.line)), 160);
  scored.score = finding.rank + section_score(meaning);
  scored.where = fmt::format("{} in {}", name_of_entry(entry), place_of(meaning));
  if (entry.label.starts_with("if ")) scored.where = "the conditional figures of " + std::string(place_of(meaning));
  if (quantity) {
    scored.candidate.low = quantity->low;
    scored.candidate.high = quantity->high;
    scored.doubt = quantity->doubt.empty() ? doubt_of(finding, meaning, *quantity, text.substr(0, quantity->begin)) : quantity->doubt;
  }
  if (entry.kind == LineKind::fenced && !finding.fenced) scored.candidate.why = "lost: template text in a fenced block";
  else if (!quantity) scored.candidate.why = "lost: no number of tokens";
  else if (meaning == Meaning::reviewer) scored.candidate.why = "lost: the reviewer's figure";
  else if (meaning == Meaning::others) scored.candidate.why = "lost: another role's figure";
  return scored;
}

/// Conditional estimates of one section ("If only A: 3K", "If B, too: 15K") are one range from the least to the most.
void join_conditionals(std::vector<Scored>& all, const std::vector<Finding>& findings) {
  Scored* first = nullptr;
  int section = -1;
  for (std::size_t i = 0; i < all.size(); ++i) {
    const Entry& entry = *findings[i].entry;
    if (!entry.label.starts_with("if ") || !all[i].candidate.why.empty()) continue;
    if (first == nullptr || section != entry.section) {
      first = &all[i];
      section = entry.section;
      continue;
    }
    first->candidate.low = std::min(*first->candidate.low, *all[i].candidate.low);
    first->candidate.high = std::max(*first->candidate.high, *all[i].candidate.high);
    all[i].candidate.why = fmt::format("lost: joined with line {}", first->candidate.line);
  }
}

bool says_the_same(const Candidate& a, const Candidate& b) { return a.low == b.low && a.high == b.high; }

/// The winner of `all`, the reasons of the others filled in. Null: nothing was found, or no rule decides.
const Scored* decide(std::vector<Scored>& all, FieldKind subject, Reading& reading) {
  Scored* best = nullptr;
  for (Scored& scored : all)
    if (scored.candidate.why.empty() && (best == nullptr || scored.score < best->score)) best = &scored;
  if (best == nullptr) return nullptr;
  Ambiguity ambiguity{subject, {}, "", subject == FieldKind::cap ? "--cap" : "--estimate"};
  for (Scored& scored : all) {
    if (&scored == best || !scored.candidate.why.empty()) continue;
    if (says_the_same(scored.candidate, best->candidate)) {
      scored.candidate.why = fmt::format("lost: says the same as line {}", best->candidate.line);
    } else if (scored.score == best->score) {
      scored.candidate.why = fmt::format("lost: contradicts line {}, and no rule prefers one", best->candidate.line);
      ambiguity.candidates.push_back(scored.candidate);
      ambiguity.why = fmt::format("{} says something else than line {}", scored.where, best->candidate.line);
    } else {
      scored.candidate.why = fmt::format("lost: {} comes after {}", scored.where, best->where);
    }
  }
  if (!best->doubt.empty()) ambiguity.why = best->doubt;
  best->candidate.why = "won: " + best->where;
  if (ambiguity.why.empty()) return best;
  best->candidate.why = "undecided: " + ambiguity.why;
  ambiguity.candidates.insert(ambiguity.candidates.begin(), best->candidate);
  reading.ambiguities.push_back(std::move(ambiguity));
  return nullptr;
}

std::vector<Scored> scored_of(const Document& document, const std::vector<Finding>& findings, const SectionMeanings& sections) {
  std::vector<Scored> all;
  for (const Finding& finding : findings) all.push_back(score(document, finding, sections));
  return all;
}

std::vector<Finding> only(const std::vector<Finding>& findings, FieldKind kind) {
  std::vector<Finding> some;
  for (const Finding& finding : findings)
    if (finding.kind == kind) some.push_back(finding);
  return some;
}

void keep_candidates(const std::vector<Scored>& all, Reading& reading) {
  for (const Scored& scored : all)
    if (reading.candidates.size() < kMostCandidates) reading.candidates.push_back(scored.candidate);
}

}  // namespace

void choose_limits(const Document& document, const std::vector<Finding>& findings, const SectionMeanings& sections, Reading& reading) {
  const std::vector<Finding> estimates = only(findings, FieldKind::estimate);
  std::vector<Scored> all = scored_of(document, estimates, sections);
  join_conditionals(all, estimates);
  if (reading.estimate) {  // the front matter has spoken
    for (Scored& scored : all)
      if (scored.candidate.why.empty()) scored.candidate.why = "lost: the front matter comes first";
  } else if (const Scored* best = decide(all, FieldKind::estimate, reading)) {
    reading.estimate = Estimate{*best->candidate.low, *best->candidate.high, best->candidate.line, best->where};
  }
  keep_candidates(all, reading);
  std::vector<Scored> caps = scored_of(document, only(findings, FieldKind::cap), sections);
  if (reading.cap) {
    for (Scored& scored : caps)
      if (scored.candidate.why.empty()) scored.candidate.why = "lost: the front matter comes first";
  } else if (const Scored* best = decide(caps, FieldKind::cap, reading)) {
    reading.cap = WrittenCap{*best->candidate.high, best->candidate.line};
  }
  keep_candidates(caps, reading);
}

}  // namespace ts::taskfile
