#include "accounting/usage/generic.hpp"

#include <string>

#include "accounting/usage/dialects.hpp"
#include "accounting/usage/line_dialect.hpp"
#include "accounting/usage/text.hpp"

namespace ts {
namespace {

constexpr int kMaxDepth = 3;

struct GenericLine {
  std::string_view type;
  std::string_view id;
  std::string_view model;
  std::string_view session;
  std::string_view timestamp;
  RawUsage usage;
};

bool one_of(std::string_view key, std::initializer_list<std::string_view> names) {
  for (const std::string_view name : names)
    if (key == name) return true;
  return false;
}

/// The innermost object names the response best, so its id and model overwrite; the outermost type stays.
bool read_object(json::Reader& reader, GenericLine& line, int depth) {
  std::string_view key;
  while (reader.next_key(key)) {
    if (one_of(key, {"usage", "usageMetadata", "usage_metadata", "token_usage"})) {
      if (!line.usage.read(reader, kAnyUsage)) return false;
    } else if (one_of(key, {"message", "response", "data", "event"}) && depth < kMaxDepth && reader.enter_object()) {
      if (!read_object(reader, line, depth + 1)) return false;
    } else if (one_of(key, {"id", "response_id", "responseId", "request_id"})) {
      std::string_view id;
      if (reader.string(id) && (line.id.empty() || key != "request_id")) line.id = id;
    } else if (one_of(key, {"model", "modelVersion"})) {
      reader.string(line.model);
    } else if (one_of(key, {"session_id", "sessionId", "sessionID", "thread_id"})) {
      reader.string(line.session);
    } else if (key == "timestamp" && depth == 0) {
      reader.string(line.timestamp);
    } else if (key == "type" && depth == 0) {
      reader.string(line.type);
    } else {
      reader.skip();
    }
  }
  return reader.ok();
}

class GenericStream final : public LineDialect {
 public:
  void finish(UsageSink& sink) override {
    LineDialect::finish(sink);
    if (agent_) agent_->finish(sink);
  }

 private:
  LineOutcome read(std::string_view text, UsageSink& sink) override {
    std::string_view json = text;
    if (json.starts_with("data:")) json.remove_prefix(5);
    json.remove_prefix(std::min(json.find_first_not_of(" \t"), json.size()));
    if (!json.starts_with('{') && !json.starts_with('[')) return tokens_.read(text, sink);
    if (!asked_) recognise(json);
    if (agent_) return pass_on(json, sink);
    if (!json::has_key(json, R"("usage")") && !json::has_key(json, R"("usageMetadata")") && !json::has_key(json, R"("token_usage")"))
      return json.starts_with('{') ? LineOutcome::ignored : tokens_.read(text, sink);
    json::Reader reader(json);
    if (json.starts_with('{')) return read_one(reader, sink);
    LineOutcome outcome = LineOutcome::ignored;
    reader.enter_array();
    while (reader.next_element())
      if (reader.peek() != '{') {
        reader.skip();
      } else if (const LineOutcome next = read_one(reader, sink); outcome != LineOutcome::malformed && next != LineOutcome::ignored) {
        outcome = next;
      }
    return outcome_of(reader, outcome);
  }

  void recognise(std::string_view json) {
    asked_ = true;
    const auto known = detect_dialect(json);
    if (!known || known->name == "text" || known->name == "generic") return;
    agent_ = known->source == Source::stream ? make_stream_dialect(known->name) : make_transcript_dialect(known->name);
  }

  LineOutcome pass_on(std::string_view json, UsageSink& sink) {
    const ParseStats before = agent_->stats();
    agent_->line(json, sink);
    if (agent_->stats().malformed > before.malformed) return LineOutcome::malformed;
    return agent_->stats().events > before.events ? LineOutcome::event : LineOutcome::ignored;
  }

  LineOutcome read_one(json::Reader& reader, UsageSink& sink) {
    GenericLine line;
    reader.enter_object();
    read_object(reader, line, 0);
    if (line.type == "result") return outcome_of(reader, settle(line, sink));
    const std::string made_up = "line " + std::to_string(stats().lines) + "." + std::to_string(++unnamed_);
    const UsageEvent event{.response_id = line.id.empty() ? std::string_view(made_up) : line.id, .model = line.model, .session = line.session,
                           .counts = {}, .at = time_of(line.timestamp)};
    return outcome_of(reader, deliver(line.usage, event, sink));
  }

  static LineOutcome settle(const GenericLine& line, UsageSink& sink) {
    if (line.usage.bad()) return LineOutcome::malformed;
    const auto counts = line.usage.counts();
    if (!counts || *counts == TokenCounts{}) return LineOutcome::ignored;
    sink.on_settlement({{}, line.session, line.model, *counts});
    return LineOutcome::event;
  }

  NewTokens tokens_;
  std::unique_ptr<Dialect> agent_;
  std::uint64_t unnamed_ = 0;
  bool asked_ = false;
};

}  // namespace

std::unique_ptr<Dialect> make_generic_stream() { return std::make_unique<GenericStream>(); }

}  // namespace ts
