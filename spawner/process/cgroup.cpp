#include "spawner/process/cgroup.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <optional>
#include <sstream>

namespace ts::process {
namespace {

constexpr std::string_view kFolderPrefix = "tracked-spawn-";

Error unsupported(std::string message) { return {Errc::unsupported, std::move(message)}; }

std::string read_at(int folder, const char* name) {
  const UniqueFd fd(::openat(folder, name, O_RDONLY | O_CLOEXEC));
  std::string text;
  char buffer[4096];
  ssize_t size = 0;
  while (fd && (size = ::read(fd.get(), buffer, sizeof buffer)) > 0) text.append(buffer, static_cast<std::size_t>(size));
  return text;
}

std::string read_file(const char* path) { return read_at(AT_FDCWD, path); }

/// mountinfo writes blank, tab, line end and backslash as \ooo.
std::string unescaped(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    unsigned value = 0;
    if (text[i] == '\\' && i + 3 < text.size() &&
        std::from_chars(text.data() + i + 1, text.data() + i + 4, value, 8).ptr == text.data() + i + 4) {
      out += static_cast<char>(value);
      i += 3;
    } else {
      out += text[i];
    }
  }
  return out;
}

struct Mount {
  std::string root;   ///< which folder of the file system is mounted
  std::string point;  ///< where
};

std::optional<Mount> cgroup2_mount(std::string_view mountinfo) {
  std::istringstream lines{std::string(mountinfo)};
  for (std::string line; std::getline(lines, line);) {
    const auto dash = line.find(" - ");
    if (dash == std::string::npos || line.compare(dash + 3, 8, "cgroup2 ") != 0) continue;
    std::istringstream words(line);
    std::string id, parent, device;
    Mount mount;
    words >> id >> parent >> device >> mount.root >> mount.point;
    return Mount{unescaped(mount.root), unescaped(mount.point)};
  }
  return std::nullopt;
}

std::optional<std::string> cgroup2_path(std::string_view cgroup) {
  std::istringstream lines{std::string(cgroup)};
  for (std::string line; std::getline(lines, line);)
    if (line.starts_with("0::/")) return line.substr(3);
  return std::nullopt;
}

void append_members(int folder, std::vector<pid_t>& out) {
  std::istringstream lines(read_at(folder, "cgroup.procs"));
  for (pid_t pid = 0; lines >> pid;)
    if (pid > 0) out.push_back(pid);
}

/// Calls `visit(folder fd)` for all folders below, deepest first; `after(parent fd, name)` when one is done.
template <class Visit, class After>
void walk_below(int folder, const Visit& visit, const After& after) {
  const int copy = ::openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  DIR* dir = copy < 0 ? nullptr : ::fdopendir(copy);
  if (dir == nullptr) return;
  while (const dirent* entry = ::readdir(dir)) {
    if (entry->d_type != DT_DIR || entry->d_name[0] == '.') continue;
    const UniqueFd child(::openat(folder, entry->d_name, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!child) continue;
    walk_below(child.get(), visit, after);
    visit(child.get());
    after(folder, entry->d_name);
  }
  ::closedir(dir);
}

/// The lock that tells remove_abandoned() of a living owner. False: the folder was taken away before it was ours.
bool lock_for_good(int folder, const std::string& path) {
  struct stat ours {};
  struct stat there {};
  if (::flock(folder, LOCK_SH) != 0) return true;  // no locks here: then nobody cleans up either
  return ::fstat(folder, &ours) == 0 && ::stat(path.c_str(), &there) == 0 && ours.st_ino == there.st_ino;
}

bool has_subfolders(int folder) {
  struct stat info {};
  return ::fstat(folder, &info) != 0 || info.st_nlink != 2;
}

}  // namespace

Result<std::string> own_cgroup_folder(std::string_view mountinfo, std::string_view cgroup) {
  const auto mount = cgroup2_mount(mountinfo);
  if (!mount) return unsupported("no cgroup v2 file system is mounted (/proc/self/mountinfo)");
  const auto path = cgroup2_path(cgroup);
  if (!path) return unsupported("/proc/self/cgroup names no cgroup v2");
  if (path->starts_with("/..")) return unsupported(fmt::format("our cgroup {} lies outside of this cgroup namespace", *path));
  std::string_view below = *path;
  if (mount->root != "/") {
    if (!below.starts_with(mount->root)) return unsupported(fmt::format("our cgroup {} is not below {}", *path, mount->point));
    below.remove_prefix(mount->root.size());
  }
  return below == "/" || below.empty() ? mount->point : fmt::format("{}{}", mount->point, below);
}

Result<std::string> own_cgroup_folder() {
  return own_cgroup_folder(read_file("/proc/self/mountinfo"), read_file("/proc/self/cgroup"));
}

Result<RunCgroup> RunCgroup::create(std::string_view name) {
  TS_TRY(const auto parent, own_cgroup_folder());
  const auto plain = fmt::format("{}/{}{}", parent, kFolderPrefix, name);
  for (const auto& path : {plain, fmt::format("{}-{}", plain, ::getpid())}) {
    if (::mkdir(path.c_str(), 0755) == 0) {
      auto made = opened(path);
      if (made.has_value() || path != plain) return made;
      continue;
    }
    if (errno != EEXIST) return unsupported(errno_error(fmt::format("{}: can't be made", path), errno).message);
  }
  return unsupported(fmt::format("{}: exists already", plain));
}

Result<RunCgroup> RunCgroup::opened(std::string path) {
  UniqueFd folder(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!folder || !lock_for_good(folder.get(), path)) return unsupported(fmt::format("{}: taken away by another process", path));
  if (::faccessat(folder.get(), "cgroup.kill", W_OK, 0) == 0) return RunCgroup(std::move(folder), std::move(path));
  ::rmdir(path.c_str());
  return unsupported(fmt::format("{}: no cgroup.kill (needs Linux 5.14)", path));
}

/// Whoever gets the exclusive lock knows that the run's tracked-spawn and its warden are gone.
bool RunCgroup::is_abandoned(int folder) {
  return ::flock(folder, LOCK_EX | LOCK_NB) == 0 && read_at(folder, "cgroup.events").find("populated 0") != std::string::npos;
}

std::size_t RunCgroup::remove_abandoned() {
  const auto parent = own_cgroup_folder();
  DIR* dir = parent.has_error() ? nullptr : ::opendir(parent->c_str());
  std::vector<std::string> names;
  while (const dirent* entry = dir != nullptr ? ::readdir(dir) : nullptr)
    if (std::string_view(entry->d_name).starts_with(kFolderPrefix)) names.emplace_back(entry->d_name);
  if (dir != nullptr) ::closedir(dir);
  return static_cast<std::size_t>(std::count_if(names.begin(), names.end(), [&](const std::string& name) {
    auto path = fmt::format("{}/{}", *parent, name);
    UniqueFd folder(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW));
    return folder && is_abandoned(folder.get()) && !adopt(std::move(folder), std::move(path)).remove().has_error();
  }));
}

