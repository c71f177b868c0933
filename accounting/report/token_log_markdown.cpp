#include <fmt/format.h>

#include "accounting/base/text.hpp"
#include "accounting/budget/cap.hpp"
#include "accounting/report/markdown.hpp"
#include "accounting/report/token_log.hpp"

namespace ts::report {
namespace {

std::string minute(UtcTime time) {
  const std::string text = rfc3339(time);
  return text.substr(0, 10) + " " + text.substr(11, 5);
}

std::string or_unknown(const std::string& text) { return text.empty() ? "not known" : cell_text(text); }

Tokens fresh_of(const TokenCounts& counts) { return by_formula(counts, Formula::fresh); }

/// "a, b, c, d, fresh" of a row of counts.
std::vector<std::string> count_cells(const TokenCounts& c) {
  return {with_commas(c.input), with_commas(c.cache_write()), with_commas(c.cache_read), with_commas(c.output), with_commas(fresh_of(c))};
}

std::string bold(const std::string& text) { return "**" + text + "**"; }

void append(std::vector<std::string>& cells, std::vector<std::string> more) {
  for (std::string& cell : more) cells.push_back(std::move(cell));
}

std::string models_text(const TokenLog& log) {
  std::string text;
  for (const ModelRow& model : log.models)
    if (!model.model.empty()) text += (text.empty() ? "" : ", ") + cell_text(model.model);
  return text;
}

std::string head_part(const TokenLog& log) {
  const ledger::RunStart& start = log.run.start;
  std::string text = fmt::format("# Token Log - {}\n\n", cell_text(start.task_id.empty() ? start.id.text : start.task_id));
  if (!start.task_title.empty()) text += fmt::format("**Task:** {}\n", cell_text(start.task_title, 200));
  text += fmt::format("**Date:** {} UTC\n", minute(start.started));
  const std::string version = log.run.end ? log.run.end->agent_version : "";
  text += fmt::format("**Agent:** {}{}\n", cell_text(start.agent), version.empty() ? "" : " " + cell_text(version));
  text += fmt::format("**Model:** {}\n", or_unknown(models_text(log)));
  text += fmt::format("**Role:** {}\n", cell_text(start.role));
  return text + fmt::format("**Measured by:** tracked-spawn, run {}\n", start.id.text);
}

std::string totals_part(const TokenLog& log) {
  const TokenCounts& c = log.totals.counts;
  MarkdownTable table({"Tokens", ">Count"});
  table.add({"Input (fresh)", with_commas(c.input)});
  table.add({"Cache write", with_commas(c.cache_write())});
  table.add({"Output", with_commas(c.output)});
  table.add({bold("Fresh total") + " (input + cache write + output)", bold(with_commas(log.fresh()))});
  table.add({"Cache read", with_commas(c.cache_read)});
  table.add({"Processed (fresh + cache read)", with_commas(by_formula(c, Formula::total))});
  table.add({"Reasoning (part of the output)", with_commas(c.reasoning)});
  table.add({"Peak context of one response", log.peak_context ? with_commas(*log.peak_context) : "not known"});
  return "## Totals\n\n" + table.text();
}

/// Rows of counts with their share, a remainder, and a sum.
class CountTable {
 public:
  CountTable(std::string head, const TokenLog& log)
      : table_({std::move(head), ">Responses", ">Input", ">Cache write", ">Cache read", ">Output", ">Fresh", ">% of fresh"}), log_(log) {}

  void add(const std::string& name, const std::string& responses, const TokenCounts& counts) {
    std::vector<std::string> cells{name, responses};
    append(cells, count_cells(counts));
    cells.push_back(log_.fresh() > 0 ? share_text(fresh_of(counts), log_.fresh()) : "-");
    table_.add(cells);
  }

  std::string text() {
    if (!(log_.beyond == TokenCounts{})) add(std::string(kSettledRow), "-", log_.beyond);
    std::vector<std::string> cells{bold("Total"), log_.totals.requests > 0 ? bold(with_commas(log_.totals.requests)) : "-"};
    for (const std::string& cell : count_cells(log_.totals.counts)) cells.push_back(bold(cell));
    cells.push_back(bold("100%"));
    table_.add(cells);
    return table_.text();
  }

