#include <chrono>
#include <string>
#include <utility>

#include "accounting/usage/codex.hpp"
#include "accounting/usage/line_dialect.hpp"

namespace ts {
namespace {

/// What one rollout line says, as far as counting needs it. Lifetime: points into the line.
struct RolloutLine {
  std::string_view type;
  std::string_view timestamp;
  std::string_view payload;       ///< of a session_meta, unread
  std::string_view kind;          ///< payload.type
  std::string_view thread;        ///< payload.thread_id
  std::string_view turn;          ///< payload.turn_id
  std::string_view response;      ///< payload.response_id
  std::string_view model;
  RawUsage usage;                 ///< of a token_usage_record
  RawUsage thread_total;
  RawUsage total;                 ///< of a token_count
  RawUsage last;

  /// Lines of other kinds can be long; they need not be read on.
  [[nodiscard]] bool of_no_interest() const {
    if (type.empty()) return false;
    if (type == "event_msg") return !kind.empty() && kind != "token_count" && kind != "task_started";
    return type != "session_meta" && type != "turn_context" && type != "token_usage_record";
  }
};

void read_info(json::Reader& reader, RolloutLine& line) {
  std::string_view key;
  if (!reader.enter_object()) {
    reader.skip();
    return;
  }
  while (reader.next_key(key)) {
    if (key == "total_token_usage") {
      line.total.read(reader, kResponsesUsage);
    } else if (key == "last_token_usage") {
      line.last.read(reader, kResponsesUsage);
    } else {
      reader.skip();
    }
  }
}

void read_payload(json::Reader& reader, RolloutLine& line) {
  std::string_view key;
  if (line.type == "session_meta" || !reader.enter_object()) {
    reader.raw(line.payload);
    return;
  }
  while (!line.of_no_interest() && reader.next_key(key)) {
    if (key == "type") {
      reader.string(line.kind);
    } else if (key == "thread_id") {
      reader.string(line.thread);
    } else if (key == "turn_id") {
      reader.string(line.turn);
    } else if (key == "response_id") {
      reader.string(line.response);
    } else if (key == "model") {
      reader.string(line.model);
    } else if (key == "usage") {
      line.usage.read(reader, kResponsesUsage);
    } else if (key == "thread_token_usage") {
      line.thread_total.read(reader, kResponsesUsage);
    } else if (key == "info") {
      read_info(reader, line);
    } else {
      reader.skip();
    }
  }
}

/// The first 12 hexadecimal digits of a UUID version 7 are its time in ms. Empty: it is no UUID version 7.
std::string uuid_time(std::string_view uuid) {
  if (uuid.size() != 36 || uuid[8] != '-' || uuid[14] != '7') return {};
  return std::string(uuid.substr(0, 8)).append(uuid.substr(9, 4));
}

class CodexTranscript final : public LineDialect {
 private:
  LineOutcome read(std::string_view text, UsageSink& sink) override {
    if (!text.starts_with('{')) return LineOutcome::ignored;
    json::Reader reader(text);
    RolloutLine line;
    std::string_view key;
    reader.enter_object();
    while (!line.of_no_interest() && reader.next_key(key)) {
      if (key == "type") {
        reader.string(line.type);
      } else if (key == "timestamp") {
        reader.string(line.timestamp);
      } else if (key == "payload") {
        read_payload(reader, line);
      } else {
        reader.skip();
      }
    }
    if (line.of_no_interest()) return LineOutcome::ignored;
    return outcome_of(reader, act(line, sink));
  }

  LineOutcome act(const RolloutLine& line, UsageSink& sink) {
    if (line.type == "session_meta") return begin(line, sink);
    if (line.type == "token_usage_record") return record(line, sink);
    if (line.kind == "token_count") return count(line, sink);
    if (!line.model.empty()) model_ = line.model;
    const std::string turn = uuid_time(line.turn);
    knows_turns_ = knows_turns_ || !turn.empty();
    if (replay_ && !turn.empty() && turn >= uuid_time(session_.session())) replay_ = false;
    return LineOutcome::ignored;
  }

