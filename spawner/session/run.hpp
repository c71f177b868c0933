#pragma once

#include "spawner/session/console.hpp"
#include "spawner/session/options.hpp"

namespace ts::session {

/// The main job, whole: task → launch → meter and cap → ledger → task file. Gives the exit status of tracked-spawn.
/// Must be called while the process has one thread and no open database: it forks the warden first thing.
[[nodiscard]] int run(const RunOptions& options, const Surroundings& world, Console& console);

}  // namespace ts::session
