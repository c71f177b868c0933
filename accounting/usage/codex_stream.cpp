#include <string>

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
    const std::string id = std::string(session_.session()) + "/turn " + std::to_string(++turns_);
    return outcome_of(reader, deliver(raw, {.response_id = id, .model = {}, .session = session_.session(), .counts = {}, .at = {}, .requests = 0}, sink));
  }

  SessionTracker session_;
  std::uint64_t turns_ = 0;
};

}  // namespace

std::unique_ptr<Dialect> make_codex_stream() { return std::make_unique<CodexStream>(); }

}  // namespace ts
