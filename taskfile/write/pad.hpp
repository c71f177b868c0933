#pragma once

#include "taskfile/plan.hpp"

namespace ts::taskfile {

/// `edit` of a value in a table cell, changed so that the pipes of an aligned table stay where they are: blanks behind the value are
/// taken or given. An edit elsewhere, or one that needs more room than there is, is returned with what fits.
[[nodiscard]] Edit padded(const Document& document, Edit edit);

}  // namespace ts::taskfile
