#include "accounting/report/run_json.hpp"

#include <nlohmann/json.hpp>

#include "accounting/base/text.hpp"
#include "accounting/report/json_parts.hpp"

namespace ts::report {
namespace {

using ledger::RunEnd;
using ledger::RunRecord;
using ledger::RunStart;

Json estimate_json(const ledger::Estimate& e) {
  if (!e.low && !e.high) return nullptr;
  return {{"low", or_null(e.low)}, {"high", or_null(e.high)}, {"line", or_null(e.line)}};
}

Json task_json(const RunStart& start) {
  if (start.task_id.empty() && start.task_file.empty()) return nullptr;
  return {{"id", text_or_null(start.task_id)}, {"file", text_or_null(start.task_file)}, {"title", text_or_null(start.task_title)}};
}

Json exit_json(const RunEnd& end) {
  if (!end.exit_code && !end.exit_signal) return nullptr;
  Json exit = Json::object();
  if (end.exit_code) exit["code"] = *end.exit_code;
  if (end.exit_signal) exit["signal"] = *end.exit_signal;
  return exit;
}

/// The receipt is JSON already; one that can't be read is kept as text.
Json receipt_json(const std::string& text) {
  if (text.empty()) return nullptr;
  Json receipt = Json::parse(text, nullptr, false);
  return receipt.is_discarded() ? Json(text) : receipt;
}

Json sources_json(const RunEnd& end) {
  Json sources = Json::object();
  for (Source source : {Source::gateway, Source::transcript, Source::stream})
    if (const auto& totals = end.by_source[static_cast<std::size_t>(source)])
      sources[std::string{name_of(source)}] = totals_json(*totals);
  return sources;
}

Json sum_json(const RequestSum& s) {
  return {{"requests", s.requests}, {"refused", s.refused},   {"failed", s.failed},           {"predicted", s.predicted},   {"input", s.input},
          {"cache_read", s.cache_read}, {"output", s.output}, {"reserved", s.reserved},       {"billed", s.billed},         {"unconfirmed", s.unconfirmed},
          {"latency_us", s.latency_us}, {"held_us", s.held_us}};
}

Json requests_json(const RequestSums& sums) {
  Json j = {{"all", sum_json(sums.all)}, {"by_model", Json::object()}, {"by_agent", Json::object()}};
  for (const auto& [name, sum] : sums.by_model) j["by_model"][name] = sum_json(sum);
  for (const auto& [name, sum] : sums.by_agent) j["by_agent"][name] = sum_json(sum);
  return j;
}

Json json_of(const RunRecord& run) {
  const RunStart& start = run.start;
  const Totals totals = run.end ? run.end->totals : run.live;
  Json j = {{"run", start.id.text},
            {"task", task_json(start)},
            {"agent", start.agent},
            {"agent_version", nullptr},
            {"session", nullptr},
            {"sessions", Json::array()},
            {"role", start.role},
            {"argv", start.argv},
            {"cwd", start.cwd},
            {"run_dir", text_or_null(start.run_dir)},
            {"parent", text_or_null(start.parent_run)},
            {"sprint", text_or_null(start.sprint)},
            {"category", text_or_null(start.category)},
            {"project", text_or_null(start.project)},
            {"host", start.host},
            {"pid", start.pid},
            {"estimate", estimate_json(start.estimate)},
            {"cap", {{"limit", or_null(start.cap.limit)}, {"formula", std::string{name_of(start.cap.formula)}}, {"source", start.cap.source}}},
            {"on_cap", start.on_cap},
            {"counts", counts_json(totals)},
            {"fresh", by_formula(totals.counts, Formula::fresh)},
            {"total", by_formula(totals.counts, Formula::total)},
            {"metered", run.end ? run.end->ruling.has_value() : !(totals == Totals{})},
            {"cost_micro_usd", nullptr},
            {"unpriced_models", Json::array()},
            {"sources", Json::object()},
            {"models", Json::object()},
            {"started", rfc3339(start.started)},
            {"ended", nullptr},
            {"heartbeat", rfc3339(run.heartbeat)},
            {"outcome", "running"},
            {"exit", nullptr},
            {"receipt", nullptr},
            {"parse", nullptr},
            {"task_written", run.task_written}};
  if (!run.end) return j;
  const RunEnd& end = *run.end;
  j["agent_version"] = text_or_null(end.agent_version);
  if (!end.sessions.empty()) j["session"] = end.sessions.front();
  j["sessions"] = end.sessions;
  j["cost_micro_usd"] = or_null(end.cost);
  j["unpriced_models"] = end.unpriced_models;
  j["sources"] = sources_json(end);
  for (const auto& [model, sum] : end.by_model) j["models"][model] = totals_json(sum);
  j["ruling_source"] = end.ruling ? Json(std::string{name_of(*end.ruling)}) : Json(nullptr);
  j["ended"] = rfc3339(end.ended);
  j["outcome"] = std::string{name_of(end.outcome)};
  j["exit"] = exit_json(end);
  j["receipt"] = receipt_json(end.receipt_json);
  j["parse"] = parse_json(end.parse);
  return j;
}

}  // namespace

std::string run_json(const RunRecord& run, const RequestSums* requests) {
  Json j = json_of(run);
  j["requests"] = requests != nullptr && requests->all.requests > 0 ? requests_json(*requests) : Json(nullptr);
  return dump(j);
}

std::string runs_json(const std::vector<RunRecord>& runs, const PhaseOf& phase_of) {
  Json array = Json::array();
  for (const RunRecord& run : runs) {
    array.push_back(json_of(run));
    array.back()["phase"] = text_or_null(run.end ? std::string{} : phase_of(run));
  }
  return dump(array);
}

}  // namespace ts::report
