#pragma once

#include <termios.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "accounting/base/result.hpp"
#include "spawner/process/child.hpp"
#include "spawner/process/unique_fd.hpp"

/// What the launcher and its warden say to each other over a SOCK_SEQPACKET pair. Both are the same binary, so plain structs do.
namespace ts::process::wire {

enum class Command : std::uint32_t { launch = 1, signal_agent, signal_tree, kill_tree, release_tree };

struct CommandMessage {
  Command command{};
  std::int32_t value = 0;  ///< the signal
};

enum class Report : std::uint32_t { started = 1, exec_failed, exited, stopped, continued, empty };

struct ReportMessage {
  Report report{};
  std::int32_t value = 0;  ///< pid, errno, wait status, signal
  std::uint32_t detail = 0;  ///< the tier in use for `started`, the stage for `exec_failed`
  std::uint64_t found = 0;
  std::uint64_t survivors = 0;
  std::int64_t last_death_ns = 0;  ///< CLOCK_MONOTONIC
  std::int64_t user_us = 0;
  std::int64_t system_us = 0;
  std::int64_t max_rss_kib = 0;
};

/// Which descriptors go along with Command::launch, in this order. The last two may be missing.
enum LaunchFd : std::size_t { kSpecFd, kStdinFd, kStdoutFd, kStderrFd, kCgroupFd, kTerminalFd, kLaunchFds };
using LaunchFds = std::array<UniqueFd, kLaunchFds>;

/// A launch as the warden needs it. `argv` and `env` point into `text` and end in a null pointer.
struct LaunchOrder {
  std::string path;
  std::string cwd;
  std::string cgroup_path;
  TerminalMode terminal = TerminalMode::detached;
  bool tier_is_forced = false;
  Tier tier = Tier::subreaper;
  std::optional<termios> terminal_settings;
  std::string text;
  std::vector<const char*> argv;
  std::vector<const char*> env;
};

struct OrderHeader {
  std::uint32_t terminal = 0;
  std::uint32_t tier = 0;
  std::uint32_t tier_is_forced = 0;
  std::uint32_t argc = 0;
  std::uint32_t envc = 0;
  std::uint32_t terminal_known = 0;
  termios terminal_settings{};  ///< to be put back on kTerminalFd if the launcher dies
};

/// Writes an order into an anonymous file (argument lists exceed what a message may hold). Errors: invalid_argument for a NUL inside.
[[nodiscard]] Result<UniqueFd> write_order(const LaunchSpec& spec, const OrderHeader& header, std::array<std::string_view, 3> paths);
[[nodiscard]] Result<LaunchOrder> read_order(int fd);

[[nodiscard]] Result<void> send_launch(int socket, const std::array<int, kLaunchFds>& fds);
[[nodiscard]] Result<void> send(int socket, const CommandMessage& message);
/// Blocks while the launcher doesn't read.
[[nodiscard]] Result<void> send(int socket, const ReportMessage& message);

/// Absent: the other side is gone.
[[nodiscard]] std::optional<CommandMessage> receive_command(int socket, LaunchFds& fds);

}  // namespace ts::process::wire
