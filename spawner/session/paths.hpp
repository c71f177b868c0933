#pragma once

#include <filesystem>
#include <string>

#include "accounting/base/result.hpp"
#include "spawner/agents/profile.hpp"

namespace ts::session {

/// `$XDG_STATE_HOME`, else `$HOME/.local/state`. Errors: not_found if neither is set (or not absolute).
[[nodiscard]] Result<std::string> state_home(const agents::Environment& env);

/// `<state home>/tracked-spawn/ledger.db`.
[[nodiscard]] std::filesystem::path ledger_path(const std::string& state_home);

/// `<state home>/tracked-spawn/runs`.
[[nodiscard]] std::filesystem::path runs_folder(const std::string& state_home);

/// A writable place for a run whose state home can't be written: `$TMPDIR` or /tmp, below `tracked-spawn-<uid>`, mode 0700 and ours.
/// Errors: permission_denied if somebody else owns it.
[[nodiscard]] Result<std::string> fallback_state_home(const agents::Environment& env);

}  // namespace ts::session
