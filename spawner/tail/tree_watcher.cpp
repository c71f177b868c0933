#include "spawner/tail/tree_watcher.hpp"

#include <dirent.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>
#include <utility>

namespace ts::tail {

namespace {

constexpr unsigned int kMask = IN_CREATE | IN_MODIFY | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE | IN_CLOSE_WRITE | IN_ONLYDIR;

enum class EntryKind { folder, file, other };

EntryKind kind_of(const dirent& entry, const std::string& path) {
  if (entry.d_type == DT_DIR) return EntryKind::folder;
  if (entry.d_type == DT_REG) return EntryKind::file;
  if (entry.d_type != DT_UNKNOWN && entry.d_type != DT_LNK) return EntryKind::other;
  struct stat found {};
  if (::stat(path.c_str(), &found) != 0) return EntryKind::other;
  if (S_ISREG(found.st_mode)) return EntryKind::file;
  // A link to a folder can lead round in circles.
  return S_ISDIR(found.st_mode) && entry.d_type == DT_UNKNOWN ? EntryKind::folder : EntryKind::other;
}

struct CloseDir {
  void operator()(DIR* dir) const { ::closedir(dir); }
};

}  // namespace

TreeWatcher::TreeWatcher(OnFile on_file) : on_file_(std::move(on_file)), fd_(::inotify_init1(IN_NONBLOCK | IN_CLOEXEC)) {
  limited_ = fd_ < 0;
}

TreeWatcher::~TreeWatcher() {
  if (fd_ >= 0) ::close(fd_);
}

void TreeWatcher::add_root(std::string root, int depth) {
  roots_.push_back({std::move(root), depth, false});
  roots_.back().found = enter(roots_.back().path, depth);
}

void TreeWatcher::walk() {
  for (Root& root : roots_) root.found = enter(root.path, root.depth);
}

void TreeWatcher::walk_missing() {
  for (Root& root : roots_)
    if (!root.found) root.found = enter(root.path, root.depth);
}

// The watch comes first: what appears while the folder is read is then reported at least once.
bool TreeWatcher::enter(const std::string& path, int depth) {
  if (fd_ >= 0) {
    const int watch = ::inotify_add_watch(fd_, path.c_str(), kMask);
    if (watch >= 0) folders_.insert_or_assign(watch, Folder{path, depth});
    else if (errno == ENOSPC || errno == ENOMEM) limited_ = true;
  }
  const std::unique_ptr<DIR, CloseDir> dir(::opendir(path.c_str()));
  if (dir == nullptr) return false;
  while (const dirent* entry = ::readdir(dir.get())) {
    const std::string_view name = entry->d_name;
    if (name == "." || name == "..") continue;
    const std::string child = path + "/" + std::string(name);
    const EntryKind kind = kind_of(*entry, child);
    if (kind == EntryKind::file) on_file_(child);
    else if (kind == EntryKind::folder && depth > 0) enter(child, depth - 1);
  }
  return true;
}

void TreeWatcher::drain() {
  alignas(inotify_event) char buffer[16 * 1024];
  for (;;) {
    const ssize_t n = fd_ < 0 ? -1 : ::read(fd_, buffer, sizeof buffer);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return;
    for (const char* at = buffer; at < buffer + n;) {
      inotify_event event;
      std::memcpy(&event, at, sizeof event);
      const char* name = at + sizeof event;
      on_event(event.wd, event.mask, event.len > 0 ? std::string_view(name, ::strnlen(name, event.len)) : std::string_view{});
      at += sizeof event + event.len;
    }
  }
}

void TreeWatcher::on_event(int watch, unsigned int mask, std::string_view name) {
  if ((mask & IN_Q_OVERFLOW) != 0) {
    walk();
    return;
  }
  const auto found = folders_.find(watch);
  if (found == folders_.end()) return;
  if ((mask & IN_IGNORED) != 0) {
    for (Root& root : roots_)
      if (root.path == found->second.path) root.found = false;
    folders_.erase(found);
    return;
  }
  if (name.empty()) return;
  const Folder folder = found->second;
  const std::string path = folder.path + "/" + std::string(name);
  if ((mask & IN_ISDIR) == 0) on_file_(path);
  else if (folder.depth > 0) enter(path, folder.depth - 1);
}

}  // namespace ts::tail
