#include "spawner/process/proc_scan.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/wait.h>

#include <algorithm>
#include <charconv>
#include <memory>
#include <string>
#include <unordered_set>

#include "spawner/process/unique_fd.hpp"

namespace ts::process {
namespace {

constexpr pid_t kPidLimit = 1 << 22;     // PID_MAX_LIMIT of 64-bit Linux
constexpr pid_t kProbedFirst = 1 << 15;  // descendants mostly have pids a little above the agent's

struct DirCloser {
  void operator()(DIR* dir) const { ::closedir(dir); }
};
using Dir = std::unique_ptr<DIR, DirCloser>;

bool read_whole(const char* path, std::string& out) {
  UniqueFd fd(::open(path, O_RDONLY | O_CLOEXEC));
  if (!fd) return false;
  out.clear();
  char buffer[4096];
  ssize_t size = 0;
  while ((size = ::read(fd.get(), buffer, sizeof buffer)) > 0) out.append(buffer, static_cast<std::size_t>(size));
  return size == 0;
}

std::optional<pid_t> to_pid(std::string_view text) {
  pid_t pid = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), pid);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return pid;
}

/// The next word of `text`, cut off its front.
std::string_view next_word(std::string_view& text) {
  const auto begin = std::min(text.find_first_not_of(" \n"), text.size());
  const auto end = std::min(text.find_first_of(" \n", begin), text.size());
  const auto word = text.substr(begin, end - begin);
  text.remove_prefix(end);
  return word;
}

bool has_children_files() {
  static const bool known = ::access("/proc/thread-self/children", R_OK) == 0;
  return known;
}

void append_children_of_thread(pid_t pid, const char* tid, std::string& buffer, std::vector<pid_t>& out) {
  char path[96];
  *fmt::format_to_n(path, sizeof path - 1, "/proc/{}/task/{}/children", pid, tid).out = '\0';
  if (!read_whole(path, buffer)) return;
  std::string_view rest = buffer;
  for (auto word = next_word(rest); !word.empty(); word = next_word(rest))
    if (const auto child = to_pid(word)) out.push_back(*child);
}

/// Children hang on the thread that forked them.
void append_children(pid_t pid, std::string& buffer, std::vector<pid_t>& out) {
  char path[64];
  *fmt::format_to_n(path, sizeof path - 1, "/proc/{}/task", pid).out = '\0';
  const Dir tasks(::opendir(path));
  if (!tasks) return;
  while (const dirent* entry = ::readdir(tasks.get()))
    if (entry->d_name[0] != '.') append_children_of_thread(pid, entry->d_name, buffer, out);
}

std::vector<pid_t> by_children_files(pid_t root) {
  std::vector<pid_t> found;
  std::unordered_set<pid_t> seen{root};
  std::string buffer;
  append_children(root, buffer, found);
  for (std::size_t i = 0; i < found.size(); ++i) {
    if (!seen.insert(found[i]).second) {  // moved while we looked: seen twice
      found.erase(found.begin() + static_cast<std::ptrdiff_t>(i--));
      continue;
    }
    append_children(found[i], buffer, found);
  }
  return found;
}

bool is_child(pid_t pid) {
  siginfo_t info{};
  return ::waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED | WNOHANG | WNOWAIT) == 0;
}

std::vector<pid_t> children_between(pid_t begin, pid_t end) {
  std::vector<pid_t> found;
  for (pid_t pid = std::max(begin, 1); pid < std::min(end, kPidLimit); ++pid)
    if (is_child(pid)) found.push_back(pid);
  return found;
}

std::vector<ProcStat> all_processes() {
  std::vector<ProcStat> all;
  const Dir proc(::opendir("/proc"));
  while (const dirent* entry = proc ? ::readdir(proc.get()) : nullptr)
    if (const auto pid = to_pid(entry->d_name))
      if (const auto stat = read_proc_stat(*pid)) all.push_back(*stat);
  return all;
}

std::vector<pid_t> by_parent_column(pid_t root) {
  const auto all = all_processes();
  std::vector<pid_t> found;
  const auto append = [&](pid_t parent) {
    for (const auto& process : all)
      if (process.parent == parent) found.push_back(process.pid);
  };
  append(root);
  for (std::size_t i = 0; i < found.size(); ++i) append(found[i]);
  return found;
}

}  // namespace

std::optional<ProcStat> parse_proc_stat(std::string_view text) {
  const auto open = text.find(" (");
  const auto close = text.rfind(") ");
  if (open == std::string_view::npos || close == std::string_view::npos || close < open) return std::nullopt;
  ProcStat stat;
  const auto pid = to_pid(text.substr(0, open));
  text.remove_prefix(close + 2);
  const auto state = next_word(text);
  const auto parent = to_pid(next_word(text));
  if (!pid || !parent || state.size() != 1) return std::nullopt;
  for (int field = 5; field < 22; ++field) next_word(text);
  const auto start = next_word(text);
  if (std::from_chars(start.data(), start.data() + start.size(), stat.start_ticks).ec != std::errc{}) return std::nullopt;
  stat.pid = *pid;
  stat.state = state[0];
  stat.parent = *parent;
  return stat;
}

std::optional<ProcStat> read_proc_stat(pid_t pid) {
  char path[64];
  *fmt::format_to_n(path, sizeof path - 1, "/proc/{}/stat", pid).out = '\0';
  std::string text;
  if (!read_whole(path, text)) return std::nullopt;
  return parse_proc_stat(text);
}

Result<std::vector<pid_t>> scan_descendants(pid_t root) {
  if (has_children_files()) return by_children_files(root);
  if (!read_proc_stat(::getpid())) return Error{Errc::unsupported, "/proc is not mounted: descendants can't be listed"};
  return by_parent_column(root);
}

std::vector<pid_t> probe_children(pid_t near) {
  auto found = children_between(near, near + kProbedFirst);
  return found.empty() ? children_between(1, kPidLimit) : found;
}

std::vector<pid_t> alive_of(const std::vector<pid_t>& pids) {
  std::vector<pid_t> alive;
  for (const pid_t pid : pids) {
    const auto stat = read_proc_stat(pid);
    if (stat && stat->state != 'Z' && stat->state != 'X') alive.push_back(pid);
  }
  return alive;
}

}  // namespace ts::process
