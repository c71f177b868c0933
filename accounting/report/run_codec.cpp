#include "accounting/base/text.hpp"
#include "accounting/report/json_parts.hpp"
#include "accounting/report/run_json.hpp"

namespace ts::report {
namespace {

using ledger::RunEnd;
using ledger::RunStart;

/// nlohmann and Result::value() throw; nothing leaves this file.
template <class F>
auto guarded(const char* what, F&& read) -> Result<decltype(read())> {
  try {
    return read();
  } catch (const std::exception& error) {
    return Error{Errc::corrupt, std::string{what} + ": " + error.what()};
  }
}

template <class T>
std::optional<T> optional_of(const Json& j, const char* key) {
  if (!j.contains(key) || j.at(key).is_null()) return std::nullopt;
  return j.at(key).get<T>();
}

UtcTime time_of(const Json& j, const char* key) { return UtcTime{std::chrono::microseconds{j.at(key).get<std::int64_t>()}}; }
std::int64_t number_of(UtcTime time) { return time.time_since_epoch().count(); }

Json counts_out(const Totals& t) {
  Json j = Json::array();
  for (auto part : kTokenParts) j.push_back(t.counts.*part);
  j.push_back(t.requests);
  return j;
}

Totals counts_in(const Json& j) {
  Totals t;
  std::size_t i = 0;
  for (auto part : kTokenParts) t.counts.*part = j.at(i++).get<Tokens>();
  t.requests = j.at(i).get<std::int64_t>();
  return t;
}

std::optional<Source> source_named(const std::string& name) {
  for (Source source : {Source::stream, Source::transcript, Source::gateway})
    if (name_of(source) == name) return source;
  return std::nullopt;
}

}  // namespace

std::string encode_start(const RunStart& s) {
  return dump({{"version", 1},
               {"id", s.id.text},
               {"task_id", s.task_id},
               {"task_file", s.task_file},
               {"task_title", s.task_title},
               {"agent", s.agent},
               {"role", s.role},
               {"argv", s.argv},
               {"cwd", s.cwd},
               {"run_dir", s.run_dir},
               {"estimate_low", or_null(s.estimate.low)},
               {"estimate_high", or_null(s.estimate.high)},
               {"estimate_line", or_null(s.estimate.line)},
               {"cap_limit", or_null(s.cap.limit)},
               {"cap_formula", std::string{name_of(s.cap.formula)}},
               {"cap_source", s.cap.source},
               {"on_cap", s.on_cap},
               {"host", s.host},
               {"pid", s.pid},
               {"pid_start_ticks", s.pid_start_ticks},
               {"boot_id", s.boot_id},
               {"started_us", number_of(s.started)},
               {"project", s.project},
               {"sprint", s.sprint},
               {"category", s.category},
               {"parent_run", s.parent_run},
               {"labels_json", s.labels_json}});
}

Result<RunStart> decode_start(std::string_view json) {
  return guarded("run.json", [&] {
    const Json j = Json::parse(json);
    RunStart s;
    s.id.text = j.at("id");
    s.task_id = j.at("task_id");
    s.task_file = j.at("task_file");
    s.task_title = j.at("task_title");
    s.agent = j.at("agent");
    s.role = j.at("role");
    s.argv = j.at("argv").get<std::vector<std::string>>();
    s.cwd = j.at("cwd");
    s.run_dir = j.at("run_dir");
    s.estimate = {optional_of<Tokens>(j, "estimate_low"), optional_of<Tokens>(j, "estimate_high"), optional_of<int>(j, "estimate_line")};
    s.cap = {optional_of<std::int64_t>(j, "cap_limit"), formula_named(j.at("cap_formula").get<std::string>()).value_or(Formula::fresh),
             j.at("cap_source")};
    s.on_cap = j.at("on_cap");
    s.host = j.at("host");
    s.pid = j.at("pid");
    s.pid_start_ticks = j.at("pid_start_ticks");
    s.boot_id = j.at("boot_id");
    s.started = time_of(j, "started_us");
    s.project = j.at("project");
    s.sprint = j.at("sprint");
    s.category = j.at("category");
    s.parent_run = j.at("parent_run");
    s.labels_json = j.at("labels_json");
    return s;
  });
}

std::string encode_end(const RunEnd& e) {
  Json sources = Json::object();
  for (Source source : {Source::stream, Source::transcript, Source::gateway})
    if (const auto& totals = e.by_source[static_cast<std::size_t>(source)]) sources[std::string{name_of(source)}] = counts_out(*totals);
  Json models = Json::object();
  for (const auto& [model, totals] : e.by_model) models[model] = counts_out(totals);
  return dump({{"version", 1},
               {"outcome", std::string{name_of(e.outcome)}},
               {"ended_us", number_of(e.ended)},
               {"exit_code", or_null(e.exit_code)},
               {"exit_signal", or_null(e.exit_signal)},
               {"ruling", e.ruling ? Json(std::string{name_of(*e.ruling)}) : Json(nullptr)},
               {"totals", counts_out(e.totals)},
               {"by_source", sources},
               {"by_model", models},
               {"cost", or_null(e.cost)},
               {"unpriced_models", e.unpriced_models},
               {"parse", {e.parse.lines, e.parse.events, e.parse.ignored, e.parse.malformed, e.parse.bytes_dropped}},
               {"agent_version", e.agent_version},
               {"sessions", e.sessions},
               {"receipt", e.receipt_json}});
}

Result<RunEnd> decode_end(std::string_view json) {
  return guarded("end.json", [&] {
    const Json j = Json::parse(json);
    RunEnd e;
    e.outcome = ledger::outcome_named(j.at("outcome").get<std::string>()).value_or(ledger::Outcome::crashed);
    e.ended = time_of(j, "ended_us");
    e.exit_code = optional_of<int>(j, "exit_code");
    e.exit_signal = optional_of<int>(j, "exit_signal");
    if (const auto ruling = optional_of<std::string>(j, "ruling")) e.ruling = source_named(*ruling);
    e.totals = counts_in(j.at("totals"));
    for (const auto& [name, totals] : j.at("by_source").items())
      if (const auto source = source_named(name)) e.by_source[static_cast<std::size_t>(*source)] = counts_in(totals);
    for (const auto& [model, totals] : j.at("by_model").items()) e.by_model[model] = counts_in(totals);
    e.cost = optional_of<MicroUsd>(j, "cost");
    e.unpriced_models = j.at("unpriced_models").get<std::vector<std::string>>();
    const Json& p = j.at("parse");
    e.parse = {p.at(0), p.at(1), p.at(2), p.at(3), p.at(4)};
    e.agent_version = j.at("agent_version");
    e.sessions = j.at("sessions").get<std::vector<std::string>>();
    e.receipt_json = j.at("receipt");
    return e;
  });
}

}  // namespace ts::report
