#pragma once

#include <vector>

#include "taskfile/document.hpp"

namespace ts::taskfile {

/// Inclusive line numbers of a fenced block, its fence lines included. `closed` is false if the document ends first.
struct FencedBlock {
  int first = 0;
  int last = 0;
  bool closed = true;
  int depth = 1;  ///< 2 and more: fences stand inside it
  friend bool operator==(const FencedBlock&, const FencedBlock&) = default;
};

/// Whether `line` could open or close a fenced block.
[[nodiscard]] bool is_fence_line(std::string_view line);

/// Fenced blocks as people nest them: inside a block, a fence with an info string opens an inner one, which the next bare fence
/// closes. A strict CommonMark reader takes that bare fence for the end of the outer block. Only outermost blocks are returned.
[[nodiscard]] std::vector<FencedBlock> nested_fences(const Document& document, int first_line);

}  // namespace ts::taskfile
