#pragma once

#include <sys/types.h>

#include <array>
#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "accounting/base/result.hpp"
#include "accounting/base/units.hpp"
#include "spawner/process/containment.hpp"
#include "spawner/process/exit_status.hpp"

namespace ts::process {

/// How the agent stands to the terminal.
enum class TerminalMode {
  detached,    ///< own process group, away from our terminal: pipes and files as stdin (the usual wrapped run)
  foreground,  ///< stays in our process group and session (stdin is our terminal): Ctrl-C and Ctrl-Z reach it and us alike
  pty,         ///< own session; stdio[0], the slave of a Pty, becomes its controlling terminal
};

/// What to launch. `argv` is given to the program untouched; there is no shell.
struct LaunchSpec {
  std::string name;                          ///< the run's id; names its cgroup `tracked-spawn-<name>`. [A-Za-z0-9_-]+
  std::vector<std::string> argv;             ///< argv[0] is looked up in the PATH of `env` if it has no slash
  std::vector<std::string> env;              ///< "NAME=value", all of it
  std::string cwd;                           ///< empty: ours
  std::array<int, 3> stdio{0, 1, 2};         ///< borrowed until launch() returns; close your copies of the child's ends then
  TerminalMode terminal = TerminalMode::detached;
  std::optional<Tier> tier;                  ///< use this tier or fail; absent: the best that works
  int restore_terminal = -1;                 ///< a terminal whose present settings are put back if we die by SIGKILL
};

/// The agent's exec succeeded.
struct AgentStarted {
  pid_t pid = 0;
};
/// There is no agent: exec failed. TreeEmpty follows. `error.message` names the path; exit with launch_exit_status(error).
struct ExecFailed {
  Error error;
};
/// The agent itself ended and was reaped; descendants may still live and hold the pipes.
struct AgentExited {
  ExitStatus status;
};
/// The agent was stopped by `signal` (job control).
struct AgentStopped {
  int signal = 0;
};
struct AgentContinued {};

/// What the tree used, as far as it was reaped.
struct TreeUsage {
  std::chrono::microseconds user{0};
  std::chrono::microseconds system{0};
  long max_rss_kib = 0;  ///< of the largest process
};

/// No process of the tree is left. The last event, always sent: by itself, after kill_tree(), or because the warden was lost.
struct TreeEmpty {
  std::size_t found = 0;      ///< most processes seen alive when a signal went to the tree; 0 if none ever did
  std::size_t survivors = 0;  ///< verified after the last death: wait(2) says no child, the cgroup is empty. Else what is left
  MonoTime last_death;        ///< when the last process was reaped
  TreeUsage usage;
};
/// The warden died (somebody killed it); the sweep is done by this process now. AgentExited and TreeEmpty follow.
struct WardenLost {};

using ChildEvent =
    std::variant<AgentStarted, ExecFailed, AgentExited, AgentStopped, AgentContinued, WardenLost, TreeEmpty>;

/// A launched agent and all of its descendants.
/// Lifetime: destroying it while processes are left kills them all, unless they were released, and waits for that: milliseconds, at
/// most two seconds. What can't be killed (another user's, stuck in the kernel) stays with the warden, which tries on.
/// Thread: one thread. Nothing blocks but what says so.
class Child {
 public:
  Child() = default;
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  virtual ~Child() = default;

  /// Readable when next_event() has something. Level-triggered; owned by the child.
  [[nodiscard]] virtual int event_fd() const = 0;

  /// The next event. Absent: nothing now. After TreeEmpty always absent.
  [[nodiscard]] virtual Result<std::optional<ChildEvent>> next_event() = 0;

  /// The agent's pid. 0 before AgentStarted was returned.
  [[nodiscard]] virtual pid_t pid() const = 0;
  [[nodiscard]] virtual Tier tier() const = 0;

  /// A signal for the agent's process group only (Ctrl-C, SIGWINCH, SIGCONT). In foreground mode: for the agent only.
  virtual Result<void> signal_agent(int signal) = 0;

  /// A signal for every process of the tree; stopped ones are continued so that they can act on it.
  virtual Result<void> signal_tree(int signal) = 0;

  /// SIGKILL to every process, sweep until none is left, verify. Ends in TreeEmpty. May be called again.
  virtual Result<void> kill_tree() = 0;

  /// Nothing of the tree is to be ended by us any more, not even when this is destroyed or we die. No TreeEmpty comes unless it is
  /// empty by itself.
  virtual Result<void> release_tree() = 0;

  /// The pids that are alive in the tree now (a snapshot; zombies left out). Blocks for a scan of /proc at most.
  [[nodiscard]] virtual Result<std::vector<pid_t>> members() const = 0;
};

/// Where children come from. Fakeable: the loop and the session take this.
class ChildLauncher {
 public:
  ChildLauncher() = default;
  ChildLauncher(const ChildLauncher&) = delete;
  ChildLauncher& operator=(const ChildLauncher&) = delete;
  virtual ~ChildLauncher() = default;

  /// Starts the agent; AgentStarted or ExecFailed comes as an event.
  /// Errors: not_found and permission_denied about argv[0], with the paths that were tried; others are our own failure.
  [[nodiscard]] virtual Result<std::unique_ptr<Child>> launch(const LaunchSpec& spec) = 0;
};

/// The exit status that tells of a failed launch: 127 agent not found, 126 not executable, 125 our own failure.
/// For errors of launch() and of ExecFailed.
[[nodiscard]] int launch_exit_status(const Error& error);

}  // namespace ts::process
