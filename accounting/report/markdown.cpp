#include "accounting/report/markdown.hpp"

#include <fmt/format.h>

#include "accounting/base/text.hpp"

namespace ts::report {

std::string cell_text(std::string_view text, std::size_t limit) {
  std::string one_line(text);
  for (char& c : one_line)
    if (c == '\n' || c == '\r' || c == '\t') c = ' ';
  std::string safe;
  for (const char c : printable(one_line, limit)) {
    if (c == '|') safe += '\\';
    safe += c;
  }
  return safe;
}

MarkdownTable::MarkdownTable(const std::vector<std::string>& heads) {
  std::string under;
  for (const std::string& head : heads) {
    const bool number = head.starts_with('>');
    text_ += "| " + head.substr(number ? 1 : 0) + " ";
    under += number ? "|---:" : "|---";
  }
  text_ += "|\n" + under + "|\n";
}

void MarkdownTable::add(const std::vector<std::string>& cells) {
  for (const std::string& cell : cells) text_ += "| " + cell + (cell.empty() ? "" : " ");
  text_ += "|\n";
}

std::optional<std::string> variance_text(std::int64_t actual, std::int64_t reference) {
  if (reference <= 0) return std::nullopt;
  const double percent = (static_cast<double>(actual) - static_cast<double>(reference)) * 100.0 / static_cast<double>(reference);
  return fmt::format("{:+.0f}%", percent);
}

std::string share_text(std::int64_t part, std::int64_t whole) {
  return fmt::format("{:.1f}%", static_cast<double>(part) * 100.0 / static_cast<double>(whole));
}

}  // namespace ts::report
