#include "spawner/process/spawn.hpp"

// The cage of Boost.Process. v2 gives the launcher protocol: initialisers with on_exec_setup, argv building, the error pipe. Its own
// launcher can't be used as it is: a failed exec there runs ::exit in the fork, and no launcher can be born into a cgroup.
// (A process that moves itself by writing cgroup.procs waits for an RCU grace period: 14 ms here. CLONE_INTO_CGROUP: 0.15 ms.)
#include <boost/process/v2/posix/default_launcher.hpp>
#include <fcntl.h>
#include <linux/sched.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <utility>

namespace ts::process {
namespace {

namespace bp = boost::process::v2;
using bp::error_code;

struct Failure {
  SpawnStage stage = SpawnStage::none;
  int error = 0;
};

error_code last_error() { return {errno, boost::system::system_category()}; }

/// fork(2), born in the cgroup if there is one. `moved` is false if the child has to move there by itself.
pid_t fork_into(int cgroup_fd, bool& moved) {
  moved = cgroup_fd < 0;
  if (cgroup_fd < 0) return ::fork();
  clone_args args{};
  args.flags = CLONE_INTO_CGROUP;
  args.exit_signal = SIGCHLD;
  args.cgroup = static_cast<__u64>(cgroup_fd);
  const auto pid = static_cast<pid_t>(::syscall(SYS_clone3, &args, sizeof args));
  if (pid >= 0) {
    moved = true;
    return pid;
  }
  return ::fork();  // no clone3 (an old kernel, a seccomp filter that hides it)
}

/// What the agent does between fork and exec. Async-signal-safe calls only.
class AgentSetup {
 public:
  explicit AgentSetup(const SpawnPlan& plan) : plan_(plan) {}
  SpawnStage stage = SpawnStage::none;
  bool in_cgroup = true;

  template <class Launcher>
  error_code on_exec_setup(Launcher&, const bp::filesystem::path&, const char* const*) {
    if (!step(SpawnStage::cgroup, in_cgroup || enter_cgroup()) || !step(SpawnStage::descriptors, take_stdio()) ||
        !step(SpawnStage::terminal, place()) || !step(SpawnStage::folder, *plan_.cwd == '\0' || ::chdir(plan_.cwd) == 0))
      return last_error();
    ::close_range(3, ~0U, CLOSE_RANGE_CLOEXEC);  // without it (before 5.11) O_CLOEXEC on each of ours does the same
    restore_signals();
    stage = SpawnStage::exec;
    return {};
  }

 private:
  bool step(SpawnStage which, bool done) {
    if (!done) stage = which;
    return done;
  }
  [[nodiscard]] bool enter_cgroup() const {
    const int procs = ::openat(plan_.cgroup_fd, "cgroup.procs", O_WRONLY | O_CLOEXEC);
    return procs >= 0 && ::write(procs, "0", 1) == 1;
  }
  [[nodiscard]] bool take_stdio() const {
    for (int target = 0; target < 3; ++target)
      if (::dup2(plan_.stdio[static_cast<std::size_t>(target)], target) < 0) return false;
    return true;
  }
  [[nodiscard]] bool place() const {
    if (::setpgid(0, plan_.group) != 0) return false;
    return !plan_.takes_terminal || take_terminal();
  }
  /// The agent's group becomes the terminal's foreground. From the background that raises SIGTTOU, so it is blocked (restored later).
  [[nodiscard]] static bool take_terminal() {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTTOU);
    return ::sigprocmask(SIG_BLOCK, &set, nullptr) == 0 && ::tcsetpgrp(0, ::getpid()) == 0;
  }
  void restore_signals() const {
    for (int number = 1; number < NSIG; ++number) {
      struct sigaction action {};
      action.sa_handler = sigismember(&plan_.signals.ignored, number) == 1 ? SIG_IGN : SIG_DFL;
      ::sigaction(number, &action, nullptr);  // EINVAL for those that can't be set
    }
    ::sigprocmask(SIG_SETMASK, &plan_.signals.mask, nullptr);
  }

  const SpawnPlan& plan_;
};

class AgentLauncher : public bp::posix::default_launcher {
 public:
  SpawnOutcome run(const SpawnPlan& plan) {
    AgentSetup setup(plan);
    const bp::filesystem::path executable(plan.path);
    const char* const* argv = plan.argv;
    env = plan.env;
    pipe_guard errors;
    if (::pipe2(errors.p, O_CLOEXEC) != 0) return {-1, SpawnStage::fork, errno};
    if (const auto error = bp::posix::detail::on_setup(*this, executable, argv, setup)) return {-1, SpawnStage::fork, error.value()};
    pid = fork_into(plan.cgroup_fd, setup.in_cgroup);
    if (pid < 0) return {-1, SpawnStage::fork, errno};
    if (pid == 0) become_agent(executable, argv, setup, errors.p[1]);
    ::close(std::exchange(errors.p[1], -1));
    return outcome(errors.p[0]);
  }

 private:
  [[noreturn]] void become_agent(const bp::filesystem::path& executable, const char* const* argv, AgentSetup& setup, int errors) {
    Failure failure;
    if (const auto error = bp::posix::detail::on_exec_setup(*this, executable, argv, setup)) {
      failure.error = error.value();
    } else {
      ::execve(executable.c_str(), const_cast<char* const*>(argv), const_cast<char* const*>(env));
      failure.error = errno;
    }
    failure.stage = setup.stage;
    ignore_unused(static_cast<std::size_t>(::write(errors, &failure, sizeof failure)));
    ::_exit(127);
  }

  [[nodiscard]] SpawnOutcome outcome(int errors) const {
    Failure failure;
    ssize_t size = 0;
    do size = ::read(errors, &failure, sizeof failure);
    while (size < 0 && errno == EINTR);
    if (size == 0) return {pid, SpawnStage::none, 0};
    ::waitpid(pid, nullptr, 0);
    return {-1, failure.stage, failure.error};
  }
};

}  // namespace

InheritedSignals InheritedSignals::capture() {
  InheritedSignals state;
  ::sigprocmask(SIG_SETMASK, nullptr, &state.mask);
  sigemptyset(&state.ignored);
  for (int number = 1; number < NSIG; ++number) {
    struct sigaction action {};
    if (::sigaction(number, nullptr, &action) == 0 && action.sa_handler == SIG_IGN) sigaddset(&state.ignored, number);
  }
  return state;
}

SpawnOutcome spawn(const SpawnPlan& plan) { return AgentLauncher().run(plan); }

}  // namespace ts::process
