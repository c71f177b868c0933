#pragma once

#include <string>
#include <vector>

#include "taskfile/document.hpp"

namespace ts::taskfile {

/// What a line of a task file is to the reader.
enum class LineKind {
  text,
  fence,         ///< opens or closes a fenced block
  fenced,        ///< inside a fenced block
  comment,       ///< wholly inside an HTML comment
  front_matter,  ///< YAML between the `---` lines at the top, those included
  runs,          ///< the marked block of measured runs, its markers included
};

struct Heading {
  int line = 0;
  int level = 1;
  std::string text;   ///< as written, without the marks
  std::string label;  ///< label_of(text)
  int parent = -1;    ///< index of the heading that this one stands under; -1: none
};

/// Where the parts of a document are. Lines are numbered from 1; `kinds[0]` and `section[0]` are unused.
struct Structure {
  std::vector<LineKind> kinds;
  std::vector<Heading> headings;
  std::vector<int> section;        ///< per line: index of the heading that it stands under (itself for a heading line); -1: none
  int front_matter = 0;            ///< lines of front matter, both `---` lines included; 0: none
  std::vector<std::string> notes;  ///< why the Markdown parser's word was not taken

  [[nodiscard]] LineKind kind(int line) const { return kinds[static_cast<std::size_t>(line)]; }
  [[nodiscard]] int section_of(int line) const { return section[static_cast<std::size_t>(line)]; }
};

/// The markers around the block that lists measured runs.
inline constexpr std::string_view kRunsBegin = "<!-- tracked-spawn:runs -->";
inline constexpr std::string_view kRunsEnd = "<!-- /tracked-spawn:runs -->";

/// Structure by cmark-gfm; by lines where a strict reader errs (nested fences) or the text is too large for it.
[[nodiscard]] Structure structure_of(const Document& document);

/// Per line number: whether it stands inside a closed fence, so that a marker there is only quoted. Index 0 is unused.
[[nodiscard]] std::vector<bool> quoted_lines(const Document& document);

}  // namespace ts::taskfile
