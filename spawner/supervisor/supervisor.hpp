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
/// The ruling count by the cap's formula is now `observed`.
struct Counted {
  std::int64_t observed = 0;
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
struct CapChanged {
  std::optional<std::int64_t> limit;
};
/// Time has passed.
struct Tick {};
using Event = std::variant<Launched, Counted, Activity, AgentExited, StreamsClosed, TreeEmpty, SignalReceived, StopRequested,
                           CapChanged, Tick>;

// ---- what is to be done -------------------------------------------------------------------------------------------
struct AnnounceStop {
  StopDecision decision;
};
/// The gateway must admit nothing more.
struct RefuseRequests {};
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
struct Finish {};
/// Action `Warn` (of the budget): threshold 100 stands for a cap that is only reported.
using Action = std::variant<Warn, AnnounceStop, RefuseRequests, SignalTree, KillTree, ForwardSignal, CloseStreams,
                            AnnounceLeftovers, ReleaseTree, Finish>;
using Actions = std::vector<Action>;

enum class Phase { starting, running, stopping, draining, finished };

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
  void handle(const CapChanged& event, MonoTime now, Actions& out);
  void handle(const Tick&, MonoTime now, Actions& out);

  void judge(MonoTime now, Actions& out);
  void begin_stop(const StopDecision& decision, Actions& out);
  void climb(MonoTime now, Actions& out);
  void apply_rung(MonoTime now, Actions& out);
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
  int warned_ = 0;
  MonoTime launched_;
  MonoTime last_activity_;
  std::size_t rung_ = 0;
  MonoTime rung_deadline_;
  MonoTime drain_deadline_;
  std::optional<MonoTime> interrupted_;
};

}  // namespace ts::supervisor
