#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "accounting/budget/meter.hpp"

namespace ts::ledger {

/// A response id as a 128-bit hash.
struct ResponseKey {
  std::uint64_t high = 0;
  std::uint64_t low = 0;
  friend auto operator<=>(const ResponseKey&, const ResponseKey&) = default;
};
[[nodiscard]] ResponseKey response_key(std::string_view id);

struct ResponseSlot {
  ResponseKey key;
  ResponseIndex::Entry entry;
};

/// Sorted responses that are written once and then only read: in a nameless file, or in memory where the disk fails.
class ResponseRun {
 public:
  /// `capacity`: at most so many slots will be appended.
  ResponseRun(const std::filesystem::path& folder, std::size_t capacity);
  ResponseRun(ResponseRun&& other) noexcept;
  ResponseRun& operator=(ResponseRun&& other) noexcept;
  ~ResponseRun();

  /// Keys must come in rising order.
  void append(const ResponseSlot& slot);
  /// No more will be appended.
  void close();
  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] std::optional<ResponseIndex::Entry> find(const ResponseKey& key) const;
  /// Reads slots from `first` on; gives how many. Fewer than asked for: the end.
  std::size_t read(std::size_t first, std::span<ResponseSlot> slots) const;

 private:
  [[nodiscard]] std::size_t bit(const ResponseKey& key, unsigned turn) const;
  void flush();
  void keep_in_memory();

  std::vector<std::uint64_t> filter_;
  std::vector<ResponseSlot> slots_;   ///< not written yet; all of them, where there is no file
  std::size_t size_ = 0;
  std::size_t written_ = 0;
  int file_ = -1;
};

}  // namespace ts::ledger
