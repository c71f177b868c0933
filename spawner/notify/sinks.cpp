#include "spawner/notify/sinks.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>

#include "accounting/base/text.hpp"
#include "spawner/notify/webhook.hpp"
#include "spawner/process/command.hpp"
#include "spawner/process/unique_fd.hpp"

namespace ts::notify {
namespace {

constexpr std::chrono::seconds kCommandLimit{30};

/// One line, whole, however many write at once.
Result<std::string> append(const std::string& path, const std::string& line) {
  const process::UniqueFd fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NONBLOCK, 0600));
  if (!fd) return errno_error(path, errno);
  (void)::flock(fd.get(), LOCK_EX);
  std::string_view rest = line;
  while (!rest.empty()) {
    const ssize_t n = ::write(fd.get(), rest.data(), rest.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return errno_error(path, errno);
    rest.remove_prefix(static_cast<std::size_t>(n));
  }
  return std::string{"written"};
}

Result<std::string> call(const std::string& text, const Message& message, const SinkWorld& world) {
  process::Command command = process::shell_command(text);
  command.env = world.env_words;
  command.env.push_back("TRACKED_SPAWN_ALERT=" + message.text);
  command.cwd = world.cwd;
  command.input = message.json + "\n";
  command.limit = kCommandLimit;
  TS_TRY(const process::CommandResult result, process::run_command(command));
  if (result.timed_out) return Error{Errc::timed_out, fmt::format("alerts.command: not done within {} s", kCommandLimit.count())};
  if (process::shell_status(result.status) == 0) return std::string{"exit 0"};
  return Error{Errc::refused, fmt::format("alerts.command: {}{}{}", process::describe(result.status), result.output.empty() ? "" : ": ", printable(result.output))};
}

}  // namespace

std::vector<std::string> names_of(const SinkSettings& sinks) {
  std::vector<std::string> names;
  if (!sinks.file.empty()) names.emplace_back("file");
  if (!sinks.command.empty()) names.emplace_back("command");
  if (!sinks.webhook.empty()) names.emplace_back("webhook");
  return names;
}

Result<std::string> send(const SinkSettings& sinks, const std::string& name, const Message& message, const SinkWorld& world) {
  if (name == "file") return append(sinks.file, message.json + "\n");
  if (name == "command") return call(sinks.command, message, world);
  return post_json({sinks.webhook, sinks.webhook_secret}, message.json, world.now);
}

}  // namespace ts::notify
