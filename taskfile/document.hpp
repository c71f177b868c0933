#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "accounting/base/result.hpp"

namespace ts::taskfile {

/// Half-open byte range [begin, end) of a document.
struct ByteRange {
  std::size_t begin = 0;
  std::size_t end = 0;
  [[nodiscard]] std::size_t size() const { return end - begin; }
  friend bool operator==(const ByteRange&, const ByteRange&) = default;
};

enum class LineEnd { none, lf, crlf, cr };

/// One line: its text and the bytes that end it.
struct Line {
  ByteRange text;
  LineEnd end = LineEnd::none;
};

struct DocumentLimits {
  std::size_t bytes = std::size_t{4} << 20;
};

/// The bytes of a task file and where its lines are. Bytes in = bytes out: nothing is normalised.
/// Lines are numbered from 1 as editors do; a byte order mark is no part of line 1.
class Document {
 public:
  /// Errors: too_large over the limit; unsupported for binary content (a NUL byte, UTF-16 or UTF-32).
  [[nodiscard]] static Result<Document> parse(std::string bytes, DocumentLimits limits = {});

  [[nodiscard]] const std::string& bytes() const { return bytes_; }
  [[nodiscard]] int line_count() const { return static_cast<int>(lines_.size()); }
  /// The line numbered `number`, in [1, line_count()], without its line end.
  [[nodiscard]] std::string_view line(int number) const;
  [[nodiscard]] const Line& line_info(int number) const;
  /// The number of the line that holds byte `offset`.
  [[nodiscard]] int line_at(std::size_t offset) const;
  [[nodiscard]] std::string_view text(ByteRange range) const;
  /// Offset of the first byte after the byte order mark, if there is one.
  [[nodiscard]] std::size_t body() const { return body_; }
  /// The line end that new lines shall have: the one that most lines have, "\n" where there is none.
  [[nodiscard]] std::string_view newline() const;

 private:
  Document() = default;

  std::string bytes_;
  std::vector<Line> lines_;
  std::size_t body_ = 0;
};

}  // namespace ts::taskfile
