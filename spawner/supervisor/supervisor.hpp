#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>
#include <variant>
#include <vector>

#include "accounting/base/units.hpp"
#include "accounting/budget/decide.hpp"
#include "spawner/process/exit_status.hpp"
#include "spawner/process/stop_ladder.hpp"

namespace ts::supervisor {

using std::chrono::milliseconds;

using process::ExitStatus;
using process::StopLadder;

/// What becomes of processes that outlive the agent.
enum class Leftovers { end, keep };

struct Policy {
  RunLimits limits;
  StopLadder ladder;
  milliseconds drain{2000};  ///< how long the streams and the tree may outlive the agent
  Leftovers leftovers = Leftovers::end;
  std::vector<int> wind_down;   ///< percents of the cap at which the agent itself is told, ascending
};

/// Why a run is stopped. Stored by name; names are never reused.
enum class StopReason { cap, time, idle, operator_word, interrupt };
[[nodiscard]] std::string_view name_of(StopReason reason);

/// Why and when the supervisor decided to stop the run.
/// Units of `limit` and `observed`: the cap's (tokens or micro-USD), microseconds for time and idle, 0 for an operator's word.
struct StopDecision {
  StopReason reason = StopReason::cap;
  std::int64_t limit = 0;
  std::int64_t observed = 0;
  MonoTime at;
};

// ---- what happens -------------------------------------------------------------------------------------------------
struct Launched {};
/// What may be done about a cap that was reached.
enum class Guard {
  none,     ///< what is under way goes on costing: end it now
  gateway,  ///< every request passes the gateway, which refuses from now on: the agent may hear it and end by itself
};
/// The ruling count by the cap's formula is now `observed`.
struct Counted {
  std::int64_t observed = 0;
  Guard guard = Guard::none;
};
/// The agent did something: a byte, a transcript line, a request.
struct Activity {};
struct AgentExited {
  ExitStatus status;
};
/// stdout and stderr (or the pty) have reached their end.
struct StreamsClosed {};
/// No process of the tree is left.
struct TreeEmpty {};
/// tracked-spawn itself received a signal.
struct SignalReceived {
  int signal = 0;
};
struct StopRequested {};
/// The gateway refused a request that what is left of the cap can't pay for. The agent has been told and will end by itself, most likely.
struct RequestRefused {};
/// The gateway keeps a request waiting because what is left of the cap can't pay for it (OnCap::hold).
struct RequestHeld {};
/// An operator wants every request to wait, or to go on.
struct HoldRequested {};
struct ResumeRequested {};
struct CapChanged {
  std::optional<std::int64_t> limit;
};
/// Time has passed.
struct Tick {};
using Event = std::variant<Launched, Counted, Activity, AgentExited, StreamsClosed, TreeEmpty, SignalReceived, StopRequested,
                           RequestRefused, RequestHeld, HoldRequested, ResumeRequested, CapChanged, Tick>;

// ---- what is to be done -------------------------------------------------------------------------------------------
struct AnnounceStop {
  StopDecision decision;
};
/// The gateway must admit nothing more.
struct RefuseRequests {};
/// The gateway must let every request wait.
struct HoldRequests {};
/// Requests that wait are weighed again.
struct ResumeRequests {};
/// Requests wait for a decision of a person, because of the cap or at an operator's word.
struct AnnounceHold {
  StopReason reason = StopReason::cap;   ///< cap or operator_word
  std::int64_t limit = 0;                ///< 0: no cap
  std::int64_t observed = 0;
};
/// The agent is to hear that this share of its cap is spent.
struct WindDown {
  int percent = 0;
  std::int64_t limit = 0;
  std::int64_t observed = 0;
};
struct SignalTree {
  int signal = 0;
};
/// SIGKILL for every process of the tree, again until none is left.
struct KillTree {};
/// A signal that the user meant for the agent.
struct ForwardSignal {
  int signal = 0;
};
/// Stop waiting for the end of the streams; what is in the pipes is read and no more.
struct CloseStreams {};
/// The agent is gone, other processes of its tree are not, and they are about to be ended.
struct AnnounceLeftovers {};
/// Leave the processes that outlived the agent alone (Leftovers::keep).
struct ReleaseTree {};
/// SIGKILL was sent again and again and something is still there (stuck in the kernel, or another user's): count it, wait no longer.
struct GiveUp {};
struct Finish {};
/// Action `Warn` (of the budget): threshold 100 stands for a cap that is only reported.
using Action = std::variant<Warn, AnnounceStop, RefuseRequests, HoldRequests, ResumeRequests, AnnounceHold, WindDown, SignalTree, KillTree, ForwardSignal, CloseStreams,
                            AnnounceLeftovers, ReleaseTree, GiveUp, Finish>;
using Actions = std::vector<Action>;

/// held: the agent lives, and its requests wait for a person; the idle limit waits with them.
enum class Phase { starting, running, held, stopping, draining, finished };

/// The state machine of one run. Pure: the world comes in as events with the time, deeds go out as actions.
class Supervisor {
 public:
  explicit Supervisor(Policy policy);

