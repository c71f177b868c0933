#include "taskfile/write/report.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "accounting/base/text.hpp"
#include "taskfile/text/words.hpp"
#include "taskfile/write/render.hpp"

namespace ts::taskfile {
namespace {

constexpr std::size_t kLongestSentence = 1000;

/// Text of others on one line, without comment marks.
std::string sentence(std::string_view text) {
  std::string out;
  for (const char c : text) out += c == '\n' || c == '\r' || c == '\t' ? ' ' : c;
  for (std::size_t at; (at = out.find("--")) != std::string::npos && (out.find("-->") != std::string::npos || out.find("<!--") != std::string::npos);) out.replace(at, 2, "\u2013");
  return printable(trim(out), kLongestSentence);
}

/// "4x", "2.5x".
std::string factor(Tokens value, Tokens unit) {
  std::string text = fmt::format("{:.1f}", static_cast<double>(value) / static_cast<double>(unit));
  if (text.ends_with(".0")) text.resize(text.size() - 2);
  return text + "x";
}

std::string total_line(const ReportFacts& facts, const RunRow& like) {
  const RunTotals totals = totals_of(facts.rows, like.role, like.formula);
  std::string text = fmt::format("{} ({}):** {} {} tokens in {} run{}", kSummaryMark, like.role, with_commas(totals.tokens), like.formula,
                                 totals.runs, totals.runs == 1 ? "" : "s");
  if (totals.cost) text += ", " + exact_dollars(*totals.cost);
  const bool compared = like.role == name_of(Role::engineer) && facts.estimate_high.value_or(0) > 0;
  if (!compared) return text;
  text += fmt::format("; {} of the upper estimate of {} ({:+}%)", factor(totals.tokens, *facts.estimate_high), with_commas(*facts.estimate_high),
                      variance_percent(totals.tokens, *facts.estimate_high));
  if (totals.tokens > 4 * *facts.estimate_high) text += " \u2014 **INCIDENT: above 4x**";
  return text;
}

std::string estimate_text(const ReportFacts& facts) {
  const auto& estimate = facts.reading.estimate;
  if (facts.actual.estimate_high) return fmt::format("{} tokens (given at the launch)", with_commas(*facts.actual.estimate_high));
  if (!estimate) return "none";
  const std::string range = estimate->low == estimate->high ? with_commas(estimate->high) : fmt::format("{}\u2013{}", with_commas(estimate->low), with_commas(estimate->high));
  return fmt::format("{} tokens (line {})", range, estimate->line);
}

std::string options_text(const CapStop& stop) {
  if (stop.options.empty()) return "extend the cap, abort, split the task, reassign";
  std::string text;
  for (const std::string& option : stop.options) text += (text.empty() ? "" : ", ") + sentence(option);
  return text;
}

}  // namespace

std::vector<std::string> summary_lines(const ReportFacts& facts) {
  std::vector<std::string> lines;
  for (std::size_t i = 0; i < facts.rows.size(); ++i) {
    const RunRow& row = facts.rows[i];
    const bool seen = std::any_of(facts.rows.begin(), facts.rows.begin() + static_cast<std::ptrdiff_t>(i),
                                  [&](const RunRow& earlier) { return earlier.role == row.role && earlier.formula == row.formula; });
    if (!seen) lines.push_back(total_line(facts, row));
  }
  return lines;
}

std::string cap_report(const ReportFacts& facts, std::string_view newline) {
  const Actual& actual = facts.actual;
  const Tokens estimate = facts.estimate_high.value_or(0);
  const Tokens cap = actual.cap.value_or(0);
  const std::string hit = estimate > 0 && cap > 0 ? factor(cap, estimate) + " cap hit" : "cap hit";
  const std::string task = sentence(facts.reading.task_id + " " + facts.reading.title);
  std::string text = fmt::format("{0}<!-- tracked-spawn:cap {1} -->{0}#### Token cap reached: decision needed{0}{0}", newline, actual.run.text);
  const auto line = [&](std::string_view name, std::string_view value) { text += fmt::format("- **{}:** {}{}", name, value, newline); };
  line("Task", task.empty() ? "unknown" : task);
  line("Estimate", estimate_text(facts));
  line("Current count", fmt::format("{} {} tokens ({})", with_commas(actual.count), actual.formula, hit));
  line("Cap", actual.cap ? fmt::format("{} {} tokens", with_commas(cap), actual.formula) : "none");
  line("Progress", actual.cap_stop->progress.empty() ? "not known" : sentence(actual.cap_stop->progress));
  line("Reason", fmt::format("run {} was stopped at its cap", actual.run.text));
  line("Options", options_text(*actual.cap_stop));
  if (!actual.cap_stop->resume.empty()) line("Resume", "`" + sentence(actual.cap_stop->resume) + "`");
  line("Status", "Awaiting PM decision");
  text += fmt::format("<!-- /tracked-spawn:cap -->{}", newline);
  return text;
}

}  // namespace ts::taskfile
