#include "spawner/cli/task_text.hpp"

#include <fmt/format.h>

#include "accounting/base/text.hpp"
#include "accounting/report/json_parts.hpp"
#include "spawner/cli/table.hpp"

namespace ts::cli {
namespace {

using report::Json;
using taskfile::Candidate;
using taskfile::Reading;

Json candidate_json(const Candidate& c) {
  return {{"subject", std::string{name_of(c.subject)}}, {"low", report::or_null(c.low)}, {"high", report::or_null(c.high)},
          {"line", c.line}, {"text", c.text}, {"why", c.why}};
}

std::string range_text(Tokens low, Tokens high) {
  return low == high ? with_commas(high) : fmt::format("{}–{}", with_commas(low), with_commas(high));
}

std::string state_text(const taskfile::FieldState state, const std::optional<Tokens>& value, int line) {
  if (state == taskfile::FieldState::absent) return "no field for it; a marked block would be appended";
  const std::string what = state == taskfile::FieldState::placeholder ? "not filled in" : value ? with_commas(*value) : "a value that is no count";
  return fmt::format("{} (line {})", what, line);
}

void add_candidates(std::string& text, const Reading& reading) {
  using enum Align;
  if (reading.candidates.empty()) return;
  Table table({left, right, left, left});
  for (const Candidate& c : reading.candidates)
    table.add({"  " + std::string{name_of(c.subject)}, fmt::format("line {}", c.line), printable(c.text, 80), printable(c.why, 120)});
  text += "candidates\n" + table.text();
}

}  // namespace

std::string reading_json(const std::string& file, const Reading& reading, const std::optional<report::PastSpending>& past) {
  Json j = {{"file", file}, {"task_id", report::text_or_null(reading.task_id)}, {"sprint", report::text_or_null(reading.sprint)},
            {"category", report::text_or_null(reading.category)}, {"estimate", nullptr}, {"cap", nullptr}, {"actual", nullptr},
            {"candidates", Json::array()}};
  if (const auto& e = reading.estimate) j["estimate"] = {{"low", e->low}, {"high", e->high}, {"line", e->line}, {"why", e->why}};
  if (const auto& cap = reading.cap) j["cap"] = {{"limit", cap->limit}, {"line", cap->line}};
  const auto& actual = reading.actual;
  j["actual"] = {{"line", actual.line > 0 ? Json(actual.line) : Json(nullptr)}, {"state", std::string{name_of(actual.state)}}, {"value", report::or_null(actual.value)}};
  for (const Candidate& c : reading.candidates) j["candidates"].push_back(candidate_json(c));
  j["past"] = nullptr;
  if (past) j["past"] = Json::parse(report::past_json(*past));
  return report::dump(j);
}

std::string reading_text(const std::string& file, const Reading& reading, const std::optional<report::PastSpending>& past) {
  using enum Align;
  Table table({left, left});
  const auto row = [&](std::string name, std::string value) { table.add({std::move(name), std::move(value)}); };
  row("file", file);
  row("task", reading.task_id.empty() ? "not said" : printable(reading.task_id + " " + reading.title, 120));
  if (!reading.sprint.empty()) row("sprint", printable(reading.sprint));
  if (!reading.category.empty()) row("category", printable(reading.category));
  const auto* unclear = reading.ambiguity(taskfile::FieldKind::estimate);
  if (const auto& e = reading.estimate) row("estimate", fmt::format("{} tokens (line {}: {})", range_text(e->low, e->high), e->line, printable(e->why)));
  else row("estimate", unclear != nullptr ? "AMBIGUOUS: " + printable(unclear->why) + "; say which with " + unclear->flag : std::string{"none"});
  const auto* caps = reading.ambiguity(taskfile::FieldKind::cap);
  if (const auto& cap = reading.cap) row("cap", fmt::format("{} tokens (line {})", with_commas(cap->limit), cap->line));
  else row("cap", caps != nullptr ? "AMBIGUOUS: " + printable(caps->why) + "; say which with " + caps->flag : std::string{"none written"});
  row("actual", state_text(reading.actual.state, reading.actual.value, reading.actual.line));
  if (past) row("past runs", in_words(*past));
  std::string text = table.text();
  for (const taskfile::Field& field : reading.fields)
    if (field.kind != taskfile::FieldKind::actual || field.line != reading.actual.line)
      text += fmt::format("  {} of the {}: {} (line {})\n", name_of(field.kind), name_of(field.owner),
                          field.state == taskfile::FieldState::placeholder ? "not filled in" : printable(field.text, 60), field.line);
  add_candidates(text, reading);
  for (const std::string& note : reading.notes) text += "note: " + printable(note) + "\n";
  return text;
}

}  // namespace ts::cli
