#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "accounting/import/file_usage.hpp"

namespace ts {

/// What becomes of a last line that has no end and isn't a whole object.
enum class TornLine {
  read,   ///< what is there of it counts
  leave,  ///< it is left for the next window, if the kind can be continued
};

/// From where to where a file is read.
struct WindowRequest {
  std::string agent = {};       ///< as in read_file_usage()
  std::uint64_t from = 0;       ///< a line's first byte; above 0: `kind` says what the file is
  std::uint64_t before = 0;     ///< hash_before() of `from` when it was read; a file that differs is read from its beginning
  std::string kind = {};        ///< FileWindow::kind of what was read before
  std::uint64_t bytes = UINT64_MAX;   ///< about so much, whole lines; only a kind that can be continued is cut
  TornLine torn = TornLine::read;
  bool named = false;           ///< read it whatever it is
};

/// A piece of a file.
struct FileWindow {
  FileUsage usage;
  std::string kind;             ///< dialect and source; ends in '+' if it can be continued at any line
  std::uint64_t next = 0;       ///< behind the last whole line
  std::uint64_t before = 0;     ///< hash_before() of `next`
  bool at_end = true;
  bool continued = false;       ///< began at WindowRequest::from
};

/// Reads a file of any known kind, or a piece of it. Absent: nothing is known of it. Errors: as read_file_usage().
[[nodiscard]] Result<std::optional<FileWindow>> read_window(const std::string& path, const WindowRequest& request);

}  // namespace ts
