#include "spawner/tail/run_sink.hpp"

namespace ts::tail {

namespace {

/// Transcripts give milliseconds, cut off: an event of the launch's own millisecond must not look older.
constexpr std::chrono::milliseconds kClockGrain{2};

}  // namespace

void RunSink::on_usage(const UsageEvent& event) {
  const std::uint64_t id = std::hash<std::string_view>{}(event.response_id);
  const bool old = event.at && *event.at + kClockGrain < past_.launched;
  if (muted_ || old) {
    past_.ids.insert(id);
    ++past_.events;
    if (past_.sink != nullptr) past_.sink->on_usage(event);
    return;
  }
  if (past_.ids.contains(id)) {
    ++past_.events;
    return;
  }
  sink_->on_usage(event);
}

void RunSink::on_settlement(const SettlementEvent& event) {
  if (!muted_) sink_->on_settlement(event);
}

// Said once, at the top of the file, so it must pass even there.
void RunSink::on_session(const SessionEvent& event) { sink_->on_session(event); }

void RunSink::on_inherited(const SettlementEvent& event) {
  if (past_.sink != nullptr) past_.sink->on_inherited(event);
}

}  // namespace ts::tail
