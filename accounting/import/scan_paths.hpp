#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "accounting/import/scan.hpp"

namespace ts {

/// A regular file to look into.
struct FoundFile {
  std::string path;
  std::uint64_t bytes = 0;
  bool named = false;     ///< the user named it, so it is read whatever it is
  std::uint64_t device = 0, inode = 0;
  std::int64_t modified_ns = 0;
};

struct FoundFiles {
  std::vector<FoundFile> files;        ///< by path, each inode once
  std::vector<FileProblem> problems;   ///< by path
};

/// The regular files at and below `paths`. Links to files are followed, links to folders below a folder are not.
/// Devices, pipes and sockets are no files; named ones are problems.
[[nodiscard]] FoundFiles find_files(const std::vector<std::filesystem::path>& paths);

}  // namespace ts
