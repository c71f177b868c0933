#pragma once

#include <string>
#include <string_view>

#include "accounting/base/result.hpp"

namespace ts::process {

/// The path that execve(2) gets for `program`, found as execvp(3) finds it: with a slash it is the path; else the first executable
/// regular file in `path` (an empty element is the current folder). Relative paths are looked at from `cwd` (empty: ours).
/// Errors: not_found (nothing of that name), permission_denied (found, but a directory or not executable); both list what was tried.
[[nodiscard]] Result<std::string> find_program(std::string_view program, std::string_view path, std::string_view cwd);

}  // namespace ts::process
