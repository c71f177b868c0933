#include "taskfile/markdown/conflict.hpp"

#include <fmt/format.h>

namespace ts::taskfile {

int conflict_line(const Document& document) {
  int begin = 0;
  bool middle = false;
  for (int number = 1; number <= document.line_count(); ++number) {
    const std::string_view line = document.line(number);
    if (line.starts_with("<<<<<<< ")) {
      begin = number;
      middle = false;
    }
    if (begin != 0 && line == "=======") middle = true;
    if (middle && line.starts_with(">>>>>>> ")) return begin;
  }
  return 0;
}

Result<void> check_no_conflict(const Document& document) {
  if (const int line = conflict_line(document))
    return Error{Errc::conflict, fmt::format("line {}: unresolved merge conflict; resolve it, then write again", line)};
  return {};
}

}  // namespace ts::taskfile
