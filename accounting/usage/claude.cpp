#include "accounting/usage/claude.hpp"

#include <map>
#include <string>

#include "accounting/usage/claude_line.hpp"
#include "accounting/usage/line_dialect.hpp"
#include "accounting/usage/seen_usage.hpp"

namespace ts {
namespace {

constexpr std::string_view kUsageKey = R"("usage":{)";
/// Usage stands behind a message's content, so near the end of the line.
constexpr std::size_t kTail = 1024;
/// The message's id stands before its content, so near the line's start.
constexpr std::size_t kHead = 1024;
constexpr std::size_t kMaxParents = 64;

/// How the usual line with usage begins.
constexpr std::string_view kAssistant = R"({"type":"assistant","message":{"id":")";

/// Lines of stdout that never have usage and may be long, told by how they begin.
constexpr std::string_view kNoUsage[] = {
    R"({"type":"user",)",
    R"({"type":"stream_event","event":{"type":"content_block_)",
};

/// `claude-sonnet-4-5[1m]` → `claude-sonnet-4-5`: the suffix chooses a context window, the responses name the model without.
std::string_view plain_model(std::string_view model) {
  return model.ends_with(']') ? model.substr(0, model.find('[')) : model;
}

bool lower_somewhere(const TokenCounts& a, const TokenCounts& b) { return difference(b, a) != TokenCounts{}; }

/// What the stream and the transcript share: which messages were seen, and the quick way past lines that say nothing new.
class ClaudeBase : public LineDialect {
 protected:
  explicit ClaudeBase(UsageShape shape) : shape_(shape) {}

  /// The line repeats, byte for byte, the usage that was delivered last for its message.
  bool again(std::string_view id, std::string_view text, std::size_t usage_at) const {
    return (usage_at == 0 || text[usage_at - 1] != '\\') && seen_.again(id, text.substr(usage_at + kUsageKey.size() - 1));
  }

  LineOutcome deliver_message(const ClaudeLine& line, UsageSink& sink) {
    const ClaudeMessage& message = line.message;
    if (!message.has_usage) return message.usage.bad() ? LineOutcome::malformed : LineOutcome::ignored;
    UsageEvent event{.response_id = message.id, .model = message.model, .session = line.session, .counts = {}, .at = time_of(line.timestamp)};
    std::string made_up;
    if (event.response_id.empty()) {
      made_up = line.uuid.empty() ? "line " + std::to_string(stats().lines) : std::string(line.uuid);
      event.response_id = made_up;
    }
    const LineOutcome outcome = deliver(message.usage, event, sink);
    if (outcome == LineOutcome::event) seen_.put(message.id, message.usage_text);
    return outcome;
  }

  UsageShape shape_;
  SeenUsage seen_;
  SessionTracker session_;
};

class ClaudeStream final : public ClaudeBase {
 public:
  explicit ClaudeStream(UsageShape shape) : ClaudeBase(shape) {}

 private:
  LineOutcome read(std::string_view text, UsageSink& sink) override {
    if (text.starts_with('[')) return read_array(text, sink);
    return read_object(text, sink);
  }

  /// `--output-format json --verbose`: all events in one array.
  LineOutcome read_array(std::string_view text, UsageSink& sink) {
    json::Reader reader(text);
    LineOutcome outcome = LineOutcome::ignored;
    const auto join = [&outcome](LineOutcome next) {
      if (outcome != LineOutcome::malformed && next != LineOutcome::ignored) outcome = next;
    };
    reader.enter_array();
    while (reader.next_element()) {
      const char* begin = reader.position();
      std::string_view element;
      if (!reader.raw(element)) element = text.substr(static_cast<std::size_t>(begin - text.data()));
      join(read_object(element, sink));
    }
    // Text may begin with a bracket too: broken counts only if it was an array of events.
    return outcome == LineOutcome::ignored ? outcome : outcome_of(reader, outcome);
  }

  LineOutcome read_object(std::string_view text, UsageSink& sink) {
    if (!text.starts_with('{')) return LineOutcome::ignored;
    for (const std::string_view prefix : kNoUsage)
      if (text.starts_with(prefix)) return LineOutcome::ignored;
    const bool assistant = text.starts_with(kAssistant);   // has usage in any case: no need to search for it
    if (assistant && find_usage(text)) {
      ClaudeLine line;
      if (read_ends(text, line)) return again_ ? LineOutcome::event : act(line, sink);
    }
    if (!assistant && !json::has_key(text, R"("usage")") && !json::has_key(text, R"("modelUsage")") && !json::has_key(text, R"("init")"))
      return LineOutcome::ignored;
    json::Reader reader(text);
    const ClaudeLine line = read_claude_line(reader, shape_);
    return outcome_of(reader, act(line, sink));
  }

