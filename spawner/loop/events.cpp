#include <fmt/format.h>
#include <unistd.h>

#include <csignal>
#include <fstream>

#include "accounting/base/text.hpp"
#include "spawner/loop/run_loop_impl.hpp"

namespace ts::loop {
namespace {

constexpr milliseconds kTick{100};

template <class... F>
struct Overload : F... {
  using F::operator()...;
};
template <class... F>
Overload(F...) -> Overload<F...>;

}  // namespace

std::uint64_t cpu_ticks(const std::vector<pid_t>& pids) {
  std::uint64_t sum = 0;
  for (const pid_t pid : pids) {
    std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
    std::string text;
    if (!std::getline(file, text)) continue;
    // utime and stime are fields 14 and 15; the name in field 2 may contain anything but ends with the last ')'.
    std::istringstream rest(text.substr(std::min(text.size(), text.rfind(')') + 1)));
    std::string skip;
    for (int i = 3; i < 14; ++i) rest >> skip;
    std::uint64_t user = 0;
    std::uint64_t system = 0;
    if (rest >> user >> system) sum += user + system;
  }
  return sum;
}

void RunLoop::Impl::watch_child() {
  child_events_->async_wait(Descriptor::wait_read, [this](boost::system::error_code error) {
    if (error) return;
    for (;;) {
      auto event = child_->next_event();
      if (event.has_error()) {
        note_trouble("process", event.error().message);
        break;
      }
      if (!*event) break;
      hear(**event);
    }
    if (!finishing_) watch_child();
  });
}

void RunLoop::Impl::hear(const process::ChildEvent& event) {
  std::visit(Overload{[&](const process::AgentStarted&) {
                        result_.tier = child_->tier();
                        observer_.on_started(result_.tier);
                        feed(supervisor::Launched{});  // may have something to say of what was heard before
                      },
                      [&](const process::ExecFailed& failed) {
                        launch_failed_ = true;
                        result_.launch_error = failed.error;
                      },
                      [&](const process::AgentExited& exited) { hear_exit(exited); },
                      [&](const process::AgentStopped&) { hear_stopped_agent(); }, [](const process::AgentContinued&) {},
                      [&](const process::WardenLost&) {
                        note_trouble("containment", "the warden process was killed; the tree is ended by tracked-spawn itself");
                      },
                      [&](const process::TreeEmpty& empty) { hear_empty(empty); }},
             event);
}

void RunLoop::Impl::hear_exit(const process::AgentExited& event) {
  log_.note(utc(), "agent_exited", {{"status", process::describe(event.status)}});
  follow(true);
  feed(supervisor::AgentExited{event.status});
}

void RunLoop::Impl::hear_empty(const process::TreeEmpty& event) {
  result_.found = event.found;
  result_.survivors = event.survivors;
  result_.usage = event.usage;
  if (const auto& decision = supervisor_.decision(); decision && event.last_death >= decision->at)
    result_.crossing_to_dead = std::chrono::duration_cast<std::chrono::microseconds>(event.last_death - decision->at);
  log_.note(utc(), "tree_empty",
            {{"found", static_cast<std::int64_t>(event.found)}, {"survivors", static_cast<std::int64_t>(event.survivors)}});
  if (launch_failed_) return finish();
  feed(supervisor::TreeEmpty{});
}

void RunLoop::Impl::hear_signal(const CaughtSignal& signal) {
  if (signal.number == SIGWINCH) {
    if (bridge_) bridge_->resize();
    return;
  }
  if (signal.number == SIGTSTP) {
    // The agent of a terminal's foreground group has had the key itself; a detached one stops with us.
    if (setup_.launch.terminal == process::TerminalMode::detached) (void)child_->signal_agent(SIGTSTP);
    observer_.before_agent_output();
    stop_self();
    if (setup_.launch.terminal == process::TerminalMode::detached) (void)child_->signal_agent(SIGCONT);
    return;
  }
  log_.note(utc(), "signal", {{"number", std::int64_t{signal.number}}});
  if (finishing_) {
    give_up_forwarding_ = true;
    return leave_when_forwarded();
  }
  const bool agent_has_it = signal.from_terminal && setup_.launch.terminal == process::TerminalMode::foreground;
  interrupted(signal.number, agent_has_it ? CaughtBy::agent_too : CaughtBy::us_alone);
}

void RunLoop::Impl::interrupted(int signal, CaughtBy whom) {
  for (const auto& action : supervisor_.on(supervisor::SignalReceived{signal}, now())) {
    if (whom == CaughtBy::agent_too && std::holds_alternative<supervisor::ForwardSignal>(action)) continue;
    act(action);
  }
  arm_deadline();
}

/// Ctrl-Z in the pty: the agent stopped, so the user wants the shell.
void RunLoop::Impl::hear_stopped_agent() {
  if (!bridge_) return;
  bridge_->suspend();
  stop_self();
  if (auto raw = bridge_->resume(); raw.has_error()) note_trouble("terminal", raw.error().message);
  (void)child_->signal_agent(SIGCONT);
}

void RunLoop::Impl::watch_follower() {
  follower_events_->async_wait(Descriptor::wait_read, [this](boost::system::error_code error) {
    if (error || finishing_) return;
    follow(false);
    watch_follower();
  });
}

void RunLoop::Impl::follow(bool tick) {
  const std::uint64_t events = metering_.events();
  follower_->drain(*follower_sink_);
  if (tick) follower_->tick(now(), *follower_sink_);
  if (metering_.events() != events) feed(supervisor::Activity{});
  for (const tail::FollowWarning& warning : follower_->take_warnings()) note_trouble(warning.kind, warning.message);
  after_counts();
}

/// Everything that goes by the clock: transcripts that inotify missed, rows, heartbeat, the live line, blindness.
void RunLoop::Impl::every_tick() {
  tick_.expires_after(std::min(kTick * 10, std::max(kTick, follower_->tick_interval())));
  tick_.async_wait([this](boost::system::error_code error) {
    if (error || finishing_) return;
    follow(true);
    flush_rows(false);
    show_progress();
    take_troubles();
    look_for_blindness(now());
    look_for_bypass();
    report_around(Report::live);
    nested_.expire(now());
    log_.flush();
    every_tick();
  });
}

/// An agent that works while no meter moves: its format may have changed.
void RunLoop::Impl::look_for_blindness(MonoTime at) {
  std::uint64_t bytes = 0;
  for (const auto& pump : pumps_) bytes += pump->bytes();
  if (metering_.events() != events_seen_) {
    events_seen_ = metering_.events();
    last_usage_ = at;
    bytes_at_usage_ = bytes;
    cpu_at_usage_ = 0;
    return;
  }
  if (supervisor_.phase() == supervisor::Phase::held) last_usage_ = at;  // silence is what a hold is for
  if (blind_told_ || !setup_.blind_after || at - last_usage_ < *setup_.blind_after) return;
  const std::uint64_t cpu = cpu_ticks(members());
  if (cpu_at_usage_ == 0) cpu_at_usage_ = cpu;
  const auto one_second = static_cast<std::uint64_t>(::sysconf(_SC_CLK_TCK));
  if (bytes == bytes_at_usage_ && cpu < cpu_at_usage_ + one_second) return;
  blind_told_ = true;
  note_trouble("blind", fmt::format("no meter has moved for {} although the agent is busy: the cap can't act on what is not seen. "
                                    "`tracked-spawn doctor` checks the agent's formats",
                                    human_duration(std::chrono::duration_cast<std::chrono::microseconds>(at - last_usage_))));
}

control::Answer RunLoop::Impl::answer(const control::Request& request) {
  if (const auto* extend_request = std::get_if<control::ExtendRequest>(&request)) return extend(*extend_request);
  if (const auto* draw_request = std::get_if<control::DrawRequest>(&request)) return draw(*draw_request);
  if (const auto* own_request = std::get_if<control::OwnRequest>(&request)) return leave(*own_request);
  if (std::holds_alternative<control::StopRequest>(request)) {
    log_.note(utc(), "stop_requested", {});
    feed(supervisor::StopRequested{});
  } else if (!std::holds_alternative<control::UsageRequest>(request)) {
    return hold_or_resume(request);
  }
  return {standing(), ""};
}

control::Answer RunLoop::Impl::hold_or_resume(const control::Request& request) {
  if (!gateway_) return {std::nullopt, "hold and resume need the gateway, which this run does not have (--gateway on)"};
  if (std::holds_alternative<control::HoldRequest>(request)) {
    feed(supervisor::HoldRequested{});
  } else {
    feed(supervisor::ResumeRequested{});
  }
  return {standing(), ""};
}

/// What is left can't pay for a request: it was refused, or it waits for a decision.
/// True: there is more now.
bool RunLoop::Impl::hear_full(const gateway::Shortage& shortage) {
  if (grow_lease(shortage.needed)) return true;
  log_.note(utc(), "cap_short", {{"needed", shortage.needed}, {"left", shortage.left}});
  if (setup_.gateway->when_full == gateway::WhenFull::refuse) {
    feed(supervisor::RequestRefused{});
  } else {
    feed(supervisor::RequestHeld{});
  }
  return false;
}

/// Tokens are spent, and not one request came by: a log-in that does not follow the address.
void RunLoop::Impl::look_for_bypass() {
  if (!gateway_ || bypass_told_ || metering_.events() == 0 || gateway_->stats().requests > 0) return;
  bypass_told_ = true;
  note_trouble("gateway", "the agent spends tokens and has sent no request through the gateway (subscription log-ins may not follow a base URL): "
                          "the other meters hold the cap");
}

control::Answer RunLoop::Impl::extend(const control::ExtendRequest& request) {
  const auto& cap = supervisor_.policy().limits.cap;
  if (!cap) return {std::nullopt, "the run has no cap to extend"};
  const std::int64_t limit = request.to.value_or(saturating_add(*cap, std::clamp<std::int64_t>(request.by.value_or(0), -kMaxTokens, kMaxTokens)));
  if (limit < 1 || limit > kMaxTokens) return {std::nullopt, "a cap is a whole number from 1 to 2^53"};
  if (setup_.parent && limit > *cap) {
    setup_.parent->most = limit;
    if (!grow_lease(limit - *cap)) return {std::nullopt, "the run around this one, " + setup_.around->run + ", has no more to give: extend that one first"};
    return {standing(), ""};
  }
  if (const auto allowed = observer_.on_cap_changed(limit); allowed.has_error()) return {std::nullopt, "the cap stays: " + allowed.error().message};
  log_.note(utc(), "cap_changed", {{"from", *cap}, {"to", limit}});
  feed(supervisor::CapChanged{limit});
  if (gateway_) gateway_->left_changed();
  return {standing(), ""};
}

}  // namespace ts::loop
