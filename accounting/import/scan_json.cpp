#include "accounting/import/scan_json.hpp"

#include <nlohmann/json.hpp>

#include "accounting/base/text.hpp"

namespace ts {
namespace {

using Json = nlohmann::ordered_json;

Json counts_of(const Totals& totals) {
  const TokenCounts& c = totals.counts;
  return {{"input", c.input},           {"cache_write", c.cache_write()},         {"cache_write_5m", c.cache_write_5m},
          {"cache_write_1h", c.cache_write_1h}, {"cache_read", c.cache_read}, {"output", c.output},
          {"reasoning", c.reasoning},   {"requests", totals.requests}};
}

/// counts, fresh, total: what every breakdown has.
Json with_sums(const Totals& totals) {
  return {{"counts", counts_of(totals)},
          {"fresh", by_formula(totals.counts, Formula::fresh)},
          {"total", by_formula(totals.counts, Formula::total)}};
}

Json sources_of(const std::array<std::optional<Totals>, kSourceCount>& by_source) {
  Json json = Json::object();
  for (const Source source : {Source::gateway, Source::transcript, Source::stream}) {
    const auto& totals = by_source[static_cast<std::size_t>(source)];
    json[std::string(name_of(source))] = totals ? with_sums(*totals) : Json(nullptr);
  }
  return json;
}

Json parse_of(const ParseStats& parse) {
  return {{"lines", parse.lines}, {"events", parse.events}, {"ignored", parse.ignored}, {"malformed", parse.malformed},
          {"bytes_dropped", parse.bytes_dropped}};
}

Json time_of(const std::optional<UtcTime>& time) { return time ? Json(rfc3339(*time)) : Json(nullptr); }

Json session_of(const SessionTotals& session) {
  Json json = {{"agent", session.agent}, {"session", session.session.empty() ? Json(nullptr) : Json(session.session)}};
  json.update(with_sums(session.totals));
  json["ruling"] = session.ruling ? Json(name_of(*session.ruling)) : Json(nullptr);
  json["counted"] = session.counted;
  json["first"] = time_of(session.first);
  json["last"] = time_of(session.last);
  json["sources"] = sources_of(session.by_source);
  return json;
}

Json file_of(const ScannedFile& file) {
  return {{"path", file.path}, {"agent", file.agent}, {"source", name_of(file.source)}, {"bytes", file.bytes},
          {"parse", parse_of(file.parse)}};
}

template <class List, class ToJson>
Json array_of(const List& list, ToJson to_json_of) {
  Json json = Json::array();
  for (const auto& item : list) json.push_back(to_json_of(item));
  return json;
}

}  // namespace

std::string to_json(const ScanResult& result) {
  Json json = with_sums(result.totals);
  json["cost_micro_usd"] = result.cost ? Json(*result.cost) : Json(nullptr);
  json["cost_assumed"] = result.cost_assumed;
  json["unpriced_models"] = result.unpriced_models;
  json["sources"] = sources_of(result.by_source);
  json["parse"] = parse_of(result.parse);
  Json models = Json::object();
  for (const auto& [model, totals] : result.by_model) models[model] = with_sums(totals);
  json["models"] = std::move(models);
  json["sessions"] = array_of(result.sessions, session_of);
  json["files"] = array_of(result.files, file_of);
  json["problems"] = array_of(result.problems, [](const FileProblem& problem) {
    return Json{{"path", problem.path}, {"error", problem.error.message}};
  });
  json["unrecognized"] = result.unrecognized;
  json["bytes"] = result.bytes;
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace ts