  /// The file's first session_meta is its own; later ones are its parent's, replayed, or its own again after a resume.
  LineOutcome begin(const RolloutLine& line, UsageSink& sink) {
    if (session_.known()) return LineOutcome::ignored;
    const auto get = [&](std::initializer_list<std::string_view> path) { return json::member(line.payload, path); };
    const std::string_view id = get({"id"}).empty() ? get({"session_id"}) : get({"id"});
    session_.see({id, {}, get({"cli_version"}), get({"cwd"})}, sink);
    const std::string_view created = get({"timestamp"});
    created_ = time_of(created.empty() ? line.timestamp : created);
    for (const std::string_view parent : {get({"forked_from_id"}), get({"parent_thread_id"}),
                                          get({"source", "subagent", "thread_spawn", "parent_thread_id"})})
      if (!parent.empty() && parent != "null" && parent != id) replay_ = true;
    return LineOutcome::ignored;
  }

  LineOutcome record(const RolloutLine& line, UsageSink& sink) {
    if (session_.known() && !line.thread.empty() && line.thread != session_.session()) return LineOutcome::ignored;
    replay_ = false;
    const auto total = line.thread_total.counts();
    const bool counted = !recorded_ && total && base_ == total;
    // A fork starts its counter where its past stood, and leaves that past in the other file.
    if (const auto own = line.usage.counts(); own && total && !recorded_ && !base_)
      if (const TokenCounts before = difference(*total, *own); before != TokenCounts{}) sink.on_inherited({{}, session_.session(), {}, before});
    recorded_ = true;
    if (total) base_ = total;
    if (counted) return LineOutcome::ignored;
    const std::string made_up = line.response.empty() ? id_of(total) : std::string(line.response);
    return deliver(line.usage, event(made_up, line), sink);
  }

  LineOutcome count(const RolloutLine& line, UsageSink& sink) {
    if (line.total.bad() || line.last.bad()) return LineOutcome::malformed;
    const auto total = line.total.counts();
    if (!total) return LineOutcome::ignored;
    if (replay_) end_replay_by_time(line);
    const auto before = std::exchange(base_, total);
    if (replay_ || recorded_ || before == total) return LineOutcome::ignored;
    const auto last = line.last.counts();
    const bool grown = before && difference(*before, *total) == TokenCounts{};
    if (before && !grown) ++resets_;
    UsageEvent said = event({}, line);
    const std::string id = id_of(total);
    said.response_id = id;
    // What the counter grew by; where there is nothing to compare it with, what the line says of its last response.
    said.counts = grown ? difference(*total, *before) : last.value_or(*total);
    if (said.counts == TokenCounts{}) return LineOutcome::ignored;
    sink.on_usage(said);
    return LineOutcome::event;
  }

  /// Older versions have no turn ids that tell a time: a replay stands within a second of the file's creation, or before it.
  void end_replay_by_time(const RolloutLine& line) {
    const auto at = time_of(line.timestamp);
    if (!knows_turns_ && at && created_ && *at > *created_ + std::chrono::seconds(1)) replay_ = false;
  }

  [[nodiscard]] UsageEvent event(std::string_view id, const RolloutLine& line) const {
    return {.response_id = id, .model = model_, .session = session_.session(), .counts = {}, .at = time_of(line.timestamp)};
  }

  /// A name for a response that has none: the thread, and what its counter stood at afterwards.
  [[nodiscard]] std::string id_of(const std::optional<TokenCounts>& total) const {
    const std::string at = total ? std::to_string(by_formula(*total, Formula::total)) : "line " + std::to_string(stats().lines);
    return std::string(session_.session()) + "/" + std::to_string(resets_) + "/" + at;
  }

  SessionTracker session_;
  std::string model_;
  std::optional<UtcTime> created_;
  std::optional<TokenCounts> base_;   ///< the thread's cumulative counter, as last seen
  int resets_ = 0;
  bool replay_ = false;               ///< the lines are still the parent's history
  bool recorded_ = false;             ///< the file has token_usage_records: token_counts only repeat them
  bool knows_turns_ = false;          ///< turn ids tell their time
};

}  // namespace

std::unique_ptr<Dialect> make_codex_transcript() { return std::make_unique<CodexTranscript>(); }

}  // namespace ts
