#pragma once

#include "taskfile/document.hpp"

namespace ts::taskfile {

/// The line where an unresolved merge begins; 0: there is none.
[[nodiscard]] int conflict_line(const Document& document);

/// Errors: conflict, with the line, where a merge is unresolved.
[[nodiscard]] Result<void> check_no_conflict(const Document& document);

}  // namespace ts::taskfile
