#include "taskfile/markdown/structure.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "taskfile/markdown/commonmark.hpp"
#include "taskfile/markdown/fences.hpp"
#include "taskfile/text/words.hpp"

namespace ts::taskfile {
namespace {

/// Beyond this the Markdown parser's worst cases cost seconds; the line reader is linear.
constexpr std::size_t kCommonMarkLimit = std::size_t{512} << 10;

/// Number of lines of front matter, both `---` included; 0: there is none.
int front_matter_lines(const Document& document) {
  if (document.line_count() < 2 || trim(document.line(1)) != "---") return 0;
  for (int number = 2; number <= document.line_count(); ++number)
    if (const auto line = trim(document.line(number)); line == "---" || line == "...") return number;
  return 0;
}

void mark(Structure& structure, int first, int last, LineKind kind) {
  for (int line = first; line <= last; ++line) structure.kinds[static_cast<std::size_t>(line)] = kind;
}

void mark_fences(Structure& structure, const std::vector<FencedBlock>& blocks) {
  for (const FencedBlock& block : blocks) {
    mark(structure, block.first, block.last, LineKind::fenced);
    mark(structure, block.first, block.first, LineKind::fence);
    if (block.closed) mark(structure, block.last, block.last, LineKind::fence);
  }
}

/// Lines from `<!--` to `-->`, where these stand at the start and at the end of a line.
void mark_comments(const Document& document, Structure& structure) {
  int begin = 0;
  for (int number = 1; number <= document.line_count(); ++number) {
    const LineKind kind = structure.kind(number);
    if (kind != LineKind::text) continue;
    const std::string_view line = trim(document.line(number));
    if (begin == 0 && line.starts_with("<!--")) begin = number;
    if (begin == 0) continue;
    const std::size_t end = line.find("-->");
    if (end == std::string_view::npos) continue;
    if (trim(line.substr(end + 3)).empty()) mark(structure, begin, number, LineKind::comment);
    else if (number > begin) mark(structure, begin, number - 1, LineKind::comment);
    begin = 0;
  }
}

/// Lines inside closed fences, where the markers of the block are only quoted. Behind a fence that nobody closed they are meant.
std::vector<bool> quoted_by(const Document& document, const std::vector<FencedBlock>& blocks) {
  std::vector<bool> quoted(static_cast<std::size_t>(document.line_count()) + 1, false);
  for (const FencedBlock& block : blocks)
    if (block.closed) std::fill(quoted.begin() + block.first, quoted.begin() + block.last + 1, true);
  return quoted;
}

void mark_runs(const Document& document, const std::vector<bool>& quoted, Structure& structure) {
  int begin = 0;
  for (int number = 1; number <= document.line_count(); ++number) {
    if (quoted[static_cast<std::size_t>(number)]) continue;
    const std::string_view line = trim(document.line(number));
    if (begin == 0 && line == kRunsBegin) begin = number;
    if (begin != 0 && line == kRunsEnd) {
      mark(structure, begin, number, LineKind::runs);
      begin = 0;
    }
  }
  if (begin != 0) mark(structure, begin, document.line_count(), LineKind::runs);
}

int heading_level(std::string_view line) {
  const std::size_t marks = std::min(line.find_first_not_of('#'), line.size());
  if (marks == 0 || marks > 6) return 0;
  return marks == line.size() || blank_at(line.substr(marks)) != 0 ? static_cast<int>(marks) : 0;
}

std::vector<CommonMark::Head> headings_by_lines(const Document& document, const Structure& structure) {
  std::vector<CommonMark::Head> heads;
  for (int number = 1; number <= document.line_count(); ++number)
    if (structure.kind(number) == LineKind::text)
      if (const int level = heading_level(document.line(number))) heads.push_back({number, level});
  return heads;
}

std::string heading_text(std::string_view line) {
  line = trim(line);
  while (line.starts_with("#")) line.remove_prefix(1);
  while (line.ends_with("#")) line.remove_suffix(1);
  return std::string(trim(line));
}

void add_headings(const Document& document, const std::vector<CommonMark::Head>& heads, Structure& structure) {
  std::vector<int> path;
  for (const CommonMark::Head& head : heads) {
    if (structure.kind(head.line) != LineKind::text) continue;
    while (!path.empty() && structure.headings[static_cast<std::size_t>(path.back())].level >= head.level) path.pop_back();
    const std::string text = heading_text(document.line(head.line));
    structure.headings.push_back({head.line, head.level, text, label_of(text), path.empty() ? -1 : path.back()});
    path.push_back(static_cast<int>(structure.headings.size()) - 1);
  }
  structure.section.assign(structure.kinds.size(), -1);
  for (std::size_t i = 0; i < structure.headings.size(); ++i) {
    const std::size_t begin = static_cast<std::size_t>(structure.headings[i].line);
    const std::size_t end = i + 1 < structure.headings.size() ? static_cast<std::size_t>(structure.headings[i + 1].line) : structure.section.size();
    std::fill(structure.section.begin() + static_cast<std::ptrdiff_t>(begin), structure.section.begin() + static_cast<std::ptrdiff_t>(end), static_cast<int>(i));
  }
}

CommonMark strict_reading(const Document& document, int skipped_lines) {
  if (skipped_lines >= document.line_count()) return {};
  const std::size_t begin = document.line_info(skipped_lines + 1).text.begin;
  CommonMark found = parse_commonmark(std::string_view(document.bytes()).substr(begin));
  for (CommonMark::Head& head : found.headings) head.line += skipped_lines;
  for (FencedBlock& block : found.fences) {
    block.first += skipped_lines;
    block.last = std::min(block.last + skipped_lines, document.line_count());
    block.closed = block.last > block.first && is_fence_line(document.line(block.last));
  }
  return found;
}

/// Whether people's reading of the fences holds and the strict one does not: they differ, and nesting closes all that it opened.
bool strict_reader_errs(const std::vector<FencedBlock>& strict, const std::vector<FencedBlock>& nested) {
  const auto same = [](const FencedBlock& a, const FencedBlock& b) { return a.first == b.first && a.last == b.last; };
  if (std::equal(strict.begin(), strict.end(), nested.begin(), nested.end(), same)) return false;
  const bool nests = std::any_of(nested.begin(), nested.end(), [](const FencedBlock& block) { return block.depth > 1; });
  return nests && nested.back().closed;
}

/// The fences as they are meant, and the headings where the Markdown parser's word is taken.
struct Fences {
  std::vector<FencedBlock> blocks;
  std::vector<CommonMark::Head> headings;
  std::string note;   ///< why the parser's word is not taken; empty: it is
};

Fences fences_of(const Document& document, int front) {
  if (document.bytes().size() > kCommonMarkLimit)
    return {nested_fences(document, front + 1), {}, fmt::format("read by lines: larger than {} bytes", kCommonMarkLimit)};
  CommonMark strict = strict_reading(document, front);
  std::vector<FencedBlock> nested = nested_fences(document, front + 1);
  if (strict_reader_errs(strict.fences, nested)) return {std::move(nested), {}, "read by lines: fenced blocks are nested, which CommonMark cannot express"};
  return {std::move(strict.fences), std::move(strict.headings), ""};
}

}  // namespace

std::vector<bool> quoted_lines(const Document& document) {
  return quoted_by(document, fences_of(document, front_matter_lines(document)).blocks);
}

Structure structure_of(const Document& document) {
  Structure structure;
  structure.kinds.assign(static_cast<std::size_t>(document.line_count()) + 1, LineKind::text);
  const int front = front_matter_lines(document);
  structure.front_matter = front;
  const Fences fences = fences_of(document, front);
  mark_fences(structure, fences.blocks);
  if (!fences.note.empty()) structure.notes.push_back(fences.note);
  const std::vector<CommonMark::Head> heads = fences.note.empty() ? fences.headings : headings_by_lines(document, structure);
  mark(structure, 1, front, LineKind::front_matter);
  mark_runs(document, quoted_by(document, fences.blocks), structure);
  mark_comments(document, structure);
  add_headings(document, heads, structure);
  return structure;
}

}  // namespace ts::taskfile
