#pragma once

#include <sys/types.h>

#include "accounting/base/result.hpp"
#include "spawner/process/spawn.hpp"
#include "spawner/process/unique_fd.hpp"

namespace ts::process {

/// Which session a warden belongs to before it gets its order.
enum class WardenSession {
  launchers,  ///< it may start an agent in the launcher's group; for other agents it makes a session of its own first
  own,        ///< made in good time: the scheduler puts a new session behind the others (autogroup), which the launch would wait for
};

/// The launcher's end of a warden.
struct WardenLink {
  pid_t pid = 0;
  WardenSession session = WardenSession::launchers;
  UniqueFd socket;  ///< SOCK_SEQPACKET, speaks wire.hpp. When it closes, for whatever reason, the warden ends the tree and itself.
};

/// Forks a warden: a small process that blocks in poll, is the agent's parent and the subreaper of all its descendants, and outlives us
/// for as long as it takes to end them. It holds none of our descriptors.
[[nodiscard]] Result<WardenLink> fork_warden(const InheritedSignals& signals, WardenSession session);

}  // namespace ts::process
