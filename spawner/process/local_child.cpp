#include "spawner/process/local_child.hpp"

#include <fmt/format.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <deque>

#include "spawner/process/proc_scan.hpp"
#include "spawner/process/process_tree.hpp"
#include "spawner/process/wire.hpp"

namespace ts::process {
namespace {

using Clock = std::chrono::steady_clock;
constexpr std::chrono::seconds kOrphanSweepLimit{2};

std::string_view where(SpawnStage stage) {
  switch (stage) {
    case SpawnStage::fork:
      return "the agent's process can't be made";
    case SpawnStage::cgroup:
      return "the run's cgroup can't be entered";
    case SpawnStage::folder:
      return "the working folder can't be entered";
    case SpawnStage::terminal:
      return "the agent's session or process group can't be set up";
    case SpawnStage::descriptors:
      return "the agent's stdin, stdout and stderr can't be set up";
    default:
      return "can't be executed";
  }
}

std::string_view hint(int error) {
  if (error == ENOEXEC) return " (a script needs #! and its interpreter in the first line; a binary must be for this machine)";
  if (error == ENOENT) return " (the file is there: its interpreter, named after #! or in the binary, is missing)";
  if (error == E2BIG) return " (arguments and environment are longer than the kernel takes)";
  return "";
}

Error launch_error(const std::string& program, SpawnStage stage, int error) {
  const auto reason = std::strerror(error);
  if (stage == SpawnStage::exec)
    return {Errc::permission_denied, fmt::format("{}: {}: {}{}", program, where(stage), reason, hint(error))};
  return {Errc::io, fmt::format("{}: {}: {}", program, where(stage), reason)};
}

class LocalChild final : public Child {
 public:
  explicit LocalChild(LocalChildParts parts) : parts_(std::move(parts)) {}

  ~LocalChild() override {
    parts_.warden.socket.reset();  // with processes left, this is what makes the warden end them
    if (!lost_) wait_for_warden();
  }

  [[nodiscard]] int event_fd() const override { return parts_.warden.socket.get(); }
  [[nodiscard]] pid_t pid() const override { return pid_; }
  [[nodiscard]] Tier tier() const override { return parts_.tier; }

  Result<std::optional<ChildEvent>> next_event() override {
    if (pending_.empty() && !empty_) receive();
    std::optional<ChildEvent> event;
    if (!pending_.empty()) {
      event.emplace(std::move(pending_.front()));
      pending_.pop_front();
    }
    return event;
  }

  Result<void> signal_agent(int signal) override { return command({wire::Command::signal_agent, signal}); }

  Result<void> signal_tree(int signal) override { return command({wire::Command::signal_tree, signal}); }

  Result<void> kill_tree() override {
    if (empty_) return {};
    if (parts_.cgroup) {  // ours to do: a hop to the warden costs more than the kill itself
      found_ = std::max(found_, parts_.cgroup->members().size());
      static_cast<void>(parts_.cgroup->kill());
    }
    return command({wire::Command::kill_tree});
  }

  Result<void> release_tree() override { return command({wire::Command::release_tree}); }

  [[nodiscard]] Result<std::vector<pid_t>> members() const override {
    auto below = scan_descendants(lost_ ? ::getpid() : parts_.warden.pid);
    if (below.has_error() && !parts_.cgroup) return below.error();
    auto pids = below.has_error() ? std::vector<pid_t>() : std::move(below).value();
    if (parts_.cgroup && !empty_)
      for (const pid_t pid : parts_.cgroup->members()) pids.push_back(pid);
    std::sort(pids.begin(), pids.end());
    pids.erase(std::unique(pids.begin(), pids.end()), pids.end());
    return alive_of(pids);
  }

