#pragma once

#include <optional>
#include <string>

#include "taskfile/plan.hpp"
#include "taskfile/write/run_block.hpp"

namespace ts::taskfile {

/// What the file's fields are filled from.
struct FieldSource {
  RunTotals totals;
  std::optional<Tokens> estimate_high;  ///< absent or zero: no variance
};

/// The text that `field` shall get, in the manner of the placeholder that stands there ("X min" → "3 min"). Absent: the part is not known.
[[nodiscard]] std::optional<std::string> rendered(const Field& field, const FieldSource& source);

/// Whether `field` holds what an earlier write made of `before`; then the new text in the same manner. Absent: it is somebody else's.
[[nodiscard]] std::optional<std::string> rendered_again(const Field& field, const FieldSource& before, const FieldSource& after);

/// (actual − estimate) / estimate in whole percent. The estimate is not zero.
[[nodiscard]] std::int64_t variance_percent(Tokens actual, Tokens estimate);

}  // namespace ts::taskfile
