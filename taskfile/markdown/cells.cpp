#include "taskfile/markdown/cells.hpp"

#include "taskfile/text/words.hpp"

namespace ts::taskfile {
namespace {

/// Longer rows are split without regard to code spans, whose search is quadratic at worst.
constexpr std::size_t kCodeSpanLimit = 4096;

/// The position after the code span that opens at `at`; `at` + its marks if it does not close.
std::size_t after_code(std::string_view line, std::size_t at) {
  std::size_t marks = 0;
  while (at + marks < line.size() && line[at + marks] == '`') ++marks;
  const std::size_t close = line.find(line.substr(at, marks), at + marks);
  return close == std::string_view::npos ? at + marks : close + marks;
}

}  // namespace

std::vector<ByteRange> cells_of(std::string_view line) {
  std::vector<ByteRange> cells;
  std::size_t at = 0;
  while (at < line.size() && blank_at(line.substr(at)) != 0) at += blank_at(line.substr(at));
  if (at >= line.size() || line[at] != '|') return cells;
  std::size_t begin = ++at;
  while (at < line.size()) {
    if (line[at] == '\\') {
      at += 2;
    } else if (line[at] == '`' && line.size() <= kCodeSpanLimit) {
      at = after_code(line, at);
    } else if (line[at] == '|') {
      cells.push_back({begin, at});
      begin = ++at;
    } else {
      ++at;
    }
  }
  if (begin < line.size() && !trim(line.substr(begin)).empty()) cells.push_back({begin, line.size()});
  return cells;
}

bool is_delimiter_row(std::string_view line) {
  line = trim(line);
  return line.find('-') != std::string_view::npos && line.find('|') != std::string_view::npos &&
         line.find_first_not_of("|-: \t") == std::string_view::npos;
}

}  // namespace ts::taskfile
