#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cerrno>
#include <chrono>
#include <filesystem>
#include <thread>

#include "accounting/base/text.hpp"
#include "spawner/cli/context.hpp"
#include "spawner/process/unique_fd.hpp"
#include "spawner/session/identity.hpp"
#include "spawner/session/paths.hpp"

namespace ts::cli {
namespace {

namespace fs = std::filesystem;

constexpr std::chrono::milliseconds kLook{100};

struct LogWords {
  std::string run;
  bool errors = false;
  bool follow = false;
};

/// A run that the ledger does not know still has its folder.
Result<std::string> folder_by_name(const Context& context, const std::string& run, const Error& why) {
  TS_TRY(const std::string home, session::state_home(context.world.env));
  std::vector<std::string> fitting;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(session::runs_folder(home), error))
    if (entry.path().filename().string().starts_with(run)) fitting.push_back(entry.path().string());
  if (fitting.size() == 1) return fitting.front();
  return why;
}

Result<std::string> folder_of(const Context& context, const std::string& run) {
  auto ledger = open_for_reading(context);
  if (ledger.has_error()) return folder_by_name(context, run, ledger.error());
  const auto record = (*ledger)->find(run);
  if (record.has_error()) return record.error().code == Errc::not_found ? folder_by_name(context, run, record.error()) : record.error();
  if (record->start.run_dir.empty()) return Error{Errc::not_found, fmt::format("run {}: nothing of its output was kept", record->start.id.text)};
  return record->start.run_dir;
}

/// Whether nothing will be added any more: the run has its end, or its process is gone.
bool is_over(const Context& context, const std::string& run) {
  const auto ledger = open_for_reading(context);
  if (ledger.has_error()) return true;
  const auto record = (*ledger)->find(run);
  return record.has_error() || record->end || ledger::liveness_of(record->start, session::here()) == ledger::Liveness::dead;
}

Result<void> write_out(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t n = ::write(STDOUT_FILENO, bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return errno_error("stdout", errno);
    bytes.remove_prefix(static_cast<std::size_t>(n));
  }
  return {};
}

/// Everything from where `fd` stands to its present end.
Result<void> copy_rest(int fd, const std::string& path) {
  std::string buffer(std::size_t{1} << 17, '\0');
  while (true) {
    const ssize_t n = ::read(fd, buffer.data(), buffer.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return errno_error(path, errno);
    if (n == 0) return {};
    TS_CHECK(write_out(std::string_view{buffer}.substr(0, static_cast<std::size_t>(n))));
  }
}

Result<void> copy_log(const Context& context, const LogWords& words) {
  TS_TRY(const std::string folder, folder_of(context, words.run));
  const std::string path = folder + (words.errors ? "/stderr" : "/stdout");
  const process::UniqueFd fd{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
  if (fd.get() < 0) return errno_error(path, errno);
  TS_CHECK(copy_rest(fd.get(), path));
  while (words.follow) {
    const bool over = is_over(context, words.run);  // asked before the last look, so that nothing is missed
    TS_CHECK(copy_rest(fd.get(), path));
    if (over) break;
    std::this_thread::sleep_for(kLook);
  }
  return {};
}

}  // namespace

void add_logs(CLI::App& program, Context& context) {
  auto words = std::make_shared<LogWords>();
  CLI::App* logs = program.add_subcommand("logs", "What the agent of a run printed, byte for byte");
  logs->add_option("RUN", words->run, "The run's id, or the beginning of it")->required();
  logs->add_flag("--stderr", words->errors, "Its stderr instead of its stdout");
  logs->add_flag("-f,--follow", words->follow, "Go on until the run has ended");
  logs->footer("Examples:\n  tracked-spawn logs 7f3k2m > stdout.jsonl\n  tracked-spawn logs 7f3k2m --stderr --follow");
  logs->callback([&context, words] {
    context.action = [&context, words]() -> int {
      const auto copied = copy_log(context, *words);
      return copied.has_error() ? fail(context, copied.error()) : 0;
    };
  });
}

}  // namespace ts::cli
