#pragma once

#include <string_view>
#include <vector>

#include "taskfile/markdown/fences.hpp"

namespace ts::taskfile {

/// What cmark-gfm says about a text. Lines count from 1 at the start of that text.
struct CommonMark {
  struct Head {
    int line = 0;
    int level = 1;
  };
  std::vector<Head> headings;
  std::vector<FencedBlock> fences;
};

[[nodiscard]] CommonMark parse_commonmark(std::string_view text);

}  // namespace ts::taskfile
