#pragma once

#include <signal.h>
#include <sys/types.h>

#include <array>
#include <cstdint>

namespace ts::process {

/// The signal state that this process was started with. An agent starts with the same.
struct InheritedSignals {
  sigset_t mask;
  sigset_t ignored;

  /// As it is now: to be called before any signal is set up.
  [[nodiscard]] static InheritedSignals capture();
};

/// Where a launch failed. In the child, but for `fork`.
enum class SpawnStage : std::uint32_t { none, fork, cgroup, folder, terminal, descriptors, exec };

/// All pointers are borrowed. Nothing here is copied after the fork.
struct SpawnPlan {
  const char* path = nullptr;
  const char* const* argv = nullptr;
  const char* const* env = nullptr;
  const char* cwd = nullptr;        ///< empty: stay
  std::array<int, 3> stdio{};       ///< each at least 3
  bool takes_terminal = false;      ///< its group becomes the foreground of the session's terminal, which is stdio[0]
  pid_t group = 0;                  ///< the process group to join; 0: one of its own
  int cgroup_fd = -1;               ///< folder to be born in; -1: none
  InheritedSignals signals{};
};

struct SpawnOutcome {
  pid_t pid = -1;  ///< -1: failed, nothing is left behind
  SpawnStage stage = SpawnStage::none;
  int error = 0;
};

/// Forks and executes; returns when the exec is done or failed. All of our descriptors but stdio stay out of the child.
[[nodiscard]] SpawnOutcome spawn(const SpawnPlan& plan);

}  // namespace ts::process
