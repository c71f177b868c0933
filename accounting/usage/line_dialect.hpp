#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "accounting/usage/event.hpp"
#include "accounting/usage/json_reader.hpp"
#include "accounting/usage/pruner.hpp"
#include "accounting/usage/shapes.hpp"

namespace ts {

/// What became of one line; one of the three is counted.
enum class LineOutcome { event, ignored, malformed };

/// The rest of a line when its usage was delivered: broken behind it (torn) is malformed, though what was read counts.
[[nodiscard]] inline LineOutcome outcome_of(const json::Reader& reader, LineOutcome delivered) {
  return reader.ok() ? delivered : LineOutcome::malformed;
}

/// What all line dialects share: statistics, and documents that are printed over many lines, which are put together
/// (pruned) and read as if they were one line.
class LineDialect : public Dialect {
 public:
  LineDialect();
  void line(std::string_view text, UsageSink& sink) final;
  void finish(UsageSink& sink) override;
  [[nodiscard]] const ParseStats& stats() const final { return stats_; }

 protected:
  /// One line or document.
  virtual LineOutcome read(std::string_view text, UsageSink& sink) = 0;

 private:
  void count(LineOutcome outcome);
  bool collect(std::string_view text);
  void end_document();

  ParseStats stats_;
  LinePruner document_;
  UsageSink* sink_ = nullptr;      ///< during a call
  std::optional<LineOutcome> document_outcome_;
  bool collecting_ = false;
};

/// A moment as agents write it. Absent: empty or not RFC 3339.
[[nodiscard]] std::optional<UtcTime> time_of(std::string_view text);

/// Delivers the usage of one response unless it is all zero (a block that has no usage yet, or a message that no provider sent).
LineOutcome deliver(const RawUsage& usage, UsageEvent event, UsageSink& sink);

/// The session that a stream or file speaks of: says it to the sink when it changes.
class SessionTracker {
 public:
  void see(const SessionEvent& event, UsageSink& sink);
  [[nodiscard]] std::string_view session() const { return session_; }
  [[nodiscard]] std::string_view model() const { return model_; }
  [[nodiscard]] bool known() const { return !session_.empty(); }

 private:
  std::string session_;
  std::string model_;
};

}  // namespace ts