 private:
  MarkdownTable table_;
  const TokenLog& log_;
};

std::string responses_text(std::int64_t responses) { return responses > 0 ? with_commas(responses) : "-"; }

std::string phases_part(const TokenLog& log) {
  CountTable table("Phase", log);
  for (const PhaseRow& phase : log.phases) table.add(cell_text(phase.name), responses_text(phase.responses), phase.counts);
  return "## Phase Breakdown\n\n" + table.text();
}

std::string workers_part(const TokenLog& log) {
  const std::vector<WorkerRow>& workers = log.attribution.workers;
  if (workers.size() < 2) return "## Sub-Agents\n\nNone was seen.\n";
  CountTable table("Agent", log);
  for (const WorkerRow& worker : workers) table.add(cell_text(worker.name, 80), responses_text(worker.responses), worker.counts);
  return fmt::format("## Sub-Agents\n\n{} sub-agent{}.\n\n", workers.size() - 1, workers.size() == 2 ? "" : "s") + table.text();
}

std::string tools_part(const TokenLog& log) {
  std::string text = "## Breakdown by Tool\n\n";
  if (log.evidence.empty()) return text + "Not known: neither the captured stream nor a transcript could be read.\n";
  text += fmt::format("Invocations and bytes are exact, from {}. The tokens are *attributed*: no provider bills a tool. Output falls to what was said and "
                      "called, fresh input to what came in since the response before, by bytes.\n\n",
                      log.evidence);
  MarkdownTable table({"Tool", ">Invocations", ">Bytes called", ">Bytes returned", ">Input (attributed)", ">Output (attributed)", ">Fresh (attributed)", ">% of fresh"});
  ToolRow sum;
  const auto cells = [&](const ToolRow& t) {
    return std::vector<std::string>{cell_text(t.name), with_commas(t.calls), with_commas(static_cast<std::int64_t>(t.call_bytes)),
                                    with_commas(static_cast<std::int64_t>(t.result_bytes)), with_commas(t.input), with_commas(t.output), with_commas(t.fresh()),
                                    log.fresh() > 0 ? share_text(t.fresh(), log.fresh()) : "-"};
  };
  for (const ToolRow& tool : log.attribution.tools) {
    table.add(cells(tool));
    sum.calls += tool.calls;
    sum.call_bytes += tool.call_bytes;
    sum.result_bytes += tool.result_bytes;
    sum.input += tool.input;
    sum.output += tool.output;
  }
  sum.name = "Total";
  std::vector<std::string> last = cells(sum);
  for (std::string& cell : last) cell = bold(cell);
  table.add(last);
  return text + table.text();
}

std::string dear_part(const TokenLog& log) {
  constexpr std::size_t kShown = 5;
  std::string text = "## High-Cost Operations\n\n";
  MarkdownTable table({"Operation", ">Bytes", ">Fresh tokens", "Note"});
  bool any = false;
  for (const PhaseRow& phase : log.phases) {
    if (fresh_of(phase.counts) < log.high_cost || log.phases.size() < 2) continue;
    table.add({"phase " + cell_text(phase.name), "-", with_commas(fresh_of(phase.counts)), "measured"});
    any = true;
  }
  std::size_t shown = 0;
  for (const Operation& operation : log.attribution.operations) {
    if (operation.fresh <= 0 || ++shown > kShown) break;
    const bool dear = operation.fresh >= log.high_cost;
    any = any || dear;
    table.add({cell_text(operation.tool + (operation.about.empty() ? "" : ": " + operation.about), 100), with_commas(static_cast<std::int64_t>(operation.bytes)),
               with_commas(operation.fresh), dear ? "attributed, above the threshold" : "attributed"});
  }
  text += fmt::format("{} reached {} tokens", any ? "Some" : "None", with_commas(log.high_cost));
  text += shown > 0 ? any ? ".\n\n" : "; the dearest were:\n\n" : ".\n";
  return text + (shown > 0 || any ? table.text() : "");
}

std::string cost_part(const TokenLog& log) {
  std::string text = "## Cost\n\n";
  MarkdownTable table({"Model", ">Input", ">Cache write", ">Cache read", ">Output", ">Fresh", ">Cost"});
  for (const ModelRow& model : log.models) {
    std::vector<std::string> cells{or_unknown(model.model)};
    append(cells, count_cells(model.counts));
    cells.push_back(model.cost ? dollars(*model.cost) : "unpriced");
    table.add(cells);
  }
  if (!log.models.empty()) text += table.text() + "\n";
  if (!log.run.end) return text + "The run has not ended.\n";
  const ledger::RunEnd& end = *log.run.end;
  text += end.cost ? fmt::format("**Total cost:** {}", dollars(*end.cost)) : std::string("**Total cost:** not known");
  if (!end.unpriced_models.empty()) {
    std::string names;
    for (const std::string& name : end.unpriced_models) names += (names.empty() ? "" : ", ") + or_unknown(name);
    text += fmt::format(" (without {}: no price is known)", names);
  }
  return text + "\n";
}

std::string comparison_part(const TokenLog& log) {
  MarkdownTable table({"Metric", ">This run", ">Reference", ">Variance"});
  const Tokens fresh = log.fresh();
  const ledger::Estimate& estimate = log.run.start.estimate;
  const auto row = [&](const std::string& name, std::optional<Tokens> reference) {
    const auto variance = reference ? variance_text(fresh, *reference) : std::nullopt;
    table.add({name, with_commas(fresh), reference ? with_commas(*reference) : "not known", variance.value_or("-")});
  };
  row(estimate.line ? fmt::format("Upper estimate (line {} of the task file)", *estimate.line) : "Upper estimate", estimate.high);
  if (log.past) {
    const std::string kind = cell_text(described(log.past->likeness));
    row(fmt::format("Median of {} past run{} ({})", log.past->fresh.count, log.past->fresh.count == 1 ? "" : "s", kind), log.past->fresh.p50);
    row(fmt::format("90th percentile ({})", kind), log.past->fresh.p90);
  } else {
    row("Median of past runs (there are none)", std::nullopt);
  }
  std::string text = "## Comparison\n\nIn fresh tokens.\n\n" + table.text();
  if (log.past && log.past->cut_off > 0)
    text += fmt::format("\n{} of the past runs {} cut off and might have taken more.\n", log.past->cut_off, log.past->cut_off == 1 ? "was" : "were");
  return text;
}

std::string budget_part(const TokenLog& log) {
  const ledger::Cap& cap = log.run.start.cap;
  std::string text = "## Budget Status\n\n";
  if (!cap.limit) return text + "The run had no cap.\n";
  const bool money = cap.formula == Formula::usd;
  std::optional<std::int64_t> used;
  if (!log.source) used = std::nullopt;
  else if (!money) used = by_formula(log.totals.counts, cap.formula);
  else if (log.run.end) used = log.run.end->cost;
  const auto amount = [&](std::int64_t value) { return money ? dollars(value) : with_commas(value); };
  MarkdownTable table({"Metric", ">Value"});
  table.add({fmt::format("Cap ({})", cell_text(cap.source)), fmt::format("{} {}", amount(*cap.limit), money ? "USD" : fmt::format("{} tokens", name_of(cap.formula)))});
  table.add({"Used", used ? amount(*used) : "not known"});
  if (used) {
    table.add({"Remaining", amount(std::max<std::int64_t>(*cap.limit - *used, 0))});
    table.add({"Utilization", *cap.limit > 0 ? share_text(*used, *cap.limit) : "-"});
    table.add({"Status", *used < *cap.limit ? "within the cap" : fmt::format("cap reached, {} beyond it", amount(*used - *cap.limit))});
  }
  return text + table.text();
}

std::string session_part(const TokenLog& log) {
  const ledger::RunStart& start = log.run.start;
  MarkdownTable table({"Session", "Value"});
  table.add({"Run", start.id.text});
  if (log.run.end) {
    for (const std::string& session : log.run.end->sessions) table.add({"Agent's session", cell_text(session)});
    table.add({"Started", rfc3339(start.started)});
    table.add({"Ended", rfc3339(log.run.end->ended)});
    table.add({"Duration", human_duration(log.run.end->ended - start.started)});
  } else {
    table.add({"Started", rfc3339(start.started)});
  }
  table.add({"API requests", log.totals.requests > 0 ? with_commas(log.totals.requests) : "not known"});
  table.add({"Host", cell_text(start.host)});
  table.add({"Folder", cell_text(start.cwd)});
  if (!start.task_file.empty()) table.add({"Task file", cell_text(start.task_file, 200)});
  if (!start.sprint.empty()) table.add({"Sprint", cell_text(start.sprint)});
  if (!start.category.empty()) table.add({"Category", cell_text(start.category)});
  if (!log.resume.empty()) table.add({"Go on with", "`" + cell_text(log.resume, 200) + "`"});
  return "## Session Metadata\n\n" + table.text();
}

std::string outcome_part(const TokenLog& log) {
  std::string text = "## Outcome\n\n";
  if (!log.run.end) return text + "**Outcome:** running\n";
  const ledger::RunEnd& end = *log.run.end;
  text += fmt::format("**Outcome:** {}", name_of(end.outcome));
  if (end.exit_code) text += fmt::format(", exit status {}", *end.exit_code);
  if (end.exit_signal) text += fmt::format(", ended by signal {}", *end.exit_signal);
  return text + "\n";
}

}  // namespace

std::string token_log_markdown(const TokenLog& log) {
  std::string text = head_part(log) + "\n";
  if (log.source) {
    for (const auto part : {totals_part, phases_part, workers_part, tools_part, dear_part, cost_part, comparison_part}) text += part(log) + "\n";
  } else {
    text += "## Totals\n\nNot known: no meter saw any usage.\n\n";
  }
  text += budget_part(log) + "\n" + session_part(log) + "\n" + outcome_part(log);
  return text + fmt::format("**Quality:** {}\n", quality_of(log));
}

}  // namespace ts::report
