#include "accounting/usage/gemini.hpp"

#include <string>

#include "accounting/usage/line_dialect.hpp"

namespace ts {
namespace {

class GeminiStream final : public LineDialect {
 private:
  LineOutcome read(std::string_view text, UsageSink& sink) override {
    if (!text.starts_with('{')) return LineOutcome::ignored;
    const bool stats = json::has_key(text, R"("stats")");
    if (!stats && !json::has_key(text, R"("init")")) return LineOutcome::ignored;
    json::Reader reader(text);
    std::string_view type;
    std::string_view session;
    std::string_view model;
    std::string_view figures;
    std::string_view key;
    reader.enter_object();
    while (reader.next_key(key)) {
      if (key == "type") {
        reader.string(type);
      } else if (key == "session_id" || key == "sessionId") {
        reader.string(session);
      } else if (key == "model") {
        reader.string(model);
      } else if (key == "stats") {
        reader.raw(figures);
      } else {
        reader.skip();
      }
    }
    // `--output-format json` is one object without a type.
    if (type == "init" || type == "result" || type.empty()) session_.see({session, model, {}, {}}, sink);
    if (type != "result" && !type.empty()) return outcome_of(reader, LineOutcome::ignored);
    return outcome_of(reader, settle(figures, sink));
  }

  LineOutcome settle(std::string_view figures, UsageSink& sink) {
    json::Reader reader(figures);
    std::string_view key;
    LineOutcome outcome = LineOutcome::ignored;
    if (reader.enter_object()) {
      while (reader.next_key(key))
        if (key == "models") {
          read_models(reader, outcome, sink);
        } else {
          reader.skip();
        }
    }
    if (outcome != LineOutcome::ignored) return outcome;
    json::Reader whole(figures);
    settle_one(whole, session_.model(), outcome, sink);
    return outcome;
  }

  void read_models(json::Reader& reader, LineOutcome& outcome, UsageSink& sink) {
    std::string_view model;
    if (!reader.enter_object()) {
      reader.skip();
      return;
    }
    while (reader.next_key(model)) settle_one(reader, model, outcome, sink);
  }

  void settle_one(json::Reader& reader, std::string_view model, LineOutcome& outcome, UsageSink& sink) {
    RawUsage usage;
    usage.read(reader, kGeminiStats);
    if (usage.bad()) outcome = LineOutcome::malformed;
    const auto counts = usage.counts();
    if (!counts || *counts == TokenCounts{}) return;
    sink.on_settlement({{}, session_.session(), model, *counts});
    if (outcome == LineOutcome::ignored) outcome = LineOutcome::event;
  }

  SessionTracker session_;
};

class GeminiTranscript final : public LineDialect {
 private:
  struct Message {
    std::string_view id;
    std::string_view model;
    std::string_view timestamp;
    RawUsage usage;
  };

  LineOutcome read(std::string_view text, UsageSink& sink) override {
    if (!text.starts_with('{')) return LineOutcome::ignored;
    const bool tokens = json::has_key(text, R"("tokens")");
    if (!tokens && (session_.known() || !json::has_key(text, R"("sessionId")"))) return LineOutcome::ignored;
    json::Reader reader(text);
    LineOutcome outcome = LineOutcome::ignored;
    reader.enter_object();
    read_object(reader, outcome, sink);
    return outcome_of(reader, outcome);
  }

  /// A message, the file's head, or (older versions) an object with a list of messages; `$set` lines wrap the last.
  void read_object(json::Reader& reader, LineOutcome& outcome, UsageSink& sink) {
    Message message;
    std::string_view key;
    while (reader.next_key(key)) {
      if (key == "sessionId") {
        std::string_view session;
        reader.string(session);
        session_.see({session, {}, {}, {}}, sink);
      } else if (key == "$set" && reader.enter_object()) {
        read_set(reader, outcome, sink);
      } else if (key == "messages") {
        read_messages(reader, outcome, sink);
      } else if (!read_member(reader, key, message)) {
        return;
      }
    }
    if (!message.usage.empty()) deliver_message(message, outcome, sink);
  }

  /// False: the text is broken.
  static bool read_member(json::Reader& reader, std::string_view key, Message& message) {
    if (key == "tokens") return message.usage.read(reader, kGeminiChatTokens);
    if (key == "id") {
      reader.string(message.id);
    } else if (key == "model") {
      reader.string(message.model);
    } else if (key == "timestamp") {
      reader.string(message.timestamp);
    } else {
      reader.skip();
    }
    return reader.ok();
  }

  void read_set(json::Reader& reader, LineOutcome& outcome, UsageSink& sink) {
    std::string_view key;
    while (reader.next_key(key))
      if (key == "messages") {
        read_messages(reader, outcome, sink);
      } else {
        reader.skip();
      }
  }

  void read_messages(json::Reader& reader, LineOutcome& outcome, UsageSink& sink) {
    if (!reader.enter_array()) {
      reader.skip();
      return;
    }
    while (reader.next_element()) {
      Message message;
      std::string_view key;
      if (!reader.enter_object()) {
        reader.skip();
        continue;
      }
      while (reader.next_key(key))
        if (!read_member(reader, key, message)) return;
      if (!message.usage.empty()) deliver_message(message, outcome, sink);
    }
  }

  void deliver_message(const Message& message, LineOutcome& outcome, UsageSink& sink) {
    std::string made_up;
    UsageEvent event{.response_id = message.id, .model = message.model, .session = session_.session(), .counts = {}, .at = time_of(message.timestamp)};
    if (event.response_id.empty()) {
      made_up = std::string(session_.session()) + "/line " + std::to_string(stats().lines);
      event.response_id = made_up;
    }
    const LineOutcome next = deliver(message.usage, event, sink);
    if (outcome != LineOutcome::malformed && next != LineOutcome::ignored) outcome = next;
  }

  SessionTracker session_;
};

}  // namespace

std::unique_ptr<Dialect> make_gemini_stream() { return std::make_unique<GeminiStream>(); }
std::unique_ptr<Dialect> make_gemini_transcript() { return std::make_unique<GeminiTranscript>(); }

}  // namespace ts