  [[nodiscard]] Actions on(const Event& event, MonoTime now);

  /// When the next Tick is needed. Absent: only events matter.
  [[nodiscard]] std::optional<MonoTime> next_deadline() const;
  [[nodiscard]] Phase phase() const { return phase_; }
  /// Absent: nobody decided to stop the run.
  [[nodiscard]] const std::optional<StopDecision>& decision() const { return decision_; }
  /// Absent: the agent is still alive or never started.
  [[nodiscard]] const std::optional<ExitStatus>& agent_status() const { return status_; }
  [[nodiscard]] const Policy& policy() const { return policy_; }
  /// How long requests waited for a person, holds that are over.
  [[nodiscard]] milliseconds held_for() const { return held_for_; }
  /// The count has passed the cap, whatever was done about it.
  [[nodiscard]] bool over_cap() const { return over_cap_; }

 private:
  void handle(const Launched&, MonoTime now, Actions& out);
  void handle(const Counted& event, MonoTime now, Actions& out);
  void handle(const Activity&, MonoTime now, Actions& out);
  void handle(const AgentExited& event, MonoTime now, Actions& out);
  void handle(const StreamsClosed&, MonoTime now, Actions& out);
  void handle(const TreeEmpty&, MonoTime now, Actions& out);
  void handle(const SignalReceived& event, MonoTime now, Actions& out);
  void handle(const StopRequested&, MonoTime now, Actions& out);
  void handle(const RequestRefused&, MonoTime now, Actions& out);
  void handle(const RequestHeld&, MonoTime now, Actions& out);
  void handle(const HoldRequested&, MonoTime now, Actions& out);
  void handle(const ResumeRequested&, MonoTime now, Actions& out);
  void handle(const CapChanged& event, MonoTime now, Actions& out);
  void handle(const Tick&, MonoTime now, Actions& out);

  void judge(MonoTime now, Actions& out);
  void hold(StopReason reason, MonoTime now, Actions& out);
  void go_on(MonoTime now, Actions& out);
  void wind_down(Actions& out);
  [[nodiscard]] bool reached(int percent) const;
  [[nodiscard]] bool alive() const { return phase_ == Phase::starting || phase_ == Phase::running || phase_ == Phase::held; }
  enum class Pace { at_once, let_it_end };
  void begin_stop(const StopDecision& decision, Actions& out, Pace pace = Pace::at_once);
  void climb(MonoTime now, Actions& out);
  void apply_rung(MonoTime now, Actions& out);
  void climb_or_give_up(MonoTime now, Actions& out);
  void end_leftovers(MonoTime now, Actions& out);
  void finish_if_done(Actions& out);

  Policy policy_;
  Phase phase_ = Phase::starting;
  std::optional<StopDecision> decision_;
  std::optional<ExitStatus> status_;
  bool streams_closed_ = false;
  bool tree_empty_ = false;
  bool over_cap_ = false;
  bool leftovers_ended_ = false;
  std::int64_t observed_ = 0;
  Guard guard_ = Guard::none;
  int warned_ = 0;
  int wound_down_ = 0;
  MonoTime launched_;
  MonoTime last_activity_;
  std::size_t rung_ = 0;
  bool below_ladder_ = false;  ///< stopping, and no rung was taken yet: the agent may end by itself
  bool held_by_operator_ = false;
  MonoTime held_since_;
  milliseconds held_for_{0};
  MonoTime rung_deadline_;
  int kills_ = 0;  ///< how often SIGKILL went to the tree
  MonoTime drain_deadline_;
  std::optional<MonoTime> interrupted_;
};

}  // namespace ts::supervisor
