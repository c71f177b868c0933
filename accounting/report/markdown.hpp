#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ts::report {

/// Text as the content of a table cell: one line, pipes escaped, unprintable bytes replaced, at most `limit` bytes.
[[nodiscard]] std::string cell_text(std::string_view text, std::size_t limit = 120);

/// A Markdown table with one space around its cells.
class MarkdownTable {
 public:
  /// A head that begins with '>' is of a column of numbers: right-aligned.
  explicit MarkdownTable(const std::vector<std::string>& heads);
  void add(const std::vector<std::string>& cells);
  [[nodiscard]] const std::string& text() const { return text_; }

 private:
  std::string text_;
};

/// (actual − reference) / reference as "+12%", "-69%". Absent: the reference is not above zero.
[[nodiscard]] std::optional<std::string> variance_text(std::int64_t actual, std::int64_t reference);

/// "12.5%". `whole` is above zero.
[[nodiscard]] std::string share_text(std::int64_t part, std::int64_t whole);

}  // namespace ts::report
