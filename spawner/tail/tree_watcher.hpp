#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace ts::tail {

/// Watches the files below some roots with inotify. Folders that appear later are watched and looked through, so that no file is
/// missed; where watches run out it says so and leaves it to its user to call walk().
class TreeWatcher {
 public:
  /// A file below a root that may be new or may have changed.
  using OnFile = std::function<void(const std::string& path)>;

  explicit TreeWatcher(OnFile on_file);
  ~TreeWatcher();
  TreeWatcher(const TreeWatcher&) = delete;
  TreeWatcher& operator=(const TreeWatcher&) = delete;

  /// Watches `root` and `depth` levels of folders below it, and reports all files that stand there. A root that does not exist yet
  /// is looked for again by walk_missing().
  void add_root(std::string root, int depth);
  /// Reads what inotify has to say. Never blocks.
  void drain();
  /// Goes through all roots, adds watches where they are missing, reports every file.
  void walk();
  /// The same for roots that did not exist before; costs a stat each.
  void walk_missing();

  [[nodiscard]] int fd() const { return fd_; }
  /// True: some folder could not be watched.
  [[nodiscard]] bool limited() const { return limited_; }
  [[nodiscard]] std::size_t watches() const { return folders_.size(); }

 private:
  struct Root {
    std::string path;
    int depth = 0;
    bool found = false;
  };
  struct Folder {
    std::string path;
    int depth = 0;  ///< levels below it that still matter
  };
  bool enter(const std::string& path, int depth);
  void on_event(int watch, unsigned int mask, std::string_view name);

  OnFile on_file_;
  int fd_;
  bool limited_ = false;
  std::vector<Root> roots_;
  std::unordered_map<int, Folder> folders_;
};

}  // namespace ts::tail
