#include "spawner/session/settle.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "accounting/base/text.hpp"
#include "accounting/report/json_parts.hpp"
#include "spawner/process/containment.hpp"
#include "spawner/session/words.hpp"

namespace ts::session {
namespace {

using ledger::Outcome;
using ledger::RunEnd;
using ledger::RunStart;
using supervisor::StopReason;

/// The task file's formulas are token formulas; a cap in dollars is shown beside fresh tokens.
Formula token_formula(const RunStart& start) {
  return start.cap.formula == Formula::usd ? Formula::fresh : start.cap.formula;
}

Outcome outcome_of(const loop::LoopResult& result) {
  if (result.decision) {
    const StopReason reason = result.decision->reason;
    const bool by_limit = reason == StopReason::cap || reason == StopReason::time || reason == StopReason::idle;
    return by_limit ? Outcome::cap : Outcome::stopped;
  }
  const bool fine = result.status && *result.status == process::ExitStatus{process::Exited{0}};
  return fine ? Outcome::completed : Outcome::failed;
}

void put_status(const std::optional<process::ExitStatus>& status, RunEnd& end) {
  if (!status) return;
  if (const auto* exited = std::get_if<process::Exited>(&*status)) end.exit_code = exited->code;
  if (const auto* signaled = std::get_if<process::Signaled>(&*status)) end.exit_signal = signaled->signal;
}

std::string models_text(const RunEnd& end) {
  std::string text;
  for (const auto& [model, totals] : end.by_model)
    if (!model.empty()) text += (text.empty() ? "" : ", ") + model;
  return text;
}

std::string lines_text(const std::vector<int>& lines) {
  std::string text;
  for (std::size_t i = 0; i < lines.size(); ++i)
    text += (i == 0 ? "" : i + 1 == lines.size() ? " and " : ", ") + std::to_string(lines[i]);
  return (lines.size() == 1 ? "line " : "lines ") + text;
}

}  // namespace

RunEnd end_of(const loop::LoopResult& result, const loop::Metering& metering, const RunStart& start, UtcTime ended) {
  (void)start;
  RunEnd end;
  end.outcome = outcome_of(result);
  end.ended = ended;
  put_status(result.status, end);
  const Meter& meter = metering.meter();
  end.ruling = meter.ruling();
  end.totals = meter.totals();
  for (Source source : {Source::stream, Source::transcript, Source::gateway})
    end.by_source[static_cast<std::size_t>(source)] = meter.of(source);
  if (end.ruling) end.by_model = meter.models(*end.ruling);
  end.cost = metering.cost(&end.unpriced_models);
  end.parse = result.parse + result.follow.parse;
  end.agent_version = metering.agent_version();
  end.sessions = metering.sessions();
  return end;
}

namespace {

/// The gateway's own account: how good its predictions were bounds the overshoot.
nlohmann::ordered_json gateway_json(const gateway::GatewayStats& stats) {
  return {{"requests", stats.requests},
          {"refused", stats.refused},
          {"cut", stats.cut},
          {"repeated", stats.repeated},
          {"unconfirmed", stats.unconfirmed},
          {"predictions", stats.error.predictions},
          {"predicted", stats.error.predicted},
          {"actual", stats.error.actual},
          {"times_short", stats.error.times_short},
          {"most_short", stats.error.most_short}};
}

}  // namespace

std::string receipt_of(const loop::LoopResult& result, const loop::Metering& metering, const RunStart& start, const std::string& resume) {
  using Json = nlohmann::ordered_json;
  if (!result.decision && result.leftovers == 0 && !result.gateway && result.nested.empty()) return {};
  Json j = {{"run", start.id.text}, {"tier", std::string{process::name_of(result.tier)}}};
  if (result.decision) {
    const std::int64_t after = std::max<std::int64_t>(metering.observed() - result.observed_at_decision, 0);
    j["reason"] = std::string{supervisor::name_of(result.decision->reason)};
    j["limit"] = result.decision->limit;
    j["observed"] = result.decision->observed;
    j["formula"] = std::string{name_of(start.cap.formula)};
    j["counted_after_decision"] = after;
    j["final"] = metering.observed();
    j["overshoot"] = start.cap.limit ? std::max<std::int64_t>(metering.observed() - *start.cap.limit, 0) : 0;
  }
  j["found"] = result.found;
  j["survivors"] = result.survivors_known ? Json(result.survivors) : Json(nullptr);
  j["crossing_to_dead_us"] = result.crossing_to_dead ? Json(result.crossing_to_dead->count()) : Json(nullptr);
  if (result.leftovers > 0) j["leftovers_ended"] = result.leftovers;
  if (result.held_for.count() > 0) j["held_ms"] = result.held_for.count();
  for (const loop::WindDownNote& wind : result.wind_downs)
    j["wind_down"].push_back({{"percent", wind.percent}, {"limit", wind.limit}, {"observed", wind.observed}, {"told", wind.told.empty() ? Json(nullptr) : Json(wind.told)}});
  for (const auto& [run, spent] : result.nested) j["nested"].push_back({{"run", run}, {"spent", spent}});
  if (result.gateway) j["gateway"] = gateway_json(*result.gateway);
  j["session"] = metering.sessions().empty() ? Json(nullptr) : Json(metering.sessions().front());
  j["resume"] = resume.empty() ? Json(nullptr) : Json(resume);
  return report::dump(j);
}

std::string refusal_receipt(const std::string& obstacle, const std::string& reason) {
  const nlohmann::ordered_json j = {{"refused", {{"obstacle", obstacle}, {"reason", reason}}}};
  return report::dump(j);
}

std::string resume_of(const RunStart& start, const RunEnd& end) {
  const agents::Profile* profile = agents::profile_named(start.agent);
  if (profile == nullptr || end.sessions.empty()) return {};
  return agents::resume_command(*profile, end.sessions.front()).value_or("");
}

std::optional<taskfile::Actual> actual_of(const RunStart& start, const RunEnd& end, const std::string& resume) {
  if (!end.ruling) return std::nullopt;
  const Formula formula = token_formula(start);
  const TokenCounts& counts = end.totals.counts;
  taskfile::Actual actual;
  actual.run = start.id;
  actual.agent = start.agent;
  actual.model = models_text(end);
  actual.formula = name_of(formula);
  actual.count = by_formula(counts, formula);
  if (start.cap.formula == formula) actual.cap = start.cap.limit;
  actual.outcome = ledger::name_of(end.outcome);
  actual.duration = std::chrono::duration_cast<std::chrono::milliseconds>(end.ended - start.started);
  actual.cost = end.cost;
  if (end.totals.requests > 0) actual.api_calls = end.totals.requests;
  actual.input = counts.input;
  actual.output = counts.output;
  actual.cache_read = counts.cache_read;
  actual.cache_write = counts.cache_write();
  if (!end.sessions.empty()) actual.agent_id = end.sessions.front();
  actual.ended = end.ended;
  if (!start.estimate.line) actual.estimate_high = start.estimate.high;  // the file's own is read from the file
  if (end.outcome == Outcome::cap) actual.cap_stop = taskfile::CapStop{{}, {}, resume};
  return actual;
}

Result<taskfile::WriteReport> write_task(const RunStart& start, const taskfile::Actual& actual, const taskfile::Patterns& patterns,
                                         const WriteGuard& guard) {
  return taskfile::update({start.task_file, start.task_id}, [&](const taskfile::Document& document) -> Result<taskfile::EditPlan> {
    if (guard) TS_CHECK(guard());
    return taskfile::plan_actual(document, taskfile::read(document, patterns), actual, taskfile::role_named(start.role));
  });
}

std::string written_line(const RunStart& start, const taskfile::Actual& actual, const taskfile::WriteReport& report) {
  const std::string name = shown_path(report.path.string(), start.cwd);
  if (report.edits == 0) return fmt::format("{}: has this run already", name);
  std::string line = report.lines.empty() ? fmt::format("{}: {} written into the block at its end", name, with_commas(actual.count))
                                          : fmt::format("{}: {} written at {}", name, with_commas(actual.count), lines_text(report.lines));
  if (report.incident)
    line += fmt::format(" · INCIDENT: {} is more than 4 × the estimate of {}", with_commas(report.incident->count),
                        compact(report.incident->estimate_high));
  return line;
}

int exit_status_of(const loop::LoopResult& result) {
  if (result.launch_error) return process::launch_exit_status(*result.launch_error);
  switch (outcome_of(result)) {
    case Outcome::cap:
      return kExitCap;
    case Outcome::stopped:
      return kExitStopped;
    default:
      break;
  }
  return result.status ? process::shell_status(*result.status) : kExitFailed;
}

}  // namespace ts::session
