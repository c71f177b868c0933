#include "spawner/process/local_launcher.hpp"

#include <fmt/format.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>

#include "spawner/process/local_child.hpp"
#include "spawner/process/proc_scan.hpp"
#include "spawner/process/program_search.hpp"
#include "spawner/process/warden.hpp"
#include "spawner/process/wire.hpp"

namespace ts::process {
namespace {

constexpr std::string_view kDefaultPath = "/usr/local/bin:/usr/bin:/bin";

/// Our own failures must not look like "agent not found".
Error own_failure(Error error) { return {Errc::io, "launch: " + std::move(error).message}; }

std::string_view path_of(const std::vector<std::string>& env) {
  for (const auto& variable : env)
    if (variable.starts_with("PATH=")) return std::string_view(variable).substr(5);
  return kDefaultPath;
}

bool is_plain_name(std::string_view name) {
  return !name.empty() && name.size() <= 64 && name.find_first_not_of(
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-") == std::string_view::npos;
}

/// What holds this run together.
struct Containment {
  Tier tier = Tier::subreaper;
  std::optional<RunCgroup> cgroup;
};

Result<Containment> contain(const LaunchSpec& spec) {
  if (spec.tier == Tier::pid_namespace)
    return Error{Errc::unsupported, "containment pid-namespace: not built; use cgroup or subreaper"};
  if (!spec.tier || spec.tier == Tier::cgroup) {
    auto cgroup = RunCgroup::create(spec.name);
    if (!cgroup.has_error()) return Containment{Tier::cgroup, std::move(cgroup).value()};
    if (spec.tier) return with_context("containment cgroup", cgroup.error());
  }
  if (spec.tier) return Containment{*spec.tier, std::nullopt};
  const bool scannable = !scan_descendants(::getpid()).has_error();
  return Containment{scannable ? Tier::subreaper : Tier::process_group, std::nullopt};
}

class LocalLauncher final : public ChildLauncher {
 public:
  LocalLauncher(const InheritedSignals& signals, WardenLink stock) : signals_(signals), stock_(std::move(stock)) {}

  ~LocalLauncher() override {
    dismiss_stock();
  }

  Result<std::unique_ptr<Child>> launch(const LaunchSpec& spec) override {
    if (!is_plain_name(spec.name)) return Error{Errc::invalid_argument, fmt::format("run name '{}': letters, digits, _ and - only", spec.name)};
    if (spec.argv.empty()) return Error{Errc::not_found, "no agent: give a program after --"};
    TS_TRY(const auto path, find_program(spec.argv[0], path_of(spec.env), spec.cwd));
    TS_TRY(auto containment, contain(spec));
    auto warden = send_order(spec, path, containment);
    if (warden.has_error()) {
      if (containment.cgroup) static_cast<void>(containment.cgroup->remove());
      return own_failure(warden.error());
    }
    // The kernel wakes the warden on our own processor, even if another one is idle. It is the warden who starts the agent: let it go first.
    ::sched_yield();
    LocalChildParts parts{std::move(warden).value(), containment.tier, std::move(containment.cgroup), path};
    return std::unique_ptr<Child>(make_local_child(std::move(parts)));
  }

 private:
  void dismiss_stock() {
    stock_.socket.reset();
    if (stock_.pid > 0) ::waitpid(stock_.pid, nullptr, 0);
    stock_ = {};
  }

  Result<WardenLink> send_order(const LaunchSpec& spec, std::string_view path, const Containment& containment) {
    wire::OrderHeader header;
    header.terminal = static_cast<std::uint32_t>(spec.terminal);
    header.tier = static_cast<std::uint32_t>(containment.tier);
    header.tier_is_forced = spec.tier ? 1 : 0;
    header.argc = static_cast<std::uint32_t>(spec.argv.size());
    header.envc = static_cast<std::uint32_t>(spec.env.size());
    if (spec.restore_terminal >= 0) header.terminal_known = ::tcgetattr(spec.restore_terminal, &header.terminal_settings) == 0;
    const std::string_view cgroup_path = containment.cgroup ? std::string_view(containment.cgroup->path()) : "";
    TS_TRY(const auto order, wire::write_order(spec, header, {path, spec.cwd, cgroup_path}));
    const std::array<int, wire::kLaunchFds> fds{order.get(),   spec.stdio[0],
                                                spec.stdio[1], spec.stdio[2],
                                                containment.cgroup ? containment.cgroup->folder_fd() : -1, spec.restore_terminal};
    if (spec.terminal == TerminalMode::foreground && stock_.session == WardenSession::own) dismiss_stock();
    if (stock_.socket) {
      auto warden = std::move(stock_);
      stock_ = {};
      if (!wire::send_launch(warden.socket.get(), fds).has_error()) return warden;
      ::waitpid(warden.pid, nullptr, 0);  // somebody killed it while it waited
    }
    TS_TRY(auto warden, fork_warden(signals_, WardenSession::launchers));
    TS_CHECK(wire::send_launch(warden.socket.get(), fds));
    return warden;
  }

  InheritedSignals signals_;
  WardenLink stock_;
};

}  // namespace

Result<std::unique_ptr<ChildLauncher>> prepare_local_launcher() {
  const auto signals = InheritedSignals::capture();
  if (::prctl(PR_SET_CHILD_SUBREAPER, 1) != 0) return own_failure(errno_error("subreaper", errno));
  auto warden = fork_warden(signals, ::isatty(STDIN_FILENO) != 0 ? WardenSession::launchers : WardenSession::own);
  if (warden.has_error()) return own_failure(warden.error());
  return std::unique_ptr<ChildLauncher>(std::make_unique<LocalLauncher>(signals, std::move(warden).value()));
}

int launch_exit_status(const Error& error) {
  if (error.code == Errc::not_found) return 127;
  return error.code == Errc::permission_denied ? 126 : 125;
}

}  // namespace ts::process