  /// Where the last usage of an assistant line stands: mostly as far from the end as in the line before.
  bool find_usage(std::string_view text) {
    if (text.size() < from_end_ || !text.substr(text.size() - from_end_).starts_with(kUsageKey)) {
      const std::size_t tail = text.size() - std::min(text.size(), kTail);
      const std::size_t found = json::find(text.substr(tail), kUsageKey);
      if (found == std::string_view::npos) return false;
      from_end_ = text.size() - tail - found;
    }
    return text[text.size() - from_end_ - 1] != '\\';
  }

  /// The quick way through an assistant line: its id and model at the start and its usage near the end, without the content
  /// between them. Sure only if the usage is the message's own (behind it the message ends, then the line) and the line is
  /// one line (no second one within it); false sends it the long way. `again_`: it repeats what was delivered before.
  bool read_ends(std::string_view text, ClaudeLine& line) {
    const std::size_t usage_at = text.size() - from_end_;
    const bool named = read_head(text.substr(0, usage_at), line.message);
    again_ = named && again(line.message.id, text, usage_at);
    if (again_ || !named) return named;
    json::Reader tail(text.substr(usage_at + kUsageKey.size() - 1));
    const char* begin = tail.position();
    line.message.has_usage = line.message.usage.read(tail, shape_);
    line.message.usage_text = {begin, static_cast<std::size_t>(tail.position() - begin)};
    std::string_view key;
    while (tail.next_key(key)) {
      if (key == "id" || key == "model" || key == "usage") return false;
      tail.skip();
    }
    while (tail.next_key(key)) {
      if (key == "session_id") {
        tail.string(line.session);
      } else if (key == "uuid") {
        tail.string(line.uuid);
      } else if (key == "type" || key == "message") {
        return false;
      } else {
        tail.skip();
      }
    }
    line.type = "assistant";
    return tail.at_end() && json::find(text.substr(1, usage_at), kAssistant) == std::string_view::npos;
  }

  /// `text` begins with kAssistant. True: it gave an id and a model before its content.
  static bool read_head(std::string_view text, ClaudeMessage& message) {
    json::Reader reader(text.substr(std::string_view(R"({"type":"assistant","message":)").size()));
    reader.enter_object();
    std::string_view key;
    while (reader.next_key(key) && key != "content") {
      if (key == "id") {
        reader.string(message.id);
      } else if (key == "model") {
        reader.string(message.model);
      } else {
        reader.skip();
      }
    }
    return key == "content" && reader.ok() && !message.id.empty() && !message.model.empty();
  }

  LineOutcome act(const ClaudeLine& line, UsageSink& sink) {
    if (line.type == "assistant") {
      session_.see({line.session, {}, {}, {}}, sink);
      return deliver_message(line, sink);
    }
    if (line.type == "result") return settle(line, sink);
    if (line.type == "stream_event") return partial(line, sink);
    if (line.type == "system" && line.subtype == "init") session_.see({line.session, line.model, line.version, line.cwd}, sink);
    return LineOutcome::ignored;
  }

  LineOutcome partial(const ClaudeLine& line, UsageSink& sink) {
    UsageEvent event{.response_id = {}, .model = {}, .session = line.session, .counts = {}, .at = {}};
    if (line.event_type == "message_start") {
      if (open_.size() >= kMaxParents) open_.clear();
      auto& [id, model] = open_[std::string(line.parent)];
      id = line.event_message.id;
      model = line.event_message.model;
      event.response_id = id;
      event.model = model;
      return id.empty() ? LineOutcome::ignored : deliver(line.event_message.usage, event, sink);
    }
    const auto found = open_.find(line.parent);
    if (line.event_type != "message_delta" || found == open_.end()) return LineOutcome::ignored;
    event.response_id = found->second.first;
    event.model = found->second.second;
    return deliver(line.event_usage, event, sink);
  }

