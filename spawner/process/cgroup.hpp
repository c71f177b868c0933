#pragma once

#include <sys/types.h>

#include <string>
#include <string_view>
#include <vector>

#include "accounting/base/result.hpp"
#include "spawner/process/unique_fd.hpp"

namespace ts::process {

/// The folder of our own cgroup v2, from the texts of /proc/self/mountinfo and /proc/self/cgroup.
/// Errors: unsupported (not mounted, or our cgroup lies outside of what is mounted here), with the reason.
[[nodiscard]] Result<std::string> own_cgroup_folder(std::string_view mountinfo, std::string_view cgroup);

/// The same, read from /proc.
[[nodiscard]] Result<std::string> own_cgroup_folder();

/// A cgroup v2 of a run's own, below ours. It is not removed by the destructor: the warden does that when the tree is empty.
class RunCgroup {
 public:
  /// Makes `<our cgroup>/tracked-spawn-<name>` and opens it.
  /// Errors: unsupported with the reason: no cgroup v2, not writable, a kernel without cgroup.kill (before 5.14).
  [[nodiscard]] static Result<RunCgroup> create(std::string_view name);

  /// Removes what runs have left below our cgroup whose tracked-spawn and warden were both killed: folders that nobody holds open and
  /// that hold no process. Returns how many. Safe beside live runs: each holds a lock on its folder.
  static std::size_t remove_abandoned();

  /// Over a folder that is open already (what the warden gets). Takes `folder_fd`.
  [[nodiscard]] static RunCgroup adopt(UniqueFd folder_fd, std::string path);

  [[nodiscard]] int folder_fd() const { return folder_.get(); }
  [[nodiscard]] const std::string& path() const { return path_; }

  /// SIGKILL for every process in it and below, atomically: no fork gets away.
  Result<void> kill() const;
  /// Live processes in it and below. Zombies are not listed.
  [[nodiscard]] std::vector<pid_t> members() const;
  /// False when no process is left in it and below (zombies don't count).
  [[nodiscard]] bool populated() const;
  /// Removes it with what the agent made below. Errors: busy while it is populated.
  Result<void> remove() const;

 private:
  [[nodiscard]] static Result<RunCgroup> opened(std::string path);
  [[nodiscard]] static bool is_abandoned(int folder);
  RunCgroup(UniqueFd folder, std::string path) : folder_(std::move(folder)), path_(std::move(path)) {}
  UniqueFd folder_;
  std::string path_;
};

}  // namespace ts::process
