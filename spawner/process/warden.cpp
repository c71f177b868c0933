#include "spawner/process/warden.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <optional>
#include <utility>

#include "spawner/process/process_tree.hpp"
#include "spawner/process/wire.hpp"

namespace ts::process {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::microseconds;

constexpr microseconds kFirstSweepAfter{1000};  // what cgroup.kill has before /proc is searched for what left the cgroup
constexpr microseconds kShortestPause{500};
constexpr microseconds kLongestPause{50'000};
constexpr microseconds kLongestPauseAlone{1'000'000};  // what is left then can't be killed now: another user's, or stuck in the kernel
constexpr int kWardenSocket = 3;
constexpr int kRemoveTries = 200;

/// What the warden was born with.
struct WardenBirth {
  int socket;
  int signals;           ///< a signalfd of SIGCHLD
  pid_t launcher_group;
  InheritedSignals inherited;
};

class Warden {
 public:
  explicit Warden(const WardenBirth& birth) : birth_(birth) {}

  /// Returns when the tree is empty and reported, or the launcher is gone and the tree is ended.
  void run() {
    while (!finished_) {
      std::array<pollfd, 2> ready{pollfd{birth_.signals, POLLIN, 0}, pollfd{launcher_gone_ ? -1 : birth_.socket, POLLIN, 0}};
      wait_for(ready);
      if (ready[0].revents != 0) drain_signals();
      if (ready[1].revents != 0) obey();
      reap();
      if (killing_ && !finished_ && Clock::now() >= next_look_) sweep();
    }
    if (launcher_gone_ && !released_ && terminal_settings_) ::tcsetattr(terminal_.get(), TCSANOW, &*terminal_settings_);
  }

 private:
  [[nodiscard]] bool looks_by_itself() const { return killing_ || strays_; }

  void wait_for(std::array<pollfd, 2>& ready) const {
    timespec limit{};
    if (looks_by_itself()) {
      const auto left = std::max(next_look_ - Clock::now(), Clock::duration::zero());
      limit.tv_sec = std::chrono::duration_cast<std::chrono::seconds>(left).count();
      limit.tv_nsec = std::chrono::nanoseconds(left).count() % 1'000'000'000;
    }
    ::ppoll(ready.data(), ready.size(), looks_by_itself() ? &limit : nullptr, nullptr);
  }

  void drain_signals() const {
    signalfd_siginfo info;
    while (::read(birth_.signals, &info, sizeof info) > 0) {
    }
  }

  void obey() {
    wire::LaunchFds fds;
    const auto message = wire::receive_command(birth_.socket, fds);
    if (!message) return launcher_lost();
    switch (message->command) {
      case wire::Command::launch:
        return launch(fds);
      case wire::Command::signal_agent:
        return signal_agent(message->value);
      case wire::Command::signal_tree:
        return signal_tree(message->value);
      case wire::Command::kill_tree:
        if (!tree_.cgroup()) found_ = std::max(found_, tree_.alive().size());
        return start_killing();
      case wire::Command::release_tree:
        released_ = true;
        return;
    }
  }

  void launcher_lost() {
    launcher_gone_ = true;
    if (!launched_ || released_) finished_ = true;
    if (finished_) return;
    tier_ = tree_.cgroup() ? Tier::cgroup : Tier::subreaper;  // nobody is left who could do more
    if (tree_.cgroup()) static_cast<void>(tree_.cgroup()->kill());
    start_killing();
  }

  void signal_tree(int number) {
    if (tier_ == Tier::process_group) signal_agent(number);
    const std::size_t seen = tier_ == Tier::process_group ? (agent_ > 0 ? 1 : 0) : tree_.signal(number);
    found_ = std::max(found_, seen);
  }

  void start_killing() {
    if (killing_) return;
    killing_ = true;
    pause_ = kShortestPause;
    next_look_ = Clock::now() + (tree_.cgroup() ? kFirstSweepAfter : microseconds(0));
  }

  void sweep() {
    if (tier_ == Tier::process_group) signal_agent(SIGKILL);
    tree_.sweep();  // what left the group has no parent but us any more, or will soon
    reap();
    look_later();
  }

  void look_later() {
    next_look_ = Clock::now() + pause_;
    pause_ = std::min(pause_ * 2, launcher_gone_ ? kLongestPauseAlone : kLongestPause);
  }

  void launch(wire::LaunchFds& fds) {
    auto order = wire::read_order(fds[wire::kSpecFd].get());
    if (order.has_error() || launched_) {
      report({wire::Report::exec_failed, EIO, static_cast<std::uint32_t>(SpawnStage::fork)});
      return;
    }
    launched_ = true;
    tier_ = order->tier;
    if (order->terminal == TerminalMode::foreground) ::setpgid(0, 0);
    else ::setsid();
    terminal_ = std::move(fds[wire::kTerminalFd]);
    terminal_settings_ = order->terminal_settings;
    if (fds[wire::kCgroupFd]) tree_.contain_in(RunCgroup::adopt(std::move(fds[wire::kCgroupFd]), order->cgroup_path));
    start_agent(*order, fds);
  }

  void start_agent(const wire::LaunchOrder& order, const wire::LaunchFds& fds) {
    SpawnPlan plan;
    plan.path = order.path.c_str();
    plan.argv = order.argv.data();
    plan.env = order.env.data();
    plan.cwd = order.cwd.c_str();
    plan.stdio = {fds[wire::kStdinFd].get(), fds[wire::kStdoutFd].get(), fds[wire::kStderrFd].get()};
    plan.takes_terminal = order.terminal == TerminalMode::pty;
    // The warden leads the session and the agent is a group in it: so the agent's group has a parent in its session, and Ctrl-Z
    // stops it. (The group of a session leader is an orphan to the kernel, which then discards the stop.)
    if (plan.takes_terminal && ::ioctl(plan.stdio[0], TIOCSCTTY, 0) != 0) {
      report({wire::Report::exec_failed, errno, static_cast<std::uint32_t>(SpawnStage::terminal)});
      return;
    }
    plan.group = order.terminal == TerminalMode::foreground ? birth_.launcher_group : 0;
    plan.cgroup_fd = tree_.cgroup() ? tree_.cgroup()->folder_fd() : -1;
    plan.signals = birth_.inherited;
    auto outcome = spawn(plan);
    if (outcome.stage == SpawnStage::cgroup && !order.tier_is_forced) {
      plan.cgroup_fd = -1;
      tier_ = Tier::subreaper;
      outcome = spawn(plan);
    }
    if (outcome.pid < 0) {
      report({wire::Report::exec_failed, outcome.error, static_cast<std::uint32_t>(outcome.stage)});
      return;
    }
    agent_ = outcome.pid;
    own_group_ = order.terminal != TerminalMode::foreground;
    report({wire::Report::started, agent_, static_cast<std::uint32_t>(tier_)});
  }

  void signal_agent(int number) const {
    if (agent_ > 0 && own_group_) ::kill(-agent_, number);
    else if (agent_ > 0) ::kill(agent_, number);
  }

  void reap() {
    if (!launched_ || finished_) return;
    int status = 0;
    pid_t pid = 0;
    while ((pid = ::waitpid(-1, &status, WNOHANG | WUNTRACED | WCONTINUED)) > 0) {
      if (WIFEXITED(status) || WIFSIGNALED(status)) count_death();
      if (pid == agent_) report_agent(status);
    }
    if (pid < 0 && errno == ECHILD) finish();
  }

  void count_death() {
    last_death_ = Clock::now();
    if (killing_ && tier_ == Tier::process_group) found_ = std::max(found_, ++ended_);  // nothing could list them before
  }

  void report_agent(int status) {
    if (WIFSTOPPED(status)) return report({wire::Report::stopped, WSTOPSIG(status)});
    if (WIFCONTINUED(status)) return report({wire::Report::continued});
    agent_ = 0;
    report({wire::Report::exited, status});
  }

  /// wait(2) says that no descendant is left. The tree is empty if the cgroup says so too: something may have been put there.
  void finish() {
    strays_ = tree_.cgroup() && tree_.cgroup()->populated();
    if (strays_ && Clock::now() >= next_look_) look_later();
    if (strays_) return;
    const bool removed = remove_cgroup(1);
    report_empty();
    if (!removed) static_cast<void>(remove_cgroup(kRemoveTries));
    finished_ = true;
  }

  [[nodiscard]] bool remove_cgroup(int tries) const {
    for (int i = 0; tree_.cgroup() && tree_.cgroup()->remove().has_error(); ++i) {
      if (i + 1 >= tries) return false;
      ::poll(nullptr, 0, 1);
    }
    return true;
  }

  void report_empty() {
    rusage usage{};
    ::getrusage(RUSAGE_CHILDREN, &usage);
    wire::ReportMessage message{wire::Report::empty};
    message.found = found_;
    message.last_death_ns = std::chrono::nanoseconds(last_death_.time_since_epoch()).count();
    message.user_us = usage.ru_utime.tv_sec * 1'000'000 + usage.ru_utime.tv_usec;
    message.system_us = usage.ru_stime.tv_sec * 1'000'000 + usage.ru_stime.tv_usec;
    message.max_rss_kib = usage.ru_maxrss;
    report(message);
  }

  void report(const wire::ReportMessage& message) {
    if (!launcher_gone_) static_cast<void>(wire::send(birth_.socket, message));
  }

  WardenBirth birth_;
  ProcessTree tree_{::getpid()};
  Tier tier_ = Tier::subreaper;
  pid_t agent_ = 0;  ///< 0 before it started and after it was reaped
  bool own_group_ = true;
  bool launched_ = false;
  bool launcher_gone_ = false;
  bool killing_ = false;
  bool strays_ = false;
  bool released_ = false;
  bool finished_ = false;
  std::size_t found_ = 0;
  std::size_t ended_ = 0;  ///< reaped since the killing began
  Clock::time_point last_death_{};
  Clock::time_point next_look_{};
  microseconds pause_{kShortestPause};
  UniqueFd terminal_;
  std::optional<termios> terminal_settings_;
};

void block_all_signals() {
  sigset_t all;
  sigfillset(&all);
  ::sigprocmask(SIG_SETMASK, &all, nullptr);
  struct sigaction reaping {};
  reaping.sa_handler = SIG_DFL;  // an ignored SIGCHLD would reap for us
  ::sigaction(SIGCHLD, &reaping, nullptr);
}

/// Leaves /dev/null as 0–2 and the socket as 3; closes all else, so that no pipe stays open because of us.
void keep_only(int socket) {
  const int moved = ::fcntl(socket, F_DUPFD, 4);
  ::dup2(moved, kWardenSocket);
  ::fcntl(kWardenSocket, F_SETFD, FD_CLOEXEC);
  const int null = ::open("/dev/null", O_RDWR);
  for (int fd = 0; fd < 3; ++fd) ::dup2(null, fd);
  if (::close_range(kWardenSocket + 1, ~0U, 0) != 0)
    for (int fd = kWardenSocket + 1; fd < static_cast<int>(::sysconf(_SC_OPEN_MAX)); ++fd) ::close(fd);
}

[[noreturn]] void be_warden(int socket, const InheritedSignals& inherited, WardenSession session) {
  const pid_t launcher_group = ::getpgrp();
  ::prctl(PR_SET_NAME, "ts-warden");
  ::prctl(PR_SET_CHILD_SUBREAPER, 1);
  if (session == WardenSession::own) ::setsid();
  keep_only(socket);
  sigset_t child;
  sigemptyset(&child);
  sigaddset(&child, SIGCHLD);
  const int signals = ::signalfd(-1, &child, SFD_CLOEXEC | SFD_NONBLOCK);
  Warden({kWardenSocket, signals, launcher_group, inherited}).run();
  ::_exit(0);
}

}  // namespace

Result<WardenLink> fork_warden(const InheritedSignals& signals, WardenSession session) {
  std::array<int, 2> ends{};
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()) != 0) return errno_error("warden: socketpair", errno);
  UniqueFd ours(ends[0]);
  UniqueFd theirs(ends[1]);
  // Blocked before the fork: a signal for our group must not end the warden in its first moment.
  sigset_t before;
  sigset_t all;
  sigfillset(&all);
  ::sigprocmask(SIG_SETMASK, &all, &before);
  const pid_t pid = ::fork();
  if (pid == 0) {
    block_all_signals();
    be_warden(theirs.get(), signals, session);
  }
  const int error = errno;
  ::sigprocmask(SIG_SETMASK, &before, nullptr);
  if (pid < 0) return errno_error("warden: fork", error);
  return WardenLink{pid, session, std::move(ours)};
}

}  // namespace ts::process
