#include "accounting/ledger/rows.hpp"

namespace ts::ledger {

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

}  // namespace ts::ledger
