#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>

#include "spawner/loop/control_server.hpp"
#include "spawner/loop/run_loop.hpp"
#include "spawner/loop/signals.hpp"
#include "spawner/loop/stream_pump.hpp"
#include "spawner/loop/terminal_bridge.hpp"

namespace ts::loop {

/// The parts of a RunLoop. Split over three files: launch.cpp starts the world, events.cpp hears it, deeds.cpp acts on it.
class RunLoop::Impl {
 public:
  Impl(LoopSetup setup, Metering& metering, RunObserver& observer, capture::EventLog& log);
  ~Impl();
  Result<LoopResult> run(process::ChildLauncher& launcher);

 private:
  using Descriptor = boost::asio::posix::stream_descriptor;
  using Timer = boost::asio::steady_timer;

  // launch.cpp
  Result<void> open_terminal_or_pipes();
  void open_control_socket();
  Result<void> launch(process::ChildLauncher& launcher);
  void add_pump(int fd, int our_fd, capture::RawFile& raw, std::string_view dialect);
  void start_sources();
  Result<void> start_gateway();

  // events.cpp
  void watch_child();
  void hear(const process::ChildEvent& event);
  void hear_exit(const process::AgentExited& event);
  void hear_empty(const process::TreeEmpty& event);
  void hear_signal(const CaughtSignal& signal);
  /// Who had a signal besides us.
  enum class CaughtBy { us_alone, agent_too };
  void interrupted(int signal, CaughtBy whom);
  void hear_stopped_agent();
  void watch_follower();
  void follow(bool tick);
  void every_tick();
  void look_for_blindness(MonoTime now);
  [[nodiscard]] control::Answer answer(const control::Request& request);
  [[nodiscard]] control::Answer draw(const control::DrawRequest& request);
  [[nodiscard]] bool grow_lease(std::int64_t needed);
  [[nodiscard]] control::Answer leave(const control::OwnRequest& request);
  void own(std::string_view run, std::string_view session);
  enum class Report { live, over };
  void report_around(Report report);
  void lease_in_time();
  [[nodiscard]] control::Answer hold_or_resume(const control::Request& request);
  [[nodiscard]] bool hear_full(const gateway::Shortage& shortage);
  void look_for_bypass();
  [[nodiscard]] control::Answer extend(const control::ExtendRequest& request);

  // deeds.cpp
  void feed(const supervisor::Event& event);
  void act(const supervisor::Action& action);
  void after_counts();
  void wind_down(const supervisor::WindDown& wind);
  void flush_rows(bool all);
  void arm_deadline();
  void finish();
  void leave_when_forwarded();
  void take_troubles();
  void note_gateway();
  [[nodiscard]] supervisor::Guard guard() const;
  [[nodiscard]] std::string refusal_text() const;
  void count_survivors();
  [[nodiscard]] control::Standing standing() const;
  [[nodiscard]] std::vector<pid_t> members() const;
  void show_progress();
  void note_trouble(std::string_view kind, const std::string& message);

  [[nodiscard]] MonoTime now() const { return std::chrono::steady_clock::now(); }
  [[nodiscard]] UtcTime utc() const { return setup_.metering.now(); }

  LoopSetup setup_;
  Metering& metering_;
  RunObserver& observer_;
  capture::EventLog& log_;
  boost::asio::io_context io_{1};
  supervisor::Supervisor supervisor_;
  LoopResult result_;

  std::unique_ptr<process::Child> child_;
  std::optional<Descriptor> child_events_;
  capture::RawFile raw_out_;
  capture::RawFile raw_err_;
  std::vector<std::unique_ptr<capture::Tee>> tees_;
  std::vector<std::unique_ptr<StreamPump>> pumps_;
  std::array<int, 2> pipe_ends_{-1, -1};   ///< our read ends before the pumps take them
  std::array<int, 2> child_ends_{-1, -1};  ///< the agent's write ends, closed after the launch
  std::unique_ptr<TerminalBridge> bridge_;
  std::unique_ptr<Signals> signals_;
  std::unique_ptr<ControlServer> control_;
  std::unique_ptr<gateway::Gateway> gateway_;
  std::unique_ptr<tail::Follower> follower_;
  std::unique_ptr<UsageSink> follower_sink_;
  std::optional<Descriptor> follower_events_;
  Timer deadline_{io_};
  Timer tick_{io_};
  std::optional<MonoTime> armed_;

  bool has_output_ = false;
  MonoTime launched_;
  MonoTime last_flush_;
  MonoTime last_progress_;
  MonoTime last_heartbeat_;
  std::int64_t observed_ = 0;
  std::uint64_t events_seen_ = 0;
  MonoTime last_usage_;
  std::uint64_t bytes_at_usage_ = 0;
  std::uint64_t cpu_at_usage_ = 0;
  bool blind_told_ = false;
  bool bypass_told_ = false;
  NestedRuns nested_;
  std::int64_t reported_ = 0;   ///< to the run around this one
  MonoTime last_report_;
  MonoTime last_no_;   ///< when the run around this one had no more to give
  bool launch_failed_ = false;
  bool finishing_ = false;
  bool give_up_forwarding_ = false;
};

/// Clock ticks of processor time that these processes have used so far (those that are readable).
[[nodiscard]] std::uint64_t cpu_ticks(const std::vector<pid_t>& pids);

}  // namespace ts::loop
