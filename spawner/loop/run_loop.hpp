#pragma once

#include <array>
#include <chrono>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "accounting/ledger/records.hpp"
#include "spawner/agents/profile.hpp"
#include "spawner/capture/run_folder.hpp"
#include "spawner/control/protocol.hpp"
#include "spawner/loop/gateway_link.hpp"
#include "spawner/loop/metering.hpp"
#include "spawner/loop/nested_runs.hpp"
#include "spawner/process/child.hpp"
#include "spawner/supervisor/supervisor.hpp"
#include "spawner/tail/follower.hpp"

namespace ts::loop {

using std::chrono::milliseconds;

/// How the run's words and rows leave the loop. All calls are made on the loop's thread and must be quick.
class RunObserver {
 public:
  virtual ~RunObserver() = default;
  /// The agent is being started, and nothing is heard of it yet: the time for what the launch need not wait for.
  virtual void on_launching() = 0;
  /// The agent runs, contained by `tier`.
  virtual void on_started(process::Tier tier) = 0;
  /// A threshold was passed; 100: the cap is reached and only reported.
  virtual void on_warning(const Warn& warning) = 0;
  virtual void on_stop_begun(const supervisor::StopDecision& decision) = 0;
  /// Requests of the agent wait for a person from now on.
  virtual void on_hold(const supervisor::AnnounceHold& hold) = 0;
  /// The run around this one gives it more: the cap is `limit` now.
  virtual void on_lease(std::int64_t limit) = 0;
  /// Something the user should hear once: a file that can't be written, a transcript that can't be followed.
  virtual void on_notice(std::string_view kind, const std::string& message) = 0;
  virtual void on_session(std::string_view session) = 0;
  /// The count or the time moved; called at most ten times a second.
  virtual void on_progress(const control::Standing& standing) = 0;
  /// The agent has said something for the first time.
  virtual void on_first_output() = 0;
  /// Our terminal is about to get bytes of the agent: take the live line away.
  virtual void before_agent_output() = 0;
  /// Takes rows for the ledger. False: it is busy; the rows are untouched and come again.
  virtual bool record(std::vector<ledger::ResponseRow>& rows, const Totals& live) = 0;
  /// A new cap is asked for the live run. An error: it may not have it.
  [[nodiscard]] virtual Result<void> on_cap_changed(const std::optional<std::int64_t>& limit) = 0;
};

struct LoopSetup {
  RunId id;
  std::string task;
  const agents::Profile* profile = nullptr;   ///< never null
  process::LaunchSpec launch;                 ///< stdio and terminal are chosen here
  supervisor::Policy policy;
  MeteringSetup metering;
  capture::RunFolder* folder = nullptr;       ///< never null
  tail::FollowRequest follow;
  std::string control_socket;                 ///< empty: none
  std::optional<GatewayPlan> gateway;         ///< absent: none
  std::optional<ParentLink> parent;           ///< absent: no run around this one bounds it
  std::optional<RunAround> around;            ///< hears what this one records and spends, whether it bounds it or not; absent: none
  bool interactive = false;                   ///< stdin and stdout are a terminal: the agent gets a pty
  milliseconds heartbeat_every{5000};         ///< how often the ledger hears of a run that spends nothing
  std::optional<milliseconds> blind_after = milliseconds{120'000};  ///< absent: silence means nothing
};

/// The agent was to hear what is left of its cap.
struct WindDownNote {
  int percent = 0;
  std::int64_t limit = 0;
  std::int64_t observed = 0;
  std::string told;   ///< the agent whose request carried it; empty: none came any more
};

/// What became of the run.
struct LoopResult {
  process::Tier tier = process::Tier::process_group;
  std::optional<Error> launch_error;            ///< there was no agent
  std::optional<process::ExitStatus> status;    ///< absent: no agent, or its status was lost
  std::optional<supervisor::StopDecision> decision;
  std::size_t found = 0;
  std::size_t survivors = 0;
  std::optional<gateway::GatewayStats> gateway; ///< absent: the run went without
  std::vector<WindDownNote> wind_downs;
  std::vector<std::pair<std::string, std::int64_t>> nested;   ///< runs within this one, and what they took of its cap
  milliseconds held_for{0};                     ///< how long requests waited for a person
  bool survivors_known = true;                  ///< false: something would not end, and nothing here can list what it is
  std::size_t leftovers = 0;                    ///< processes that outlived the agent and were ended
  std::optional<std::chrono::microseconds> crossing_to_dead;
  std::int64_t observed_at_decision = 0;
  process::TreeUsage usage;
  bool over_cap = false;
  ParseStats parse;
  tail::FollowStats follow;
  std::chrono::microseconds duration{0};
  std::vector<std::string> troubles;
};

/// One run from launch to the last death and the last byte: turns the world into events for the supervisor and its actions
/// into deeds. The only place that reads the clocks.
class RunLoop {
 public:
  RunLoop(LoopSetup setup, Metering& metering, RunObserver& observer, capture::EventLog& log);
  ~RunLoop();
  /// Blocks until the run has ended.
  [[nodiscard]] Result<LoopResult> run(process::ChildLauncher& launcher);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace ts::loop