  LineOutcome settle(const ClaudeLine& line, UsageSink& sink) {
    session_.see({line.session, {}, {}, {}}, sink);
    std::map<std::string, TokenCounts, std::less<>> models;
    bool bad = false;
    read_model_usage(line.model_usage, models, bad);
    if (models.empty() && !bad) {
      bad = line.usage.bad();
      if (const auto counts = line.usage.counts()) models.emplace(session_.model(), *counts);
    }
    if (session_.session() != settled_session_) {
      settled_session_ = session_.session();
      settled_.clear();
      settlement_ = 0;
    }
    // A process counts upwards: a lower figure is another process that carries the same session on.
    for (const auto& [model, counts] : models)
      if (const auto before = settled_.find(model); before != settled_.end() && lower_somewhere(counts, before->second)) {
        ++settlement_;
        break;
      }
    const std::string id = settlement_ == 0 ? "" : std::to_string(settlement_);
    for (const auto& [model, counts] : models)
      if (counts != TokenCounts{}) sink.on_settlement({id, settled_session_, model, counts});
    settled_ = std::move(models);
    if (bad) return LineOutcome::malformed;
    return settled_.empty() ? LineOutcome::ignored : LineOutcome::event;
  }

  static void read_model_usage(std::string_view text, std::map<std::string, TokenCounts, std::less<>>& models, bool& bad) {
    json::Reader reader(text);
    if (!reader.enter_object()) return;
    std::string_view model;
    while (reader.next_key(model)) {
      RawUsage usage;
      usage.read(reader, kClaudeModelUsage);
      bad = bad || usage.bad();
      if (const auto counts = usage.counts()) {
        TokenCounts& sum = models[std::string(plain_model(model))];
        sum = sum + *counts;
      }
    }
  }

  bool again_ = false;             ///< of the line at hand
  std::size_t from_end_ = kTail;   ///< where usage began in the last assistant line, counted from its end
  std::map<std::string, std::pair<std::string, std::string>, std::less<>> open_;   ///< parent → (message id, model)
  std::map<std::string, TokenCounts, std::less<>> settled_;                        ///< the last settlement
  std::string settled_session_;
  int settlement_ = 0;
};

class ClaudeTranscript final : public ClaudeBase {
 public:
  ClaudeTranscript() : ClaudeBase(kAnthropicUsage) {}

 private:
  LineOutcome read(std::string_view text, UsageSink& sink) override {
    if (!text.starts_with('{')) return LineOutcome::ignored;
    const std::size_t usage_at = json::find(text, kUsageKey);
    if (usage_at == std::string_view::npos) {
      if (!session_.known()) look_for_session(text, sink);
      if (!json::has_key(text, R"("usage")")) return LineOutcome::ignored;
    } else if (again(message_id(text), text, usage_at)) {
      return LineOutcome::event;
    }
    json::Reader reader(text);
    const ClaudeLine line = read_claude_line(reader, shape_);
    const bool assistant = line.type == "assistant" || (line.type.empty() && line.message.role == "assistant");
    if (!assistant) return outcome_of(reader, LineOutcome::ignored);
    const std::string_view model = session_.model().empty() ? line.message.model : std::string_view{};
    session_.see({line.session, model, line.version, line.cwd}, sink);
    return outcome_of(reader, deliver_message(line, sink));
  }

  void look_for_session(std::string_view text, UsageSink& sink) {
    json::Reader reader(text);
    const ClaudeLine line = read_claude_line(reader, shape_);
    // The first lines name the session alone; the first that also has the folder is the one to announce.
    if (!line.session.empty() && !line.cwd.empty()) session_.see({line.session, {}, line.version, line.cwd}, sink);
  }

  static std::string_view message_id(std::string_view text) {
    const std::size_t at = json::find(text.substr(0, kHead), R"("message":{)");
    if (at == std::string_view::npos) return {};
    json::Reader reader(text.substr(at + std::string_view(R"("message":)").size()));
    std::string_view key;
    std::string_view id;
    reader.enter_object();
    while (reader.next_key(key) && key != "content") {
      if (key == "id") {
        reader.string(id);
        return id;
      }
      reader.skip();
    }
    return {};
  }
};

}  // namespace

std::unique_ptr<Dialect> make_claude_stream() { return std::make_unique<ClaudeStream>(kAnthropicUsage); }
std::unique_ptr<Dialect> make_qwen_stream() { return std::make_unique<ClaudeStream>(kQwenStreamUsage); }
std::unique_ptr<Dialect> make_claude_transcript() { return std::make_unique<ClaudeTranscript>(); }

}  // namespace ts
