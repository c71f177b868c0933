#include <fmt/format.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "accounting/base/text.hpp"
#include "accounting/report/json_parts.hpp"
#include "accounting/report/markdown.hpp"
#include "accounting/report/retro.hpp"

namespace ts::report {
namespace {

std::string name_of_task(const RetroTask& task) {
  return task.task_id.empty() ? std::filesystem::path(task.task_file).filename().string() : task.task_id;
}

std::string count_or_dash(const std::optional<Tokens>& count) { return count ? with_commas(*count) : "-"; }

std::string variance_or_dash(const std::optional<Tokens>& actual, const std::optional<Tokens>& estimate) {
  return actual && estimate ? variance_text(*actual, *estimate).value_or("-") : "-";
}

std::string factor_text(const std::optional<std::int64_t>& thousandths) {
  return thousandths ? fmt::format("{:.1f} ×", static_cast<double>(*thousandths) / 1000) : "-";
}

std::string totals_note(const Retro& retro) {
  std::string note = fmt::format("{} overrun{}, {} INCIDENT{}", retro.overruns, retro.overruns == 1 ? "" : "s", retro.incidents, retro.incidents == 1 ? "" : "S");
  if (retro.compared < retro.tasks.size()) note += fmt::format("; {} of {} tasks have both numbers, all together {}", retro.compared, retro.tasks.size(), with_commas(retro.measured));
  if (retro.cost) note += "; " + dollars(*retro.cost);
  return note;
}

std::string csv_cell(const std::string& text) {
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  std::string quoted = "\"";
  for (const char c : text) quoted += c == '"' ? std::string("\"\"") : std::string(1, c);
  return quoted + "\"";
}

template <class T>
std::string csv_number(const std::optional<T>& value) {
  return value ? std::to_string(*value) : "";
}

std::string caps_table(const Retro& retro) {
  MarkdownTable table({"Category", ">Runs", ">p50", ">p75", ">p90", ">Highest", fmt::format(">p{} of actual ÷ estimate", retro.percent), fmt::format(">Suggested cap (p{})", retro.percent), "Notes"});
  for (const CapSuggestion& cap : retro.caps) {
    const Spread& s = cap.past.fresh;
    std::string notes = s.count < 5 ? "few runs" : "";
    if (cap.past.cut_off > 0) notes += (notes.empty() ? "" : "; ") + fmt::format("{} cut off: they might have taken more", cap.past.cut_off);
    table.add({cap.category.empty() ? "(none)" : cell_text(cap.category), with_commas(static_cast<std::int64_t>(s.count)), with_commas(s.p50), with_commas(s.p75), with_commas(s.p90),
               with_commas(s.highest), factor_text(cap.factor), with_commas(cap.cap), notes});
  }
  return table.text();
}

}  // namespace

std::string retro_markdown(const Retro& retro) {
  MarkdownTable table({"Task", ">Est Tokens", ">Actual Tokens", ">Variance", "Notes"});
  for (const RetroTask& task : retro.tasks)
    table.add({cell_text(name_of_task(task)), count_or_dash(task.estimate), count_or_dash(task.actual), variance_or_dash(task.actual, task.estimate), cell_text(task.notes, 300)});
  const bool any = retro.compared > 0;
  table.add({"**Total**", any ? "**" + with_commas(retro.estimate) + "**" : "-", any ? "**" + with_commas(retro.actual) + "**" : "-",
             any ? "**" + variance_text(retro.actual, retro.estimate).value_or("-") + "**" : "-", totals_note(retro)});
  std::string text = fmt::format("## Token retrospective: {}\n\nFresh tokens (input + cache write + output), measured; estimates are the upper ones. Role: {}.\n\n", cell_text(retro.sprint), cell_text(retro.role));
  text += table.text();
  if (!retro.caps.empty()) text += fmt::format("\n### Caps that history suggests\n\nBy what runs of the role took, all sprints.\n\n{}", caps_table(retro));
  return text;
}

std::string retro_csv(const Retro& retro) {
  std::string text = "task,file,category,est_tokens,actual_tokens,variance_percent,runs,incident,cost_micro_usd,notes\n";
  for (const RetroTask& task : retro.tasks) {
    std::string variance = variance_or_dash(task.actual, task.estimate);
    variance = variance == "-" ? "" : variance.substr(variance.starts_with('+') ? 1 : 0, variance.find('%') - (variance.starts_with('+') ? 1 : 0));
    text += fmt::format("{},{},{},{},{},{},{},{},{},{}\n", csv_cell(name_of_task(task)), csv_cell(task.task_file), csv_cell(task.category), csv_number(task.estimate),
                        csv_number(task.actual), variance, task.runs, task.incident ? "yes" : "no", csv_number(task.cost), csv_cell(task.notes));
  }
  return text;
}

std::string retro_json(const Retro& retro) {
  Json j = {{"sprint", retro.sprint}, {"role", retro.role}, {"formula", "fresh"}, {"tasks", Json::array()}, {"caps", Json::array()}};
  for (const RetroTask& task : retro.tasks) {
    const bool both = task.actual && task.estimate.value_or(0) > 0;
    j["tasks"].push_back({{"task", text_or_null(task.task_id)}, {"file", text_or_null(task.task_file)}, {"category", text_or_null(task.category)}, {"estimate", or_null(task.estimate)},
                          {"actual", or_null(task.actual)}, {"variance", both ? Json(static_cast<double>(*task.actual - *task.estimate) / static_cast<double>(*task.estimate)) : Json(nullptr)},
                          {"runs", task.runs}, {"overrun", task.overrun}, {"incident", task.incident}, {"cost_micro_usd", or_null(task.cost)}, {"notes", task.notes}});
  }
  j["total"] = {{"estimate", retro.estimate}, {"actual", retro.actual}, {"tasks", retro.tasks.size()}, {"compared", retro.compared}, {"measured", retro.measured},
                {"overruns", retro.overruns}, {"incidents", retro.incidents}, {"cost_micro_usd", or_null(retro.cost)}};
  for (const CapSuggestion& cap : retro.caps) {
    const Spread& s = cap.past.fresh;
    j["caps"].push_back({{"category", text_or_null(cap.category)}, {"runs", s.count}, {"p50", s.p50}, {"p75", s.p75}, {"p90", s.p90}, {"highest", s.highest}, {"cut_off", cap.past.cut_off},
                         {"percentile", retro.percent}, {"factor", cap.factor ? Json(static_cast<double>(*cap.factor) / 1000) : Json(nullptr)}, {"cap", cap.cap}});
  }
  return dump(j);
}

}  // namespace ts::report
