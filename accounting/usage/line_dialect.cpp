#include "accounting/usage/line_dialect.hpp"

#include "accounting/base/text.hpp"

namespace ts {

LineDialect::LineDialect() : document_([this](std::string_view text) {
  const LineOutcome outcome = read(text, *sink_);
  if (!document_outcome_ || outcome != LineOutcome::ignored) document_outcome_ = outcome;
}) {}

void LineDialect::count(LineOutcome outcome) {
  switch (outcome) {
    case LineOutcome::event:
      ++stats_.events;
      break;
    case LineOutcome::ignored:
      ++stats_.ignored;
      break;
    case LineOutcome::malformed:
      ++stats_.malformed;
      break;
  }
}

void LineDialect::end_document() {
  document_.finish();
  collecting_ = false;
  // The document's last line stands for it in the statistics.
  count(document_outcome_.value_or(LineOutcome::ignored));
  stats_.bytes_dropped = document_.bytes_dropped();
}

/// True: the line was a part of a document over many lines.
bool LineDialect::collect(std::string_view text) {
  if (!collecting_) {
    if (text != "{" && text != "[") return false;
    collecting_ = true;
    document_outcome_.reset();
  } else if (text.size() > 1 && (text.front() == '{' || text.front() == '[')) {
    // Inner lines are indented: this one begins something else, so the document was torn.
    --stats_.ignored;
    end_document();
    return false;
  }
  document_.push(text);
  document_.push("\n");
  if (document_.complete()) {
    end_document();
  } else {
    ++stats_.ignored;
  }
  return true;
}

void LineDialect::line(std::string_view text, UsageSink& sink) {
  ++stats_.lines;
  sink_ = &sink;
  if ((collecting_ || text.size() == 1) && collect(text)) return;
  count(read(text, sink));
}

void LineDialect::finish(UsageSink& sink) {
  sink_ = &sink;
  if (!collecting_) return;
  --stats_.ignored;
  end_document();
}

std::optional<UtcTime> time_of(std::string_view text) {
  if (text.empty()) return std::nullopt;
  auto time = parse_rfc3339(text);
  if (!time) return std::nullopt;
  return *time;
}

LineOutcome deliver(const RawUsage& usage, UsageEvent event, UsageSink& sink) {
  if (usage.bad()) return LineOutcome::malformed;
  const auto counts = usage.counts();
  if (!counts || *counts == TokenCounts{}) return LineOutcome::ignored;
  event.counts = *counts;
  sink.on_usage(event);
  return LineOutcome::event;
}

void SessionTracker::see(const SessionEvent& event, UsageSink& sink) {
  const bool news = !event.session.empty() && event.session != session_;
  if (news) session_ = event.session;
  const bool told = !event.model.empty() && event.model != model_;
  if (told) model_ = event.model;
  if (news || (told && known())) sink.on_session({session_, event.model, event.version, event.cwd});
}

}  // namespace ts
