#pragma once

#include <chrono>
#include <csignal>
#include <vector>

namespace ts::process {

/// One step of a stop: the signal that every process of the tree gets, and how long it has before the next rung.
struct StopRung {
  int signal = SIGTERM;
  std::chrono::milliseconds grace{0};
  friend bool operator==(const StopRung&, const StopRung&) = default;
};

/// How a tree is stopped, as data. The last rung is always SIGKILL: `kill_tree()`, which sweeps until no process is left.
/// The grace of the last rung is how long the caller waits for TreeEmpty before it reports survivors.
struct StopLadder {
  std::vector<StopRung> rungs{{SIGTERM, std::chrono::seconds(5)}, {SIGKILL, std::chrono::seconds(2)}};
  friend bool operator==(const StopLadder&, const StopLadder&) = default;
};

/// SIGKILL at once.
[[nodiscard]] inline StopLadder immediate_ladder() { return {{{SIGKILL, std::chrono::seconds(2)}}}; }

}  // namespace ts::process
