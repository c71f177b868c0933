#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace ts::cli {

enum class Align { left, right };

/// Text in columns as wide as their widest cell, two blanks between them; no blanks at line ends.
class Table {
 public:
  explicit Table(std::vector<Align> columns) : columns_(std::move(columns)) {}

  /// As many cells as there are columns, or fewer.
  void add(std::vector<std::string> cells) { rows_.push_back(std::move(cells)); }
  [[nodiscard]] bool empty() const { return rows_.empty(); }
  [[nodiscard]] std::string text() const;

 private:
  std::vector<Align> columns_;
  std::vector<std::vector<std::string>> rows_;
};

/// The columns that UTF-8 text takes on a terminal, a code point counting as one.
[[nodiscard]] std::size_t columns_of(std::string_view text);

/// "1 run", "2,000 runs".
[[nodiscard]] std::string many(std::int64_t count, std::string_view what);

}  // namespace ts::cli
