#include <algorithm>
#include <deque>
#include <string>

#include "accounting/usage/line_dialect.hpp"
#include "accounting/usage/qwen.hpp"

namespace ts {
namespace {

/// How many unpaired reports of one kind are waited for: the two reports of a response are neighbours.
constexpr std::size_t kMaxWaiting = 64;

struct QwenLine {
  std::string_view session;
  std::string_view uuid;
  std::string_view timestamp;
  std::string_view model;
  std::string_view cwd;
  std::string_view version;
  RawUsage usage;                 ///< usageMetadata
  std::string_view telemetry;     ///< systemPayload, unread
};

QwenLine read_line(json::Reader& reader) {
  QwenLine line;
  std::string_view key;
  reader.enter_object();
  while (reader.next_key(key)) {
    if (key == "sessionId") {
      reader.string(line.session);
    } else if (key == "uuid") {
      reader.string(line.uuid);
    } else if (key == "timestamp") {
      reader.string(line.timestamp);
    } else if (key == "model") {
      reader.string(line.model);
    } else if (key == "cwd") {
      reader.string(line.cwd);
    } else if (key == "version") {
      reader.string(line.version);
    } else if (key == "usageMetadata") {
      line.usage.read(reader, kQwenUsage);
    } else if (key == "systemPayload") {
      reader.raw(line.telemetry);
    } else {
      reader.skip();
    }
  }
  return line;
}

class QwenTranscript final : public LineDialect {
 private:
  using Waiting = std::deque<TokenCounts>;

  LineOutcome read(std::string_view text, UsageSink& sink) override {
    if (!text.starts_with('{')) return LineOutcome::ignored;
    if (session_.known() && !json::has_key(text, R"("usageMetadata")") && !json::has_key(text, R"("uiEvent")"))
      return LineOutcome::ignored;
    json::Reader reader(text);
    QwenLine line = read_line(reader);
    session_.see({line.session, session_.model().empty() ? line.model : std::string_view{}, line.version, line.cwd}, sink);
    return outcome_of(reader, act(line, sink));
  }

  LineOutcome act(QwenLine& line, UsageSink& sink) {
    UsageEvent event{.response_id = line.uuid, .model = line.model, .session = line.session, .counts = {}, .at = time_of(line.timestamp)};
    if (!line.usage.empty()) return deliver_once(line.usage, event, {telemetry_, assistant_}, sink);
    const std::string_view ui = json::member(line.telemetry, {"uiEvent"});
    if (!json::member(ui, {"event.name"}).ends_with(".api_response")) return LineOutcome::ignored;
    event.response_id = json::member(ui, {"response_id"});
    event.model = json::member(ui, {"model"});
    json::Reader reader(ui);
    RawUsage usage;
    usage.read(reader, kQwenTelemetry);
    return deliver_once(usage, event, {assistant_, telemetry_}, sink);
  }

  struct Sides {
    Waiting& other;
    Waiting& own;
  };

  /// Counts it unless the other side has reported the same figures and still waits for its pair.
  LineOutcome deliver_once(const RawUsage& usage, UsageEvent event, Sides sides, UsageSink& sink) {
    const auto counts = usage.counts();
    if (!counts || *counts == TokenCounts{}) return deliver(usage, event, sink);
    if (const auto pair = std::find(sides.other.begin(), sides.other.end(), *counts); pair != sides.other.end()) {
      sides.other.erase(pair);
      return LineOutcome::event;
    }
    sides.own.push_back(*counts);
    if (sides.own.size() > kMaxWaiting) sides.own.pop_front();
    std::string made_up;
    if (event.response_id.empty()) {
      made_up = std::string(event.session) + "/line " + std::to_string(stats().lines);
      event.response_id = made_up;
    }
    return deliver(usage, event, sink);
  }

  SessionTracker session_;
  Waiting telemetry_;
  Waiting assistant_;
};

}  // namespace

std::unique_ptr<Dialect> make_qwen_transcript() { return std::make_unique<QwenTranscript>(); }

}  // namespace ts
