#pragma once

#include <memory>

#include "spawner/process/child.hpp"

namespace ts::process {

/// Launches real children of this machine. Call it first thing in a run: before files, databases, signals are set up.
/// Forks the warden (small now, and busy starting while we prepare the run), remembers the signal mask and the ignored signals
/// for the agent, and makes this process a subreaper, so that a lost warden's orphans come here.
/// The warden ends by itself when the launcher is destroyed or this process dies.
/// Only the first launch() has a warden in stock; later ones fork their own.
[[nodiscard]] Result<std::unique_ptr<ChildLauncher>> prepare_local_launcher();

}  // namespace ts::process
