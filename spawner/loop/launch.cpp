#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <utility>

#include "accounting/usage/dialects.hpp"
#include "spawner/control/socket.hpp"
#include "spawner/loop/run_loop_impl.hpp"

namespace ts::loop {
namespace {

/// Tells the event log which transcript an event came from.
class FollowedSink final : public UsageSink {
 public:
  FollowedSink(Metering& metering, const std::unique_ptr<tail::Follower>& follower)
      : metering_(metering), inner_(metering.sink(Source::transcript)), follower_(follower) {}
  void on_usage(const UsageEvent& event) override {
    metering_.set_file(follower_->current().path);
    inner_.on_usage(event);
    metering_.set_file({});
  }
  void on_settlement(const SettlementEvent& event) override { inner_.on_settlement(event); }
  void on_session(const SessionEvent& event) override { inner_.on_session(event); }

 private:
  Metering& metering_;
  UsageSink& inner_;
  const std::unique_ptr<tail::Follower>& follower_;
};

void close_fd(int& fd) {
  if (fd >= 0) ::close(fd);
  fd = -1;
}

}  // namespace

RunLoop::Impl::Impl(LoopSetup setup, Metering& metering, RunObserver& observer, capture::EventLog& log)
    : setup_(std::move(setup)),
      metering_(metering),
      observer_(observer),
      log_(log),
      supervisor_(setup_.policy),
      raw_out_(setup_.folder->open_stdout()),
      raw_err_(setup_.folder->open_stderr()) {}

RunLoop::Impl::~Impl() {
  for (int& fd : pipe_ends_) close_fd(fd);
  for (int& fd : child_ends_) close_fd(fd);
  if (child_events_) child_events_->release();
  if (follower_events_) follower_events_->release();
}

Result<LoopResult> RunLoop::Impl::run(process::ChildLauncher& launcher) {
  capture::ignore_sigpipe();
  setup_.follow.tree = [this] { return members(); };
  if (setup_.follow.profile->stdout_holds_past) setup_.follow.past = &metering_.past_of_stdout();
  follower_ = tail::make_follower(setup_.follow);
  follower_sink_ = std::make_unique<FollowedSink>(metering_, follower_);
  TS_CHECK(open_terminal_or_pipes());
  TS_CHECK(start_gateway());
  TS_TRY(signals_, Signals::take(io_, {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP, SIGWINCH}));
  open_control_socket();
  TS_CHECK(launch(launcher));
  start_sources();
  observer_.on_launching();
  io_.run();
  observer_.before_agent_output();
  if (bridge_) bridge_->suspend();
  take_troubles();
  for (const auto& pump : pumps_) result_.parse = result_.parse + pump->stats();
  result_.follow = follower_->stats();
  result_.duration = std::chrono::duration_cast<std::chrono::microseconds>(now() - launched_);
  result_.decision = supervisor_.decision();
  result_.status = supervisor_.agent_status();
  result_.held_for = supervisor_.held_for();
  const auto& cap = supervisor_.policy().limits.cap;
  result_.over_cap = cap && metering_.observed() >= *cap;
  return std::move(result_);
}

Result<void> RunLoop::Impl::open_terminal_or_pipes() {
  auto& stdio = setup_.launch.stdio;
  const auto make_pipe = [&](std::size_t index) -> Result<void> {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) return errno_error("pipe", errno);
    pipe_ends_[index] = ends[0];
    child_ends_[index] = ends[1];
    stdio[index + 1] = ends[1];
    return {};
  };
  if (setup_.interactive) {
    TS_TRY(bridge_, TerminalBridge::open(io_, STDIN_FILENO));
    setup_.launch.terminal = process::TerminalMode::pty;
    setup_.launch.restore_terminal = STDIN_FILENO;
    const int slave = bridge_->pty().slave();
    stdio = {slave, slave, slave};
    if (::isatty(STDERR_FILENO) == 0) TS_CHECK(make_pipe(1));
    return {};
  }
  setup_.launch.terminal = ::isatty(STDIN_FILENO) != 0 && ::tcgetpgrp(STDIN_FILENO) == ::getpgrp()
                               ? process::TerminalMode::foreground
                               : process::TerminalMode::detached;
  TS_CHECK(make_pipe(0));
  return make_pipe(1);
}

/// Before the launch: a run within this one may ask in the agent's first instant, and must not take this one for gone.
/// What is asked meanwhile waits for the loop.
void RunLoop::Impl::open_control_socket() {
  if (setup_.control_socket.empty()) return;
  if (auto listener = control::listen_at(setup_.control_socket)) {
    control_ = std::make_unique<ControlServer>(io_, *listener, [this](const control::Request& r) { return answer(r); });
  } else {
    note_trouble("control", listener.error().message + "; usage, extend and stop will not reach this run, and runs within it are not held to its cap");
  }
}

