#include "spawner/session/words.hpp"

#include <fmt/format.h>

#include <cmath>
#include <filesystem>

#include "accounting/base/text.hpp"
#include "accounting/budget/cap.hpp"

namespace ts::session {
namespace {

using std::chrono::milliseconds;

std::string amount(std::int64_t value, Formula formula) {
  return formula == Formula::usd ? dollars(value) : with_commas(value);
}

std::string unit(Formula formula) { return formula == Formula::usd ? "" : fmt::format(" {} tokens", name_of(formula)); }

std::string short_amount(std::int64_t value, Formula formula) {
  return formula == Formula::usd ? dollars(value) : compact(value);
}

/// Units a minute since the launch. 0: too early to say.
std::int64_t per_minute(std::int64_t spent, milliseconds elapsed) {
  if (elapsed.count() < 1000) return 0;
  return static_cast<std::int64_t>(static_cast<double>(spent) * 60'000.0 / static_cast<double>(elapsed.count()));
}

std::string about(std::int64_t left, std::int64_t rate) {
  const auto seconds = static_cast<std::int64_t>(static_cast<double>(left) * 60.0 / static_cast<double>(rate));
  if (seconds < 90) return fmt::format("{} s", seconds);
  if (seconds < 5400) return fmt::format("{} min", (seconds + 30) / 60);
  return fmt::format("{} h", (seconds + 1800) / 3600);
}

/// What is behind the count: "(total 512,330, $1.84)".
std::string whole_of(const ledger::RunEnd& end, Formula formula) {
  std::string text;
  if (formula != Formula::fresh) text = fmt::format("{} fresh, ", with_commas(by_formula(end.totals.counts, Formula::fresh)));
  if (formula != Formula::total) text += fmt::format("total {}, ", with_commas(by_formula(end.totals.counts, Formula::total)));
  if (formula != Formula::usd && end.cost) {
    text += dollars(*end.cost);
    if (!end.unpriced_models.empty()) text += " and what has no price";
  } else if (!end.cost) {
    text += "unpriced";
  }
  if (text.ends_with(", ")) text.resize(text.size() - 2);
  return " (" + text + ")";
}

std::int64_t final_count(const ledger::RunStart& start, const ledger::RunEnd& end) {
  return start.cap.formula == Formula::usd ? end.cost.value_or(0) : by_formula(end.totals.counts, start.cap.formula);
}

std::string dead_text(const loop::LoopResult& result) {
  std::string text = fmt::format(" · {} process{} ended", result.found, result.found == 1 ? "" : "es");
  if (result.crossing_to_dead) text += " in " + human_duration(*result.crossing_to_dead);
  return text + (result.survivors_known ? fmt::format(", {} left", result.survivors) : ", what is left can't be told without /proc");
}

/// What runs within this one took of its cap.
std::string nested_text(const loop::LoopResult& result, Formula formula) {
  if (result.nested.empty()) return {};
  std::int64_t sum = 0;
  for (const auto& [run, spent] : result.nested) sum = saturating_add(sum, spent);
  return fmt::format(" · {}{} more in {} run{} within it", amount(sum, formula), unit(formula), result.nested.size(), result.nested.size() == 1 ? "" : "s");
}

std::string why_stopped(const supervisor::StopDecision& decision) {
  using supervisor::StopReason;
  const auto time = [](std::int64_t us) { return human_duration(std::chrono::microseconds{us}); };
  switch (decision.reason) {
    case StopReason::cap:
      return "stopped at the cap";
    case StopReason::time:
      return fmt::format("stopped at the time limit of {}", time(decision.limit));
    case StopReason::idle:
      return fmt::format("stopped after {} without a sign of life", time(decision.limit));
    case StopReason::operator_word:
      return "stopped on request";
    case StopReason::interrupt:
      return "stopped by Ctrl-C";
  }
  return "stopped";
}

/// What the agent's end was, when nobody stopped it.
std::string ended_text(const ledger::RunEnd& end) {
  if (end.exit_signal) return fmt::format("ended by {}", process::signal_name(*end.exit_signal));
  if (end.exit_code.value_or(0) != 0) return fmt::format("failed (exit {})", *end.exit_code);
  return "completed";
}

/// What is said of a run of which no meter saw any usage.
std::string uncounted(const loop::LoopResult& result) {
  if (result.gateway && result.gateway->requests > 0 && result.gateway->refused == result.gateway->requests) return "nothing spent, every request was refused";
  return "tokens unknown, no meter saw any usage";
}

}  // namespace

std::string shown_path(const std::string& path, const std::string& cwd) {
  const std::string relative = std::filesystem::path{path}.lexically_relative(cwd).string();
  return relative.empty() || relative.starts_with("..") ? path : relative;
}

std::string spent_of(std::int64_t spent, const std::optional<std::int64_t>& cap, Formula formula) {
  if (!cap) return amount(spent, formula) + unit(formula);
  return fmt::format("{} of {}{}", amount(spent, formula), amount(*cap, formula), unit(formula));
}

std::string meters_line(const RunId& run, const agents::Profile& profile, const agents::StdoutReport& report,
                        const Safeguards& safeguards) {
  using agents::StdoutUsage;
  const bool transcripts = profile.store != agents::TranscriptStore::none;
  const bool prints = report.usage != StdoutUsage::none;
  std::string meters = transcripts && prints ? "transcript, stream" : transcripts ? "transcript" : prints ? "stream" : "none";
  if (safeguards.gateway) meters = meters == "none" ? "gateway" : "gateway, " + meters;
  std::string line = fmt::format("run {} · {} · meters {} · containment {}", run.text, profile.name, meters, safeguards.containment);
  if (!safeguards.capped) return line;
  if (safeguards.gateway) return line + " · worst overshoot: the error of the last requests' predictions";
  if (transcripts) return line + " · worst overshoot: the responses under way when the cap is crossed";
  if (report.usage == StdoutUsage::live || report.usage == StdoutUsage::unknown)
    return line + " · worst overshoot: what the agent does not print";
  return line + " · worst overshoot: not bounded, this agent tells its usage only at the end";
}

std::string refusal_line(const ledger::RunStart& start, std::int64_t spent, std::int64_t limit, const std::string& resume) {
  std::string line = fmt::format("tracked-spawn: the cap of {} is reached: {} spent, and this request would pass it",
                                 describe_limit({limit, start.cap.formula, {}, {}}), amount(spent, start.cap.formula));
  line += start.task_id.empty() ? fmt::format(" (run {}).", start.id.text) : fmt::format(" ({}, run {}).", start.task_id, start.id.text);
  line += " No request is passed on any more.";
  return resume.empty() ? line : line + " To go on, resume with a higher cap: " + resume;
}

std::string wind_down_line(const supervisor::WindDown& wind, Formula formula) {
  return fmt::format("[tracked-spawn] {} % of this task's budget is spent: {}; about {} are left, and at the cap every request is refused. "
                     "Finish the step at hand, start nothing new, and end with a short summary of what is done and what is still open.",
                     wind.percent, spent_of(wind.observed, wind.limit, formula), amount(std::max<std::int64_t>(wind.limit - wind.observed, 0), formula));
}

std::string warning_line(const Warn& warning, Formula formula, milliseconds elapsed) {
  std::string line = warning.threshold >= 100
                         ? fmt::format("the cap is reached and only reported: {}", spent_of(warning.observed, warning.limit, formula))
                         : fmt::format("{} % of the cap: {}", warning.threshold, spent_of(warning.observed, warning.limit, formula));
  line += " after " + human_duration(elapsed);
  const std::int64_t rate = per_minute(warning.observed, elapsed);
  if (rate > 0 && warning.threshold < 100)
    line += fmt::format(" ({} a minute, cap in about {})", short_amount(rate, formula), about(warning.limit - warning.observed, rate));
  return line;
}

std::string hold_line(const RunId& run, const supervisor::AnnounceHold& hold, Formula formula) {
  const bool at_cap = hold.reason == supervisor::StopReason::cap;
  const std::optional<std::int64_t> limit = hold.limit > 0 ? std::optional(hold.limit) : std::nullopt;
  const std::string go_on = at_cap ? formula == Formula::usd ? "extend {} '+$1'" : "extend {} +40k" : "resume {}";
  return fmt::format("held {}: {}; requests wait: `tracked-spawn {}` lets them go on, `tracked-spawn stop {}` ends the run",
                     at_cap ? "at the cap" : "on request", spent_of(hold.observed, limit, formula), fmt::format(fmt::runtime(go_on), run.text), run.text);
}

std::string live_line(const control::Standing& s) {
  const milliseconds elapsed{s.elapsed_ms};
  std::string line = s.source.empty() ? std::string{"nothing metered yet"} : spent_of(s.spent, s.cap, s.formula);
  if (s.cap && *s.cap > 0 && !s.source.empty()) line.insert(0, fmt::format("{:.0f} % · ", std::floor(static_cast<double>(s.spent) * 100.0 / static_cast<double>(*s.cap))));  // in front: narrow terminals cut the end
  const std::int64_t rate = per_minute(s.spent, elapsed);
  if (rate > 0) line += fmt::format(" · {} a minute", short_amount(rate, s.formula));
  if (rate > 0 && s.cap && s.spent < *s.cap) line += fmt::format(" · cap in about {}", about(*s.cap - s.spent, rate));
  if (s.phase == "held") line += " · held";
  return line + " · " + human_duration(milliseconds{s.elapsed_ms / 1000 * 1000});
}

std::string stop_line(const supervisor::StopDecision& decision, Formula formula) {
  if (decision.reason == supervisor::StopReason::cap)
    return fmt::format("the cap is reached: {}; ending the agent", spent_of(decision.observed, decision.limit, formula));
  return why_stopped(decision) + "; ending the agent";
}

std::string outcome_line(const ledger::RunStart& start, const ledger::RunEnd& end, const loop::LoopResult& result) {
  const Formula formula = start.cap.formula;
  const std::string counted = end.ruling ? spent_of(final_count(start, end), start.cap.limit, formula) + whole_of(end, formula) : uncounted(result);
  const std::string within = nested_text(result, formula);
  if (result.decision) return fmt::format("{}: {}{}{}", why_stopped(*result.decision), counted, within, dead_text(result));
  std::string line = fmt::format("{} after {}: {}", ended_text(end), human_duration(result.duration), counted) + within;
  if (result.over_cap) line += " · OVER THE CAP: it was seen only when the agent had ended";
  if (result.leftovers > 0) line += fmt::format(" · {} process{} outlived the agent and {} ended", result.leftovers,
                                                result.leftovers == 1 ? "" : "es", result.leftovers == 1 ? "was" : "were");
  return line;
}

}  // namespace ts::session
