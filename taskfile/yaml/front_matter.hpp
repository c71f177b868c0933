#pragma once

#include <string>
#include <vector>

#include "taskfile/document.hpp"
#include "taskfile/patterns.hpp"
#include "taskfile/reading.hpp"

namespace ts::taskfile {

/// One scalar of the front matter that stands on its key's line.
struct YamlEntry {
  std::string path;  ///< keys joined by '.', in lower case: "token_budget.estimated"
  int line = 0;
  ByteRange value;   ///< without quotes and comment; empty for `key:`
  bool quoted = false;
};

struct FrontMatter {
  std::vector<YamlEntry> entries;
  std::string note;  ///< why the YAML parser's word was not taken; empty: it was
};

/// The front matter in lines [1, last], the `---` lines included. By yaml-cpp; line by line where that refuses the text.
[[nodiscard]] FrontMatter front_matter_of(const Document& document, int last);

/// What the front matter says, put into `reading`: names, estimate, cap, points, fields of measured numbers.
void read_front_matter(const Document& document, const FrontMatter& front, const Patterns& patterns, Reading& reading);

}  // namespace ts::taskfile
