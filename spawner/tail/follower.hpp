#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <sys/types.h>

#include "accounting/base/result.hpp"
#include "accounting/base/units.hpp"
#include "accounting/usage/event.hpp"
#include "spawner/agents/profile.hpp"
#include "spawner/tail/belonging.hpp"
#include "spawner/tail/session_claims.hpp"

namespace ts::tail {

/// What a follower has to know about the run.
struct FollowRequest {
  const agents::Profile* profile = nullptr;     ///< never null
  std::vector<agents::TranscriptPlace> places;  ///< agents::transcript_places()
  std::string cwd;                              ///< of the agent, absolute
  UtcTime launched;                             ///< what is older is the past
  std::string session;                          ///< named on the command line; empty: none
  std::string run;                              ///< TRACKED_SPAWN_RUN of the run's processes; those of a run within it have another. Empty: all are its own
  agents::StdoutReport stdout_report;
  bool may_resume = false;                      ///< agents::may_resume()
  bool interactive = false;                     ///< the agent has a terminal
  /// Process ids of the run's tree now. May be empty.
  std::function<std::vector<pid_t>()> tree;
  /// Absent (null): other runs' claims are not looked at. Lifetime: must outlive the follower.
  SessionClaims* claims = nullptr;
  /// Gets the usage that stood in the run's own transcripts before the launch (a resumed session), when it is read: stdout totals of
  /// Codex and Qwen Code hold that past too and must be lowered by it. Null: nobody asks. Lifetime: must outlive the follower.
  UsageSink* past = nullptr;
};

/// The transcript an event came from.
struct FollowedFile {
  std::string path;
  std::string session;  ///< empty: not said
  Belonging belonging = Belonging::undecided;
};

/// Something the user should hear once.
struct FollowWarning {
  std::string kind;     ///< watch_limit, read_failed, shared_folder, database
  std::string message;
};

struct FollowStats {
  ParseStats parse;                  ///< of what belongs to the run, from its baseline on
  std::uint64_t files = 0;           ///< that belong to the run
  std::uint64_t foreign = 0;         ///< that grew but are not the run's
  std::uint64_t undecided = 0;
  std::uint64_t past_events = 0;     ///< events that were left out because they are older than the run
  std::uint64_t restarts = 0;        ///< files that shrank or were replaced
  std::uint64_t watches = 0;
  bool polling = false;              ///< inotify is missing or at its limit: tick() looks by itself
};

/// Follows an agent's transcripts from the launch on and tells what is new in them and the run's. One thread; never blocks for long.
///
/// Make it BEFORE the launch: what stands there then is the past. Then: wait for fd(), call drain(); call tick() every
/// tick_interval(); call session_named() when stdout names a session; call finish() once when the tree is dead.
class Follower {
 public:
  virtual ~Follower() = default;
  /// Readable when there is something to drain. −1: polling only.
  [[nodiscard]] virtual int fd() const = 0;
  /// Reads what inotify reported and the files it concerns.
  virtual void drain(UsageSink& sink) = 0;
  /// Looks at what inotify may have missed. Cheap when nothing changed.
  virtual void tick(MonoTime now, UsageSink& sink) = 0;
  [[nodiscard]] virtual std::chrono::milliseconds tick_interval() const = 0;
  /// The agent said that it is in this session. Read at the next drain() or tick().
  virtual void session_named(std::string_view session) = 0;
  /// Everything up to the end of the files, last lines without line end too; undecided files are decided.
  virtual void finish(UsageSink& sink) = 0;
  /// The file that the event being delivered came from. Lifetime: during a sink's call.
  [[nodiscard]] virtual const FollowedFile& current() const = 0;
  [[nodiscard]] virtual FollowStats stats() const = 0;
  /// What has come up since the last call.
  [[nodiscard]] virtual std::vector<FollowWarning> take_warnings() = 0;
};

/// The follower that fits the profile. An agent without transcripts gets one that does nothing (fd −1).
[[nodiscard]] std::unique_ptr<Follower> make_follower(FollowRequest request);

}  // namespace ts::tail
