#include <algorithm>
#include <array>
#include <optional>

#include "accounting/base/ascii.hpp"
#include "taskfile/reader/finding.hpp"
#include "taskfile/reader/value.hpp"
#include "taskfile/text/words.hpp"

namespace ts::taskfile {
namespace {

using Meaning = SectionPattern::Meaning;

bool is_measured(FieldKind kind) { return kind >= FieldKind::actual && kind <= FieldKind::model; }

bool is_count(FieldKind kind) {
  switch (kind) {
    case FieldKind::actual:
    case FieldKind::api_calls:
    case FieldKind::input:
    case FieldKind::output:
    case FieldKind::cache_read:
    case FieldKind::cache_write:
      return true;
    default:
      return false;
  }
}

std::optional<Role> owner_by_label(const Entry& entry) {
  if (entry.label.starts_with("sr ") || entry.label.find("reviewer") != std::string::npos) return Role::reviewer;
  if (entry.label.starts_with("engineer ")) return Role::engineer;
  return std::nullopt;
}

bool says_actual(const Entry& entry) {
  return entry.label.find("actual") != std::string::npos || entry.column.find("actual") != std::string::npos;
}

/// A field with what the choice between fields needs.
struct Ranked {
  Field field;
  int score = 0;
  int section = -1;
  int table = -1;
  std::string phase;  ///< "implementation" or "total" in a table of phases
  bool owned = false;  ///< a heading or the label names the owner
};

class Fields {
 public:
  Fields(const Document& document, const SectionMeanings& sections, const Patterns& patterns)
      : document_(document), sections_(sections), patterns_(patterns) {}

  void add(const Finding& finding) {
    const Entry& entry = *finding.entry;
    if (!is_measured(finding.kind)) return;
    const std::optional<Role> named = owner_by_label(entry);
    const Role by_section = sections_.owner(entry.section);
    const Role owner = named ? *named : by_section == Role::other ? Role::engineer : by_section;
    const bool owned = named || by_section != Role::other;
    const bool fenced = entry.kind == LineKind::fenced;
    if (fenced && by_section == Role::other && !(named && finding.kind == FieldKind::agent_id)) return;
    const Meaning meaning = sections_.meaning(entry.section);
    if (meaning == Meaning::others || (meaning == Meaning::estimate && !says_actual(entry))) return;
    const std::string_view text = document_.text(entry.value);
    if (finding.kind == FieldKind::variance && add_sentence(entry, owner, owned)) return;
    if (finding.kind == FieldKind::actual && !is_total(finding)) return;
    const Value value = is_count(finding.kind) ? value_of_count(text, patterns_) : value_of_text(text, patterns_);
    Ranked ranked = make(entry, value, finding.kind, owner);
    ranked.owned = owned;
    if (entry.label == "implementation" || entry.label == "total") ranked.phase = entry.label;
    const bool words_elsewhere = !value.joiner.empty() && !owned && !known_place(entry.section);
    const bool prose = value.joiner == kWordsJoiner && finding.kind != FieldKind::actual && entry.table < 0;  // "Input: a text field"
    if (words_elsewhere || prose) return;
    ranked.score = finding.rank - (by_section == Role::other ? 0 : 20) + (known_place(entry.section) || owned ? 0 : 5) + (fenced ? 40 : 0);
    all_.push_back(std::move(ranked));
  }

  void finish(Reading& reading) {
    std::stable_sort(all_.begin(), all_.end(), [](const Ranked& a, const Ranked& b) { return a.field.range.begin < b.field.range.begin; });
    drop_sums();
    const Ranked* first = nullptr;
    for (const Ranked& ranked : all_) {
      if (ranked.field.kind != FieldKind::actual || ranked.field.owner != Role::engineer) continue;
      if (first == nullptr || ranked.score < first->score) first = &ranked;
    }
    const bool stated = reading.actual.state != FieldState::absent;  // by the front matter
    if (first != nullptr && !stated) reading.actual = {first->field.state, first->field.line, first->field.number};
    for (const Ranked& ranked : all_)
      if (belongs(ranked, first)) reading.fields.push_back(ranked.field);
  }

 private:
  [[nodiscard]] bool known_place(int section) const { return sections_.meaning(section) == Meaning::header; }

