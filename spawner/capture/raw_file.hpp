#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "accounting/base/result.hpp"

namespace ts::capture {

/// An append-only file that never stops its user. After the first failed write it keeps nothing more, so what stands in it
/// is always an exact prefix of what was appended; the failure is told once, and the bytes that are missing are counted.
/// Durability: bytes are in the kernel when append() returns; sync() puts them on the disk.
class RawFile {
 public:
  /// A file that keeps nothing, with the reason why.
  explicit RawFile(Error why_not);
  /// Creates `path` with mode 0600; it must not exist. A failure gives a RawFile that keeps nothing.
  [[nodiscard]] static RawFile create(const std::string& path);

  RawFile(RawFile&& other) noexcept;
  RawFile& operator=(RawFile&& other) noexcept;
  ~RawFile();

  void append(std::string_view bytes);
  /// Errors: io.
  [[nodiscard]] Result<void> sync();

  /// False from the first failure on.
  [[nodiscard]] bool keeps() const { return fd_ >= 0 && !failed_; }
  /// Bytes that stand in the file.
  [[nodiscard]] std::uint64_t size() const { return size_; }
  /// Bytes that were appended but are not in the file.
  [[nodiscard]] std::uint64_t lost() const { return lost_; }
  /// The failure, the first time it is asked for. Absent: none, or already told.
  [[nodiscard]] std::optional<Error> take_trouble();
  /// For pread() and sendfile() of [0, size()). −1: there is no file.
  [[nodiscard]] int fd() const { return fd_; }

 private:
  RawFile(int fd, std::string path);
  void fail(int errno_value);

  int fd_ = -1;
  bool failed_ = false;
  std::uint64_t size_ = 0;
  std::uint64_t lost_ = 0;
  std::string path_;
  std::optional<Error> trouble_;
};

}  // namespace ts::capture
