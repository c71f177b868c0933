#include "spawner/process/process_tree.hpp"

#include <sys/syscall.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <iterator>
#include <utility>

#include "spawner/process/proc_scan.hpp"

namespace ts::process {
namespace {

constexpr std::size_t kPinnedAtOnce = 256;  // well below the usual 1,024 descriptors
constexpr int kFreezePasses = 32;           // a storm that outruns this is fought by the next round

int pidfd_open(pid_t pid) { return static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)); }

int pidfd_send_signal(int fd, int signal_number) {
  return static_cast<int>(::syscall(SYS_pidfd_send_signal, fd, signal_number, nullptr, 0));
}

std::vector<pid_t> missing_in(const std::vector<pid_t>& known, const std::vector<pid_t>& now) {
  std::vector<pid_t> fresh;
  std::set_difference(now.begin(), now.end(), known.begin(), known.end(), std::back_inserter(fresh));
  return fresh;
}

bool is_stopped(pid_t pid) {
  const auto stat = read_proc_stat(pid);
  return stat && (stat->state == 'T' || stat->state == 't');
}

}  // namespace

std::vector<pid_t> ProcessTree::all() const {
  std::vector<pid_t> pids;
  if (auto below = scan_descendants(root_)) pids = std::move(below).value();
  if (cgroup_) {
    const auto members = cgroup_->members();
    pids.insert(pids.end(), members.begin(), members.end());
  }
  std::sort(pids.begin(), pids.end());
  pids.erase(std::unique(pids.begin(), pids.end()), pids.end());
  return pids;
}

std::vector<pid_t> ProcessTree::alive() const { return alive_of(all()); }

void ProcessTree::signal_verified(const std::vector<pid_t>& pids, int signal_number) const {
  for (std::size_t begin = 0; begin < pids.size(); begin += kPinnedAtOnce) {
    const std::size_t end = std::min(begin + kPinnedAtOnce, pids.size());
    std::vector<std::pair<pid_t, UniqueFd>> pinned;
    for (std::size_t i = begin; i < end; ++i) {
      UniqueFd fd(pidfd_open(pids[i]));
      if (fd || errno == ENOSYS || errno == EPERM) pinned.emplace_back(pids[i], std::move(fd));
    }
    const auto now = all();
    for (const auto& [pid, fd] : pinned) {
      if (!std::binary_search(now.begin(), now.end(), pid)) continue;
      if (fd) pidfd_send_signal(fd.get(), signal_number);
      else ::kill(pid, signal_number);  // Linux before 5.3: seen in the tree just now is all there is to go by
    }
  }
}

std::size_t ProcessTree::signal(int signal_number) const {
  const auto targets = alive();
  signal_verified(targets, signal_number);
  std::vector<pid_t> stopped;
  if (signal_number != SIGSTOP && signal_number != SIGKILL)
    std::copy_if(targets.begin(), targets.end(), std::back_inserter(stopped), is_stopped);
  if (!stopped.empty()) signal_verified(stopped, SIGCONT);
  return targets.size();
}

void ProcessTree::freeze() const {
  std::vector<pid_t> frozen;
  for (int pass = 0; pass < kFreezePasses; ++pass) {
    auto now = all();
    const auto fresh = missing_in(frozen, now);
    if (fresh.empty()) return;
    signal_verified(fresh, SIGSTOP);
    frozen = std::move(now);
  }
}

/// A child of ours keeps its pid until we reap it, so none of these can be a stranger's.
void ProcessTree::kill_children() const {
  for (const pid_t pid : probe_children(root_)) ::kill(pid, SIGKILL);
}

void ProcessTree::sweep() const {
  if (cgroup_) static_cast<void>(cgroup_->kill());
  if (root_ == ::getpid() && scan_descendants(root_).has_error()) return kill_children();
  freeze();
  signal_verified(all(), SIGKILL);
}

}  // namespace ts::process
