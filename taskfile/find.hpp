#pragma once

#include <filesystem>
#include <string_view>

#include "accounting/base/result.hpp"

namespace ts::taskfile {

/// The file that `--task` names: a path, or a task id that is looked for below `root` (hidden folders, build and dependency
/// folders left out; file names first, then the files' own ids).
/// Errors: not_found with what was looked at; ambiguous with the list when an id fits several files.
[[nodiscard]] Result<std::filesystem::path> resolve(std::string_view path_or_id, const std::filesystem::path& root);

/// The file that stood at `lost`, after a move or a renaming: the same name, else the same id, below the lost file's folder and then below
/// its project's root. Errors: not_found, ambiguous.
[[nodiscard]] Result<std::filesystem::path> find_moved(const std::filesystem::path& lost, std::string_view task_id);

/// The folder above `path` (or itself) that holds `.git`, else `path`.
[[nodiscard]] std::filesystem::path project_root(const std::filesystem::path& path);

}  // namespace ts::taskfile
