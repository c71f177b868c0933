#include "spawner/process/command.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>

#include "spawner/process/spawn.hpp"
#include "spawner/process/unique_fd.hpp"

namespace ts::process {
namespace {

using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;

constexpr std::size_t kMostOutput = 16 * 1024;

/// A descriptor above those of stdio, as a launch needs it.
Result<UniqueFd> lifted(int fd, const char* what) {
  if (fd < 0) return errno_error(what, errno);
  UniqueFd own(fd);
  if (fd > 2) return own;
  UniqueFd high(::fcntl(fd, F_DUPFD_CLOEXEC, 3));
  if (high.get() < 0) return errno_error(what, errno);
  return high;
}

Result<UniqueFd> input_of(const Command& command) {
  if (command.input.empty()) return lifted(::open("/dev/null", O_RDONLY | O_CLOEXEC), "/dev/null");
  TS_TRY(UniqueFd memory, lifted(::memfd_create("input", MFD_CLOEXEC), "input"));
  std::string_view rest = command.input;
  while (!rest.empty()) {
    const ssize_t n = ::write(memory.get(), rest.data(), rest.size());
    if (n < 0) return errno_error("input", errno);
    rest.remove_prefix(static_cast<std::size_t>(n));
  }
  ::lseek(memory.get(), 0, SEEK_SET);
  return memory;
}

std::vector<const char*> pointers(const std::vector<std::string>& words) {
  std::vector<const char*> all;
  for (const std::string& word : words) all.push_back(word.c_str());
  all.push_back(nullptr);
  return all;
}

Result<pid_t> launch(const Command& command, int in, int out) {
  const auto argv = pointers(command.argv), env = pointers(command.env);
  SpawnPlan plan;
  plan.path = argv.front();
  plan.argv = argv.data();
  plan.env = env.data();
  plan.cwd = command.cwd.c_str();
  plan.stdio = {in, out, out};
  sigemptyset(&plan.signals.mask);
  sigemptyset(&plan.signals.ignored);
  const SpawnOutcome outcome = spawn(plan);
  if (outcome.pid < 0) return errno_error(command.argv.front(), outcome.error);
  return outcome.pid;
}

/// Reads what there is. False: the other side is closed.
bool take_output(int fd, std::string& output) {
  char buffer[4096];
  while (true) {
    const ssize_t n = ::read(fd, buffer, sizeof buffer);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return n < 0;
    output.append(buffer, static_cast<std::size_t>(n));
    if (output.size() > 2 * kMostOutput) output.erase(0, output.size() - kMostOutput);
  }
}

/// Waits for the end, at most `limit`. False: it still runs.
bool wait_for_end(int pidfd, int out, milliseconds limit, std::string& output) {
  const auto deadline = Clock::now() + limit;
  bool open = true;
  while (true) {
    const auto left = std::chrono::ceil<milliseconds>(deadline - Clock::now());
    if (left.count() <= 0) return false;
    pollfd fds[2] = {{pidfd, POLLIN, 0}, {open ? out : -1, POLLIN, 0}};
    const int ready = ::poll(fds, 2, static_cast<int>(std::min<milliseconds::rep>(left.count(), 60'000)));
    if (ready <= 0) continue;
    if (fds[1].revents != 0) open = take_output(out, output);
    if (fds[0].revents != 0) {
      if (open) (void)take_output(out, output);
      return true;
    }
  }
}

}  // namespace

Command shell_command(const std::string& text) {
  Command command;
  command.argv = {"/bin/sh", "-c", text};
  return command;
}

Result<CommandResult> run_command(const Command& command) {
  TS_TRY(const UniqueFd in, input_of(command));
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return errno_error("pipe", errno);
  TS_TRY(const UniqueFd out, lifted(ends[0], "pipe"));
  TS_TRY(UniqueFd theirs, lifted(ends[1], "pipe"));
  ::fcntl(out.get(), F_SETFL, O_NONBLOCK);
  TS_TRY(const pid_t pid, launch(command, in.get(), theirs.get()));
  theirs = UniqueFd{};
  const UniqueFd handle(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
  CommandResult result;
  result.timed_out = handle.get() >= 0 && !wait_for_end(handle.get(), out.get(), command.limit, result.output);
  if (result.timed_out) ::kill(-pid, SIGKILL);
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {}
  result.status = from_wait_status(status);
  if (result.output.size() > kMostOutput) result.output.erase(0, result.output.size() - kMostOutput);
  return result;
}

Result<pid_t> start_command(const Command& command) {
  TS_TRY(const UniqueFd in, input_of(command));
  TS_TRY(const UniqueFd out, lifted(::open("/dev/null", O_WRONLY | O_CLOEXEC), "/dev/null"));
  return launch(command, in.get(), out.get());
}

}  // namespace ts::process