 private:
  void receive() {
    wire::ReportMessage message;
    ssize_t size = 0;
    // A warden that has ended before it read our last command: the kernel says so first, and what it had reported comes after.
    int resets = 0;
    do size = ::recv(event_fd(), &message, sizeof message, MSG_DONTWAIT);
    while (size < 0 && (errno == EINTR || (errno == ECONNRESET && ++resets < 3)));
    if (size < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return;
    if (size == static_cast<ssize_t>(sizeof message)) pending_.push_back(translate(message));
    else take_over();
  }

  /// A lost warden or an empty tree: next_event() tells, so it is no error here.
  Result<void> command(const wire::CommandMessage& message) {
    if (empty_) return {};
    const auto sent = wire::send(event_fd(), message);
    if (sent.has_error() && !has_hung_up()) return sent.error();
    return {};
  }

  [[nodiscard]] bool has_hung_up() const {
    pollfd ready{event_fd(), POLLIN, 0};
    return ::poll(&ready, 1, 0) > 0 && (ready.revents & (POLLHUP | POLLERR)) != 0;
  }

  ChildEvent translate(const wire::ReportMessage& message) {
    switch (message.report) {
      case wire::Report::started:
        pid_ = message.value;
        parts_.tier = static_cast<Tier>(message.detail);
        return AgentStarted{pid_};
      case wire::Report::exec_failed:
        exited_ = true;
        return ExecFailed{launch_error(parts_.program, static_cast<SpawnStage>(message.detail), message.value)};
      case wire::Report::exited:
        exited_ = true;
        return AgentExited{from_wait_status(message.value)};
      case wire::Report::stopped:
        return AgentStopped{message.value};
      case wire::Report::continued:
        return AgentContinued{};
      case wire::Report::empty:
        break;
    }
    empty_ = true;
    TreeUsage usage{std::chrono::microseconds(message.user_us), std::chrono::microseconds(message.system_us),
                    static_cast<long>(message.max_rss_kib)};
    return TreeEmpty{std::max(message.found, found_), message.survivors, MonoTime(std::chrono::nanoseconds(message.last_death_ns)), usage};
  }

  void wait_for_warden() const {
    const UniqueFd ending(static_cast<int>(::syscall(SYS_pidfd_open, parts_.warden.pid, 0)));
    pollfd ready{ending.get(), POLLIN, 0};
    const auto deadline = Clock::now() + kOrphanSweepLimit;
    while (::waitpid(parts_.warden.pid, nullptr, WNOHANG) == 0 && Clock::now() < deadline)
      ::poll(&ready, 1, ending ? static_cast<int>(std::chrono::milliseconds(kOrphanSweepLimit).count()) : 1);
  }

  /// The warden is dead. Its children are ours now (we are a subreaper): end them here.
  void take_over() {
    ::waitpid(parts_.warden.pid, nullptr, 0);  // its orphans have moved when this returns
    lost_ = true;
    pending_.emplace_back(WardenLost{});
    ProcessTree tree(::getpid());
    if (parts_.cgroup) tree.contain_in(std::move(*parts_.cgroup));
    TreeEmpty result;
    result.found = std::max(found_, tree.alive().size());
    const auto deadline = Clock::now() + kOrphanSweepLimit;
    auto left = left_of(tree);
    while (!left.empty() && Clock::now() < deadline) {
      tree.sweep();
      reap(left, result);
      left = left_of(tree);
      if (!left.empty()) ::poll(nullptr, 0, 1);
    }
    result.survivors = left.size();
    if (tree.cgroup()) static_cast<void>(tree.cgroup()->remove());
    parts_.cgroup.reset();
    pending_.emplace_back(result);
    empty_ = true;
  }

  [[nodiscard]] static std::vector<pid_t> left_of(const ProcessTree& tree) {
    const bool listed = !scan_descendants(::getpid()).has_error();
    return listed ? tree.all() : probe_children(::getpid());
  }

  void reap(const std::vector<pid_t>& pids, TreeEmpty& result) {
    for (const pid_t pid : pids) {
      int status = 0;
      if (::waitpid(pid, &status, WNOHANG) != pid) continue;
      result.last_death = Clock::now();
      if (pid == pid_ && !exited_) {
        exited_ = true;
        pending_.emplace_back(AgentExited{from_wait_status(status)});
      }
    }
  }

  LocalChildParts parts_;
  std::deque<ChildEvent> pending_;
  pid_t pid_ = 0;
  std::size_t found_ = 0;  ///< alive in the cgroup when we killed it ourselves
  bool exited_ = false;
  bool empty_ = false;  ///< TreeEmpty was read, or waits in pending_
  bool lost_ = false;
};

}  // namespace

std::unique_ptr<Child> make_local_child(LocalChildParts parts) { return std::make_unique<LocalChild>(std::move(parts)); }

}  // namespace ts::process
