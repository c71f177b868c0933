#include "spawner/control/protocol.hpp"

#include <nlohmann/json.hpp>

namespace ts::control {
namespace {

using Json = nlohmann::json;

template <class T>
Json or_null(const std::optional<T>& value) {
  return value ? Json(*value) : Json(nullptr);
}

Json json_of(const Standing& s) {
  const auto left = s.cap ? std::optional<std::int64_t>(std::max<std::int64_t>(*s.cap - s.spent, 0)) : std::nullopt;
  return {{"run", s.run},
          {"task", s.task},
          {"agent", s.agent},
          {"formula", std::string{name_of(s.formula)}},
          {"spent", s.spent},
          {"cap", or_null(s.cap)},
          {"left", or_null(left)},
          {"counts",
           {{"input", s.counts.input},
            {"cache_write_5m", s.counts.cache_write_5m},
            {"cache_write_1h", s.counts.cache_write_1h},
            {"cache_write", s.counts.cache_write()},
            {"cache_read", s.counts.cache_read},
            {"output", s.counts.output},
            {"reasoning", s.counts.reasoning},
            {"requests", s.requests}}},
          {"elapsed_ms", s.elapsed_ms},
          {"phase", s.phase},
          {"source", s.source.empty() ? Json(nullptr) : Json(s.source)}};
}

Standing standing_of(const Json& j) {
  Standing s;
  s.run = j.at("run");
  s.task = j.at("task");
  s.agent = j.at("agent");
  s.formula = formula_named(j.at("formula").get<std::string>()).value_or(Formula::fresh);
  s.spent = j.at("spent");
  if (!j.at("cap").is_null()) s.cap = j.at("cap").get<std::int64_t>();
  const Json& c = j.at("counts");
  s.counts = {c.at("input"), c.at("cache_write_5m"), c.at("cache_write_1h"), c.at("cache_read"), c.at("output"), c.at("reasoning")};
  s.requests = c.at("requests");
  s.elapsed_ms = j.at("elapsed_ms");
  s.phase = j.at("phase");
  if (!j.at("source").is_null()) s.source = j.at("source");
  return s;
}

struct RequestWriter {
  Json operator()(const UsageRequest&) const { return {{"do", "usage"}}; }
  Json operator()(const StopRequest&) const { return {{"do", "stop"}}; }
  Json operator()(const ExtendRequest& r) const { return {{"do", "extend"}, {"by", or_null(r.by)}, {"to", or_null(r.to)}}; }
  Json operator()(const HoldRequest&) const { return {{"do", "hold"}}; }
  Json operator()(const ResumeRequest&) const { return {{"do", "resume"}}; }
  Json operator()(const DrawRequest& r) const { return {{"do", "draw"}, {"run", r.run}, {"spent", r.spent}, {"want", or_null(r.want)}, {"over", r.over}}; }
  Json operator()(const OwnRequest& r) const { return {{"do", "own"}, {"run", r.run}, {"session", r.session}}; }
};

/// nlohmann throws; the exception stays in this file.
template <class F>
auto guarded(std::string_view what, F&& parse) -> Result<decltype(parse())> {
  try {
    return parse();
  } catch (const Json::exception& error) {
    return Error{Errc::invalid_argument, std::string{what} + ": " + error.what()};
  }
}

std::optional<std::int64_t> integer_or_absent(const Json& j, const char* key) {
  if (!j.contains(key) || j.at(key).is_null()) return std::nullopt;
  return j.at(key).get<std::int64_t>();
}

}  // namespace

std::string encode(const Request& request) { return std::visit(RequestWriter{}, request).dump(-1, ' ', false, Json::error_handler_t::replace) + "\n"; }

std::string encode(const Answer& answer) {
  Json j = {{"ok", answer.standing.has_value()}};
  if (answer.standing) j["standing"] = json_of(*answer.standing);
  if (answer.granted) j["granted"] = *answer.granted;
  if (!answer.error.empty()) j["error"] = answer.error;
  return j.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

Result<Request> decode_request(std::string_view line) {
  auto parsed = guarded("control request", [&]() -> std::optional<Request> {
    const Json j = Json::parse(line);
    const std::string word = j.at("do");
    if (word == "usage") return UsageRequest{};
    if (word == "stop") return StopRequest{};
    if (word == "hold") return HoldRequest{};
    if (word == "resume") return ResumeRequest{};
    if (word == "draw") return DrawRequest{j.at("run"), j.at("spent"), integer_or_absent(j, "want"), j.value("over", false)};
    if (word == "own") return OwnRequest{j.at("run"), j.at("session")};
    if (word == "extend") return ExtendRequest{integer_or_absent(j, "by"), integer_or_absent(j, "to")};
    return std::nullopt;
  });
  if (parsed.has_error()) return parsed.error();
  if (!*parsed) return Error{Errc::invalid_argument, "control request: this version knows usage, stop, extend, hold, resume, draw and own"};
  return **parsed;
}

Result<Answer> decode_answer(std::string_view line) {
  return guarded("control answer", [&] {
    const Json j = Json::parse(line);
    Answer answer;
    if (j.contains("standing")) answer.standing = standing_of(j.at("standing"));
    answer.error = j.value("error", "");
    answer.granted = integer_or_absent(j, "granted");
    return answer;
  });
}

std::string standing_json(const Standing& standing) { return json_of(standing).dump(2, ' ', false, Json::error_handler_t::replace); }

}  // namespace ts::control
