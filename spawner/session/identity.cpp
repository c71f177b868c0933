#include "spawner/session/identity.hpp"

#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <fstream>
#include <sstream>

namespace ts::session {
namespace {

std::string boot_id() {
  std::ifstream file("/proc/sys/kernel/random/boot_id");
  std::string text;
  std::getline(file, text);
  return text;
}

/// Field 22 of /proc/PID/stat. 0: no such process, or no /proc.
std::uint64_t start_ticks(std::int64_t pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
  std::string text;
  if (!std::getline(file, text)) return 0;
  const std::size_t name_end = text.rfind(')');
  if (name_end == std::string::npos) return 0;
  std::istringstream rest(text.substr(name_end + 1));
  std::string skip;
  for (int field = 3; field < 22; ++field) rest >> skip;
  std::uint64_t ticks = 0;
  rest >> ticks;
  return ticks;
}

std::string host_name() {
  char name[256] = {};
  return ::gethostname(name, sizeof name - 1) == 0 ? std::string{name} : std::string{"unknown"};
}

}  // namespace

ProcessIdentity this_process() {
  const auto pid = static_cast<std::int64_t>(::getpid());
  return {host_name(), boot_id(), pid, start_ticks(pid)};
}

ledger::Here here() {
  const ProcessIdentity me = this_process();
  ledger::Here here;
  here.host = me.host;
  here.boot_id = me.boot_id;
  here.start_ticks = [](std::int64_t pid) -> Result<std::optional<std::uint64_t>> {
    if (::kill(static_cast<pid_t>(pid), 0) != 0 && errno == ESRCH) return std::optional<std::uint64_t>{};
    const std::uint64_t ticks = start_ticks(pid);
    if (ticks == 0) return Error{Errc::unsupported, "/proc does not tell when process " + std::to_string(pid) + " started"};
    return std::optional<std::uint64_t>{ticks};
  };
  return here;
}

}  // namespace ts::session
