#include "accounting/ledger/rows.hpp"

#include <charconv>

namespace ts::ledger {
namespace {

int number_in(const std::string& text) {
  int value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

}  // namespace

std::optional<Source> source_named(std::string_view name) {
  for (const Source source : {Source::stream, Source::transcript, Source::gateway})
    if (name_of(source) == name) return source;
  return std::nullopt;
}

void put(Slot& slot, const std::string& value) {
  slot.text = value;
}
void put(Slot& slot, const std::vector<std::string>& value) {
  slot.text = join_list(value);
}
void put(Slot& slot, Formula value) {
  slot.text = name_of(value);
}
void put(Slot& slot, Source value) {
  slot.text = name_of(value);
}
void put(Slot& slot, Outcome value) {
  slot.text = name_of(value);
}

void put(Slot& slot, Measure value) {
  slot.text = name_of(value);
}
void put(Slot& slot, PeriodKind value) {
  slot.text = name_of(value);
}
void put(Slot& slot, AlertEvent value) {
  slot.text = name_of(value);
}
void put(Slot& slot, const std::vector<int>& value) {
  std::vector<std::string> texts;
  texts.reserve(value.size());
  for (const int each : value) texts.push_back(std::to_string(each));
  put(slot, texts);
}
void put(Slot& slot, const std::vector<Threshold>& value) {
  std::vector<std::string> texts;
  for (const Threshold& each : value) texts.insert(texts.end(), {std::to_string(each.percent), each.name, each.colour, each.sign});
  put(slot, texts);
}
void put(Slot& slot, const std::map<std::string, std::string, std::less<>>& value) {
  std::vector<std::string> texts;
  for (const auto& [name, each] : value) texts.insert(texts.end(), {name, each});
  put(slot, texts);
}

void get(const Slot& slot, std::string& value) {
  value = slot.text;
}
void get(const Slot& slot, std::vector<std::string>& value) {
  value = split_list(slot.text);
}
// A name of a newer version of the program: the nearest that this one knows.
void get(const Slot& slot, Formula& value) {
  value = formula_named(slot.text).value_or(Formula::total);
}
void get(const Slot& slot, Source& value) {
  value = source_named(slot.text).value_or(Source::stream);
}
void get(const Slot& slot, Outcome& value) {
  value = outcome_named(slot.text).value_or(Outcome::failed);
}

void get(const Slot& slot, Measure& value) {
  value = measure_named(slot.text).value_or(Measure::total);
}
void get(const Slot& slot, PeriodKind& value) {
  value = period_kind_named(slot.text).value_or(PeriodKind::total);
}
void get(const Slot& slot, AlertEvent& value) {
  value = alert_event_named(slot.text).value_or(AlertEvent::raised);
}
void get(const Slot& slot, std::vector<int>& value) {
  value.clear();
  for (const std::string& each : split_list(slot.text)) value.push_back(number_in(each));
}
void get(const Slot& slot, std::vector<Threshold>& value) {
  value.clear();
  const std::vector<std::string> texts = split_list(slot.text);
  for (std::size_t i = 0; i + 3 < texts.size(); i += 4) value.push_back({number_in(texts[i]), texts[i + 1], texts[i + 2], texts[i + 3]});
}
void get(const Slot& slot, std::map<std::string, std::string, std::less<>>& value) {
  value.clear();
  const std::vector<std::string> texts = split_list(slot.text);
  for (std::size_t i = 0; i + 1 < texts.size(); i += 2) value[texts[i]] = texts[i + 1];
}

}  // namespace ts::ledger