RunCgroup RunCgroup::adopt(UniqueFd folder_fd, std::string path) { return {std::move(folder_fd), std::move(path)}; }

Result<void> RunCgroup::kill() const {
  const UniqueFd fd(::openat(folder_.get(), "cgroup.kill", O_WRONLY | O_CLOEXEC));
  if (!fd || ::write(fd.get(), "1", 1) != 1) return errno_error(fmt::format("{}/cgroup.kill", path_), errno);
  return {};
}

std::vector<pid_t> RunCgroup::members() const {
  std::vector<pid_t> pids;
  append_members(folder_.get(), pids);
  if (has_subfolders(folder_.get()))
    walk_below(folder_.get(), [&](int folder) { append_members(folder, pids); }, [](int, const char*) {});
  return pids;
}

bool RunCgroup::populated() const {
  return read_at(folder_.get(), "cgroup.events").find("populated 1") != std::string::npos;
}

Result<void> RunCgroup::remove() const {
  if (::rmdir(path_.c_str()) == 0 || errno == ENOENT) return {};
  if (has_subfolders(folder_.get()))
    walk_below(folder_.get(), [](int) {}, [](int parent, const char* name) { ::unlinkat(parent, name, AT_REMOVEDIR); });
  if (::rmdir(path_.c_str()) == 0 || errno == ENOENT) return {};
  return errno_error(path_, errno);
}

}  // namespace ts::process
