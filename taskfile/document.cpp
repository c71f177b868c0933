#include "taskfile/document.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace ts::taskfile {
namespace {

constexpr std::string_view kUtf8Mark = "\xEF\xBB\xBF";

bool is_wide_text(std::string_view bytes) { return bytes.starts_with("\xFF\xFE") || bytes.starts_with("\xFE\xFF"); }

LineEnd line_end_at(std::string_view bytes, std::size_t at) {
  if (bytes[at] == '\n') return LineEnd::lf;
  return at + 1 < bytes.size() && bytes[at + 1] == '\n' ? LineEnd::crlf : LineEnd::cr;
}

std::vector<Line> split(std::string_view bytes, std::size_t begin) {
  std::vector<Line> lines;
  while (begin < bytes.size()) {
    const std::size_t at = bytes.find_first_of("\r\n", begin);
    if (at == std::string_view::npos) {
      lines.push_back({{begin, bytes.size()}, LineEnd::none});
      break;
    }
    const LineEnd end = line_end_at(bytes, at);
    lines.push_back({{begin, at}, end});
    begin = at + (end == LineEnd::crlf ? 2 : 1);
  }
  return lines;
}

}  // namespace

Result<Document> Document::parse(std::string bytes, DocumentLimits limits) {
  if (bytes.size() > limits.bytes)
    return Error{Errc::too_large, fmt::format("{} bytes, over the limit of {} for a task file", bytes.size(), limits.bytes)};
  if (is_wide_text(bytes))
    return Error{Errc::unsupported, "UTF-16 text is not supported; convert the task file to UTF-8"};
  if (const std::size_t at = bytes.find('\0'); at != std::string::npos)
    return Error{Errc::unsupported, fmt::format("a binary file (NUL at byte {}), not a task file", at)};
  Document document;
  document.bytes_ = std::move(bytes);
  document.body_ = document.bytes_.starts_with(kUtf8Mark) ? kUtf8Mark.size() : 0;
  document.lines_ = split(document.bytes_, document.body_);
  return document;
}

const Line& Document::line_info(int number) const { return lines_.at(static_cast<std::size_t>(number) - 1); }

std::string_view Document::line(int number) const { return text(line_info(number).text); }

std::string_view Document::text(ByteRange range) const {
  return std::string_view(bytes_).substr(range.begin, range.size());
}

int Document::line_at(std::size_t offset) const {
  const auto after = std::upper_bound(lines_.begin(), lines_.end(), offset,
                                      [](std::size_t at, const Line& line) { return at < line.text.begin; });
  return std::max(1, static_cast<int>(after - lines_.begin()));
}

std::string_view Document::newline() const {
  std::array<std::size_t, 4> seen{};
  for (const Line& line : lines_) ++seen[static_cast<std::size_t>(line.end)];
  const auto count = [&](LineEnd end) { return seen[static_cast<std::size_t>(end)]; };
  if (count(LineEnd::crlf) > count(LineEnd::lf) && count(LineEnd::crlf) >= count(LineEnd::cr)) return "\r\n";
  if (count(LineEnd::cr) > count(LineEnd::lf)) return "\r";
  return "\n";
}

}  // namespace ts::taskfile