  /// A lone "Actual: …" and lines without a label must speak of tokens.
  bool is_total(const Finding& finding) const {
    const Entry& entry = *finding.entry;
    const std::string_view text = document_.text(entry.value);
    if (entry.shape == Entry::Shape::plain) return value_of_text(text, patterns_).state == FieldState::placeholder || is_number(text);
    if (entry.label != "actual" && !entry.label.starts_with("actual (")) return true;
    return token_quantity(text, TokenHint::value_must_show_it).has_value() || value_of_text(text, patterns_).state == FieldState::placeholder;
  }

  static bool is_number(std::string_view text) {
    const std::vector<Quantity> found = quantities(text);
    return found.size() == 1 && found[0].begin == 0 && found[0].end == text.size();
  }

  Ranked make(const Entry& entry, const Value& value, FieldKind kind, Role owner) const {
    Ranked ranked;
    ranked.section = entry.section;
    ranked.table = entry.table;
    ranked.field.kind = kind;
    ranked.field.owner = owner;
    ranked.field.state = value.state;
    ranked.field.line = entry.line;
    ranked.field.range = {entry.value.begin + value.range.begin, entry.value.begin + value.range.end};
    ranked.field.text = document_.text(ranked.field.range);
    ranked.field.number = value.number;
    ranked.field.joiner = value.joiner;
    ranked.field.wants_difference = entry.column == "delta";
    return ranked;
  }

  /// "PM Est ~20K vs Actual ~XK (X% over/under)": the echo stays, the count and the percentage are fields.
  bool add_sentence(const Entry& entry, Role owner, bool owned) {
    const std::string_view text = document_.text(entry.value);
    const std::size_t actual = ascii_lower(text).find("actual ");
    if (actual == std::string::npos) return false;
    const std::size_t begin = actual + std::string_view("actual ").size();
    const std::size_t open = text.find('(', begin);
    const std::string_view count = trim(text.substr(begin, open == std::string_view::npos ? open : open - begin));
    if (count.empty()) return true;
    add_part(entry, owner, owned, {FieldKind::actual, count});
    const std::size_t close = open == std::string_view::npos ? open : text.find(')', open);
    if (close != std::string_view::npos) add_part(entry, owner, owned, {FieldKind::variance, text.substr(open + 1, close - open - 1)});
    return true;
  }

  struct Part {
    FieldKind kind;
    std::string_view text;
  };

  void add_part(const Entry& entry, Role owner, bool owned, Part part) {
    const Value value = part.kind == FieldKind::actual ? value_of_count(part.text, patterns_) : value_of_text(part.text, patterns_);
    Entry inner = entry;
    inner.value.begin = static_cast<std::size_t>(part.text.data() - document_.bytes().data());
    inner.value.end = inner.value.begin + part.text.size();
    Ranked ranked = make(inner, value, part.kind, owner);
    ranked.owned = owned;
    ranked.score = 80;
    if (value.joiner.empty()) all_.push_back(std::move(ranked));
  }

  /// Of a table of phases the run fills its own phase; the sum is for those who know the other phases.
  void drop_sums() {
    std::vector<int> phased;
    for (const Ranked& ranked : all_)
      if (ranked.phase == "implementation") phased.push_back(ranked.table);
    std::erase_if(all_, [&](const Ranked& ranked) {
      return ranked.phase == "total" && std::find(phased.begin(), phased.end(), ranked.table) != phased.end();
    });
  }

  /// Unowned fields belong to the task when they stand where its actual field stands.
  static bool belongs(const Ranked& ranked, const Ranked* first) {
    if (ranked.owned) return true;
    if (first == nullptr) return false;
    return ranked.section == first->section || (ranked.table >= 0 && ranked.table == first->table);
  }

  const Document& document_;
  const SectionMeanings& sections_;
  const Patterns& patterns_;
  std::vector<Ranked> all_;
};

}  // namespace

void collect_fields(const Document& document, const std::vector<Finding>& findings, const SectionMeanings& sections,
                    const Patterns& patterns, Reading& reading) {
  Fields fields(document, sections, patterns);
  for (const Finding& finding : findings) fields.add(finding);
  fields.finish(reading);
}

}  // namespace ts::taskfile
