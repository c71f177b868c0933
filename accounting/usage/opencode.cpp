#include "accounting/usage/opencode.hpp"

#include <chrono>
#include <string>

#include "accounting/usage/line_dialect.hpp"

namespace ts {
namespace {

class OpencodeStream final : public LineDialect {
 private:
  struct Line {
    std::string_view type;
    std::string_view session;
    std::string_view part;
    RawUsage usage;
    Tokens ms = 0;
  };

  LineOutcome read(std::string_view text, UsageSink& sink) override {
    if (!text.starts_with('{')) return LineOutcome::ignored;
    if (session_.known() && !json::has_key(text, R"("tokens")")) return LineOutcome::ignored;
    json::Reader reader(text);
    Line line;
    std::string_view key;
    reader.enter_object();
    while (reader.next_key(key)) {
      if (key == "type") {
        reader.string(line.type);
      } else if (key == "sessionID") {
        reader.string(line.session);
      } else if (key == "timestamp") {
        reader.count(line.ms);
      } else if (key == "part" && reader.enter_object()) {
        if (!read_part(reader, line)) break;
      } else {
        reader.skip();
      }
    }
    return outcome_of(reader, act(line, sink));
  }

  static bool read_part(json::Reader& reader, Line& line) {
    std::string_view key;
    while (reader.next_key(key)) {
      if (key == "id") {
        reader.string(line.part);
      } else if (key == "tokens") {
        if (!line.usage.read(reader, kOpencodeTokens)) return false;
      } else {
        reader.skip();
      }
    }
    return reader.ok();
  }

  LineOutcome act(const Line& line, UsageSink& sink) {
    session_.see({line.session, {}, {}, {}}, sink);
    if (line.type != "step_finish") return LineOutcome::ignored;
    UsageEvent event{.response_id = line.part, .model = {}, .session = line.session, .counts = {}, .at = {}};
    if (line.ms > 0 && line.ms < kMaxTokens / 1000) event.at = UtcTime(std::chrono::milliseconds(line.ms));
    const std::string made_up = "line " + std::to_string(stats().lines);
    if (event.response_id.empty()) event.response_id = made_up;
    return deliver(line.usage, event, sink);
  }

  SessionTracker session_;
};

}  // namespace

std::unique_ptr<Dialect> make_opencode_stream() { return std::make_unique<OpencodeStream>(); }

}  // namespace ts
