#include <nlohmann/json.hpp>

#include "accounting/base/text.hpp"
#include "accounting/report/json_parts.hpp"
#include "accounting/report/run_json.hpp"
#include "accounting/report/token_log.hpp"

namespace ts::report {
namespace {

Json counted(const TokenCounts& counts, std::int64_t responses) {
  Json j = totals_json({counts, responses});
  j["responses"] = responses > 0 ? Json(responses) : Json(nullptr);
  j.erase("requests");
  return j;
}

Json with_name(const char* key, const std::string& name, const Json& rest) {
  Json j = {{key, text_or_null(name)}};
  j.update(rest);
  return j;
}

Json tools_json(const TokenLog& log) {
  Json tools = Json::array();
  for (const ToolRow& t : log.attribution.tools) {
    tools.push_back({{"tool", t.name}, {"invocations", t.calls}, {"bytes_called", t.call_bytes}, {"bytes_returned", t.result_bytes},
                     {"attributed_input", t.input}, {"attributed_output", t.output}, {"attributed_fresh", t.fresh()}});
  }
  return tools;
}

Json past_json(const std::optional<PastSpending>& past) {
  if (!past) return nullptr;
  const Spread& s = past->fresh;
  return {{"like", described(past->likeness)}, {"runs", s.count}, {"p50", s.p50}, {"p75", s.p75}, {"p90", s.p90}, {"highest", s.highest}, {"cut_off", past->cut_off}};
}

}  // namespace

std::string token_log_json(const TokenLog& log) {
  Json j = {{"run", Json::parse(run_json(log.run))}, {"measured", log.source.has_value()},
            {"source", log.source ? Json(std::string{name_of(*log.source)}) : Json(nullptr)}, {"totals", log.source ? totals_json(log.totals) : Json(nullptr)},
            {"peak_context", or_null(log.peak_context)}, {"phases", Json::array()}, {"agents", Json::array()}, {"tools", tools_json(log)},
            {"operations", Json::array()}, {"models", Json::array()}, {"beyond_responses", totals_json({log.beyond, 0})}, {"past", past_json(log.past)},
            {"evidence", text_or_null(log.evidence)}, {"resume", text_or_null(log.resume)}, {"quality", quality_of(log)}};
  for (const PhaseRow& phase : log.phases) {
    Json row = with_name("phase", phase.name, counted(phase.counts, phase.responses));
    row["began"] = rfc3339(phase.began);
    j["phases"].push_back(row);
  }
  for (const WorkerRow& worker : log.attribution.workers) {
    Json row = with_name("agent", worker.name, counted(worker.counts, worker.responses));
    row["id"] = text_or_null(worker.id);
    j["agents"].push_back(row);
  }
  constexpr std::size_t kShown = 50;
  for (const Operation& o : log.attribution.operations) {
    if (j["operations"].size() == kShown) break;
    j["operations"].push_back({{"tool", o.tool}, {"about", text_or_null(o.about)}, {"bytes", o.bytes}, {"attributed_fresh", o.fresh}});
  }
  for (const ModelRow& model : log.models) {
    Json row = with_name("model", model.model, totals_json({model.counts, 0}));
    row.erase("requests");
    row["cost_micro_usd"] = or_null(model.cost);
    j["models"].push_back(row);
  }
  return dump(j);
}

}  // namespace ts::report