Result<void> RunLoop::Impl::launch(process::ChildLauncher& launcher) {
  launched_ = last_flush_ = last_progress_ = last_heartbeat_ = last_usage_ = now();
  TS_TRY(child_, launcher.launch(setup_.launch));
  for (int& fd : child_ends_) close_fd(fd);
  if (bridge_) bridge_->pty().close_slave();
  result_.tier = child_->tier();
  return {};
}

/// Before the launch: the agent is born with the gateway's address.
Result<void> RunLoop::Impl::start_gateway() {
  if (!setup_.gateway) return {};
  GatewayWorld world;
  world.limit = [this]() -> std::optional<std::int64_t> {
    const RunLimits& limits = supervisor_.policy().limits;
    return limits.on_cap == OnCap::report ? std::nullopt : limits.cap;
  };
  world.reserved = [this] { return nested_.reserved(); };
  if (setup_.parent) world.more = [this](std::int64_t needed) { return grow_lease(needed); };
  world.on_full = [this](const gateway::Shortage& shortage) { return hear_full(shortage); };
  world.on_told = [this](std::string_view agent) {
    log_.note(utc(), "wind_down_told", {{"agent", agent}});
    if (!result_.wind_downs.empty()) result_.wind_downs.back().told = agent;
  };
  world.on_activity = [this] {
    if (finishing_) return;
    feed(supervisor::Activity{});
    after_counts();
  };
  TS_TRY(gateway_, open_gateway(io_, *setup_.gateway, std::move(world), metering_, log_));
  setup_.launch.env.push_back("TRACKED_SPAWN_GATEWAY_URL=" + gateway_->prefix());
  return wire_launch(*setup_.gateway, *gateway_, setup_.launch);
}

void RunLoop::Impl::add_pump(int fd, int our_fd, capture::RawFile& raw, std::string_view dialect) {
  std::unique_ptr<UsageReader> reader;
  if (auto made = dialect.empty() ? nullptr : make_stream_dialect(dialect))
    reader = std::make_unique<UsageReader>(std::move(made), metering_.sink(Source::stream));
  tees_.push_back(std::make_unique<capture::Tee>(our_fd, raw));
  pumps_.push_back(std::make_unique<StreamPump>(io_, fd, *tees_.back(), std::move(reader)));
  pumps_.back()->start({[this] {
                          if (!std::exchange(has_output_, true)) observer_.on_first_output();
                          observer_.before_agent_output();
                        },
                        [this] {
                          feed(supervisor::Activity{});
                          after_counts();
                          show_progress();
                        },
                        [this] {
                          after_counts();
                          for (const auto& pump : pumps_)
                            if (!pump->ended()) return;
                          feed(supervisor::StreamsClosed{});
                        },
                        [this] { leave_when_forwarded(); }});
}

void RunLoop::Impl::start_sources() {
  const std::string_view dialect = setup_.profile->stream_dialect;
  if (bridge_) {
    // What is on a terminal is for people: the transcripts are metered instead.
    add_pump(::fcntl(bridge_->pty().master(), F_DUPFD_CLOEXEC, 3), STDOUT_FILENO, raw_out_, {});
  } else {
    add_pump(std::exchange(pipe_ends_[0], -1), STDOUT_FILENO, raw_out_, dialect);
  }
  // An unknown program may say what it spends on either stream; known agents say it on stdout.
  const bool unknown = setup_.profile->kind == agents::AgentKind::other;
  if (pipe_ends_[1] >= 0)
    add_pump(std::exchange(pipe_ends_[1], -1), STDERR_FILENO, raw_err_, unknown ? std::string_view{"text"} : std::string_view{});
  if (bridge_)
    if (auto raw = bridge_->start([this] { interrupted(SIGINT, CaughtBy::agent_too); }); raw.has_error()) note_trouble("terminal", raw.error().message);
  child_events_.emplace(io_, child_->event_fd());
  watch_child();
  metering_.on_session = [this](std::string_view session, Source source) {
    if (source != Source::gateway) own(setup_.id.text, session);
    if (source == Source::stream) follower_->session_named(session);
    observer_.on_session(session);
  };
  if (follower_->fd() >= 0) {
    follower_events_.emplace(io_, follower_->fd());
    watch_follower();
  }
  signals_->start([this](const CaughtSignal& signal) { hear_signal(signal); });
  every_tick();
}

}  // namespace ts::loop
