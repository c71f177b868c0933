#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "accounting/usage/counts.hpp"

namespace ts {

/// Where a count came from, best last. Stored by name.
enum class Source {
  stream,      ///< what the agent printed
  transcript,  ///< the session files that the agent wrote
  gateway,     ///< the provider's own usage
};
inline constexpr int kSourceCount = 3;

[[nodiscard]] constexpr std::string_view name_of(Source source) {
  constexpr std::string_view names[] = {"stream", "transcript", "gateway"};
  return names[static_cast<int>(source)];
}

/// Usage of one provider response as far as it is known now. The same response may be reported many times with
/// growing counts; the receiver keeps the highest of each part.
/// Lifetime: the views are valid during the call that delivers the event.
struct UsageEvent {
  std::string_view response_id;        ///< unique within (source, agent); made up by the dialect where the agent gives none
  std::string_view model;              ///< empty: not said
  std::string_view session;            ///< empty: not said
  TokenCounts counts;
  std::optional<UtcTime> at;           ///< absent: not said
  std::int64_t requests = 1;           ///< provider requests that the event stands for; 0: not said (a sum of unknown many)
};

/// A complete total that the agent itself gives at the end (Claude Code's result.modelUsage, Gemini's result.stats).
/// One event per model. The same settlement again grows (highest counts win); different settlements of one session add up:
/// an agent that is started twice in one stream settles twice.
struct SettlementEvent {
  std::string_view settlement_id;      ///< names the settlement within the session; empty: the session's only one
  std::string_view session;            ///< whose responses it covers, as in UsageEvent::session
  std::string_view model;              ///< empty: not said
  TokenCounts counts;
};

/// The agent said which session it is in.
struct SessionEvent {
  std::string_view session;
  std::string_view model;              ///< empty: not said
  std::string_view version;            ///< of the agent; empty: not said
  std::string_view cwd;                ///< empty: not said
};

/// What a dialect did with its input: everything that is dropped is counted.
struct ParseStats {
  std::uint64_t lines = 0;
  std::uint64_t events = 0;         ///< lines that gave usage
  std::uint64_t ignored = 0;        ///< well-formed or textual lines without usage
  std::uint64_t malformed = 0;      ///< lines that looked like usage and could not be read, or counts out of range
  std::uint64_t bytes_dropped = 0;  ///< bytes that were never looked at as JSON (over-long lines that could not be pruned)

  friend ParseStats operator+(ParseStats a, const ParseStats& b) {
    a.lines += b.lines;
    a.events += b.events;
    a.ignored += b.ignored;
    a.malformed += b.malformed;
    a.bytes_dropped += b.bytes_dropped;
    return a;
  }
  friend bool operator==(const ParseStats&, const ParseStats&) = default;
};

/// Receives what a dialect understood.
class UsageSink {
 public:
  virtual ~UsageSink() = default;
  virtual void on_usage(const UsageEvent& event) = 0;
  virtual void on_settlement(const SettlementEvent& event) = 0;
  virtual void on_session(const SessionEvent& event) = 0;
  /// The session's own running total began at this: another session, of which it is a fork, had spent it.
  virtual void on_inherited(const SettlementEvent& /*event*/) {}
};

/// Bytes of one stream or file → events. Stateful per stream; one object per stream. No I/O.
class Dialect {
 public:
  virtual ~Dialect() = default;
  /// One line without its line end. Never fails: what can't be read is counted in stats().
  virtual void line(std::string_view text, UsageSink& sink) = 0;
  /// The stream ended. Dialects of one-document outputs speak now.
  virtual void finish(UsageSink& sink) = 0;
  [[nodiscard]] virtual const ParseStats& stats() const = 0;
};

}  // namespace ts
