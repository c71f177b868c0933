#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "accounting/usage/pruner.hpp"

namespace ts {

/// Chunks of any size → lines. A line that lies within one chunk is passed on without a copy.
/// Lines longer than kMaxLine go through a LinePruner, so memory stays below about 2 × kMaxLine whatever comes in.
class LineSplitter {
 public:
  static constexpr std::size_t kMaxLine = std::size_t{1} << 20;
  /// Receives each line without its "\n" or "\r\n". NUL and invalid UTF-8 are passed on as they are.
  /// Lifetime: the view is valid during the call.
  using OnLine = std::function<void(std::string_view line)>;

  explicit LineSplitter(OnLine on_line);
  LineSplitter(const LineSplitter&) = delete;
  LineSplitter& operator=(const LineSplitter&) = delete;

  void push(std::string_view chunk);
  /// The stream ended: delivers a last line that has no newline. The splitter can be used again afterwards.
  void finish();

  /// Bytes since the last newline, which belong to a line that is not complete yet.
  [[nodiscard]] std::uint64_t pending_bytes() const { return pending_; }
  /// Bytes of lines that were longer than kMaxLine even when pruned, and so were never delivered.
  [[nodiscard]] std::uint64_t bytes_dropped() const { return pruner_.bytes_dropped(); }

 private:
  void keep(std::string_view part);
  void end_line(std::string_view rest);
  void deliver(std::string_view line) const;

  OnLine on_line_;
  std::string carry_;
  LinePruner pruner_;
  std::uint64_t pending_ = 0;
  bool pruning_ = false;
};

}  // namespace ts
