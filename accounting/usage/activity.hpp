#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "accounting/usage/deeds.hpp"
#include "accounting/usage/event.hpp"

namespace ts {

/// One thing that an agent did or got, in the order of its stream or transcript.
struct Act {
  enum class Kind {
    prompt,
    text,
    call,
    result,
    response,  ///< the usage of a response was told here
  };
  Kind kind = Kind::text;
  std::string response;  ///< text, call, response: its id. Empty: nothing tells
  std::string session;   ///< empty: not said
  std::string worker;    ///< the sub-agent's id; empty: the session's main agent
  std::string tool;      ///< call, result
  std::string about;     ///< call: what it works on, cut short
  std::size_t call = 0;  ///< call, result: number of the call, from 1; 0: none
  std::uint64_t bytes = 0;
};

/// A line of the agent's words that names the phase which begins with it: "## Phase: elab-setup", "**Phase**: 1.5 (Decisions)",
/// "[phase: review]", "<!-- phase: review -->".
struct PhaseMark {
  std::string name;
  std::string response;       ///< the response that says it. Empty: nothing tells
  std::optional<UtcTime> at;  ///< absent: not said
};

/// What a run did, as far as its captured stream or its transcripts show.
struct Activity {
  std::vector<Act> acts;
  std::vector<PhaseMark> marks;
  std::map<std::string, std::string, std::less<>> workers;  ///< sub-agent's id → what it was started for
  std::size_t calls = 0;
  std::uint64_t bytes = 0;       ///< read
  std::uint64_t unread = 0;      ///< bytes of lines that were too long to be read
};

/// The phase that a line of an agent's words announces. Empty: none.
[[nodiscard]] std::string phase_announced(std::string_view line);

/// Gathers the activity of one run from its streams and transcripts, one after another. No I/O.
class ActivityReader final : private UsageSink, private DeedSink {
 public:
  /// What is told to have happened before `since` (a resumed session's past) or after `until` (what another run went on with) is left out.
  explicit ActivityReader(std::optional<UtcTime> since, std::optional<UtcTime> until = {}) : since_(since), until_(until) {}

  /// A new file begins. `dialect` reads its usage; null: nothing is known of it.
  void begin(std::unique_ptr<Dialect> dialect);
  /// The responses of the file's dialect are told before what they say (Qwen Code's transcripts), not after it.
  void usage_comes_first() { usage_first_ = true; }
  /// One line of the file, without its line end.
  void line(std::string_view text);
  void too_long(std::uint64_t bytes) { activity_.unread += bytes; }
  /// For a transcript that is no lines but a database: its reader tells here what it finds, after begin().
  [[nodiscard]] UsageSink& usage() { return *this; }
  [[nodiscard]] DeedSink& deeds() { return *this; }
  /// All is read. The reader is empty afterwards.
  [[nodiscard]] Activity take();

 private:
  void on_usage(const UsageEvent& event) override;
  void on_settlement(const SettlementEvent& event) override;
  void on_session(const SessionEvent& event) override;
  void on_deed(const Deed& deed) override;
  void note_call(const Deed& deed, Act& act);
  bool note_result(const Deed& deed, Act& act);
  [[nodiscard]] bool is_others(std::optional<UtcTime> at) const { return at && ((since_ && *at < *since_) || (until_ && *at > *until_)); }
  void note_marks(const Deed& deed, const Act& act);

  std::optional<UtcTime> since_;
  std::optional<UtcTime> until_;
  std::unique_ptr<Dialect> dialect_;
  Activity activity_;
  bool usage_first_ = false;
  std::string session_;
  std::string response_;          ///< the last that was told
  std::size_t loose_ = 0;         ///< acts from here on may lack their response
  std::size_t loose_marks_ = 0;
  std::map<std::string, std::size_t, std::less<>> calls_;   ///< id → number
  std::vector<std::string> tools_;                          ///< by number − 1
  std::set<std::string, std::less<>> answered_;             ///< calls whose result is known
  std::set<std::string, std::less<>> responses_;            ///< whose usage was told
  std::set<std::string, std::less<>> said_;                 ///< words that were told, by response: transcripts repeat them
  std::map<std::string, std::string, std::less<>> tasks_;   ///< what a sub-agent is told → what for
  std::map<std::string, std::string, std::less<>> told_;    ///< sub-agent → what it was told first
};

}  // namespace ts
