#pragma once

#include <chrono>
#include <filesystem>

#include "spawner/control/protocol.hpp"

namespace ts::control {

/// An AF_UNIX path may have 107 bytes; a run folder may be deeper. Binding and connecting go through /proc/self/fd of the
/// folder where the path is too long. Errors: io, too_large where /proc is missing too.
///
/// A listening socket at `path`, mode 0600, non-blocking, close-on-exec. Ownership: the caller closes the descriptor.
[[nodiscard]] Result<int> listen_at(const std::filesystem::path& path);

/// Asks a live run and waits for its answer, at most `wait`.
/// Errors: not_found (no such run is alive), busy (it hung up: it has too many callers, or ends), timed_out, permission_denied, invalid_argument (an answer of another version).
[[nodiscard]] Result<Answer> ask(const std::filesystem::path& path, const Request& request, std::chrono::milliseconds wait);

}  // namespace ts::control
