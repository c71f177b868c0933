#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "accounting/base/result.hpp"
#include "spawner/process/exit_status.hpp"

namespace ts::process {

/// A small program that we wait for: a check before the launch, a receiver of alerts. No agent: those have the launcher.
struct Command {
  std::vector<std::string> argv;  ///< argv[0] is a path
  std::vector<std::string> env;   ///< "NAME=value"
  std::string cwd;                ///< empty: ours
  std::string input;              ///< for its stdin
  std::chrono::milliseconds limit{60'000};
};

/// "sh -c TEXT".
[[nodiscard]] Command shell_command(const std::string& text);

struct CommandResult {
  ExitStatus status;
  bool timed_out = false;  ///< it and its process group were killed at the limit
  std::string output;      ///< stdout and stderr together: the last 16 KiB
};

/// Runs it to its end. Processes that it leaves behind are not waited for. Errors: what the launch meets.
[[nodiscard]] Result<CommandResult> run_command(const Command& command);

/// Starts it in a process group of its own with nothing on its standard streams, and doesn't wait. The pid: to be reaped by
/// the caller, or by init after the caller's end.
[[nodiscard]] Result<pid_t> start_command(const Command& command);

}  // namespace ts::process
