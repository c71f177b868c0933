#include "taskfile/write/pad.hpp"

#include <algorithm>

#include "taskfile/text/words.hpp"

namespace ts::taskfile {
namespace {

/// Characters, as far as they take a column each.
std::size_t width(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
}

/// Whether a neighbour row has a pipe at the column where this cell ends.
bool is_aligned(const Document& document, int line, std::size_t column) {
  for (const int neighbour : {line - 1, line + 1}) {
    if (neighbour < 1 || neighbour > document.line_count()) continue;
    const std::string_view text = document.line(neighbour);
    if (!trim(text).starts_with("|")) continue;
    std::size_t at = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
      const bool starts = (static_cast<unsigned char>(text[i]) & 0xc0) != 0x80;
      if (starts && at++ == column && text[i] == '|') return true;
    }
  }
  return false;
}

}  // namespace

Edit padded(const Document& document, Edit edit) {
  const Line& info = document.line_info(edit.line);
  if (!trim(document.text(info.text)).starts_with("|")) return edit;
  const std::string_view rest = document.text({edit.range.end, info.text.end});
  const std::size_t blanks = std::min(rest.find_first_not_of(' '), rest.size());
  if (blanks == rest.size() || rest[blanks] != '|') return edit;
  if (edit.range.size() == 0 && blanks == 0) edit.text += ' ';
  const std::size_t old_width = width(document.text(edit.range));
  const std::size_t new_width = width(edit.text);
  const std::size_t pipe = width(document.text({info.text.begin, edit.range.end + blanks}));
  if (!is_aligned(document, edit.line, pipe)) {
    if (edit.range.size() == 0 && blanks > 1) edit.range.end += blanks - 1;  // of an empty cell one blank stays before the pipe
    return edit;
  }
  if (new_width > old_width) {
    const std::size_t keep = blanks > 1 ? 1 : blanks;
    edit.range.end += std::min(new_width - old_width, blanks - keep);
  } else {
    edit.text.append(old_width - new_width, ' ');
  }
  return edit;
}

}  // namespace ts::taskfile
