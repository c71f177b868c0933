#pragma once

#include <filesystem>

#include "accounting/base/result.hpp"

namespace ts::ledger {

/// The ledger file exists; nothing is created.
/// Errors: not_found (there is no ledger yet), invalid_argument (not a file), permission_denied.
[[nodiscard]] Result<void> require_ledger_file(const std::filesystem::path& path);

/// Creates what is missing: the folders (0700) and an empty file (0600). What exists keeps its mode.
/// Errors: permission_denied, no_space, invalid_argument (something else stands there), io; they name the
/// folder.
[[nodiscard]] Result<void> make_ledger_file(const std::filesystem::path& path);

/// "There is no ledger yet", and which command makes one.
[[nodiscard]] Error no_ledger_error(const std::filesystem::path& path);

}  // namespace ts::ledger
