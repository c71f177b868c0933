#pragma once

#include <memory>

#include "accounting/usage/event.hpp"
#include "accounting/usage/lines.hpp"

namespace ts {

/// A dialect behind a line splitter: chunks of one stream or file in, events out.
class UsageReader {
 public:
  /// Lifetime: `sink` must outlive the reader.
  UsageReader(std::unique_ptr<Dialect> dialect, UsageSink& sink);
  UsageReader(const UsageReader&) = delete;
  UsageReader& operator=(const UsageReader&) = delete;

  void push(std::string_view chunk) { lines_.push(chunk); }
  /// The stream ended: a last line without newline counts too. No push() may follow.
  void finish();
  /// Bytes behind the last newline, not read yet.
  [[nodiscard]] std::uint64_t pending_bytes() const { return lines_.pending_bytes(); }
  /// The dialect's statistics, and what the splitter had to drop.
  [[nodiscard]] ParseStats stats() const;

 private:
  std::unique_ptr<Dialect> dialect_;
  UsageSink& sink_;
  LineSplitter lines_;
};

}  // namespace ts
