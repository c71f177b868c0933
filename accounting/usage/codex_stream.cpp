#include "accounting/usage/codex.hpp"
#include "accounting/usage/line_dialect.hpp"

namespace ts {
namespace {

class CodexStream final : public LineDialect {
 private:
  LineOutcome read(std::string_view text, UsageSink& sink) override {
    if (!text.starts_with('{')) return LineOutcome::ignored;
    const bool usage = json::has_key(text, R"("usage")");
    if (!usage && !json::has_key(text, R"("thread.started")")) return LineOutcome::ignored;
    json::Reader reader(text);
    std::string_view type;
    std::string_view thread;
    RawUsage raw;
    std::string_view key;
    reader.enter_object();
    while (reader.next_key(key)) {
      if (key == "type") {
        reader.string(type);
      } else if (key == "thread_id") {
        reader.string(thread);
      } else if (key == "usage") {
        if (!raw.read(reader, kResponsesUsage)) return LineOutcome::malformed;
      } else {
        reader.skip();
      }
    }
    if (type == "thread.started") session_.see({thread, {}, {}, {}}, sink);
    if (type != "turn.completed") return outcome_of(reader, LineOutcome::ignored);
    return outcome_of(reader, settle(raw, sink));
  }

  /// The usage of a turn is the whole thread's so far, with what it had spent before it was resumed or forked.
  LineOutcome settle(const RawUsage& usage, UsageSink& sink) {
    if (usage.bad()) return LineOutcome::malformed;
    const auto counts = usage.counts();
    if (!counts || *counts == TokenCounts{}) return LineOutcome::ignored;
    sink.on_settlement({{}, session_.session(), {}, *counts});
    return LineOutcome::event;
  }

  SessionTracker session_;
};

}  // namespace

std::unique_ptr<Dialect> make_codex_stream() { return std::make_unique<CodexStream>(); }

}  // namespace ts
