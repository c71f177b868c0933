#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "accounting/base/result.hpp"

namespace ts {

/// A file that is read to the end that it had when it was opened.
class FileReading {
 public:
  /// Errors: io, permission_denied, not_found, invalid_argument (not a file).
  [[nodiscard]] static Result<FileReading> open(const std::string& path);
  ~FileReading();
  FileReading(const FileReading&) = delete;
  FileReading& operator=(const FileReading&) = delete;
  FileReading(FileReading&& other) noexcept;
  FileReading& operator=(FileReading&&) = delete;

  /// The next piece, empty at the end. Lifetime: until the next call. Errors: io.
  [[nodiscard]] Result<std::string_view> next();
  /// Reading goes on there. Errors: io.
  [[nodiscard]] Result<void> go_to(std::uint64_t offset);
  /// A hash of the few bytes before `offset`, which tells that the file is still the one that was read up to there.
  /// 0: they can't be read.
  [[nodiscard]] std::uint64_t hash_before(std::uint64_t offset) const;
  [[nodiscard]] std::uint64_t size() const { return size_; }

 private:
  FileReading(std::string path, int fd) : path_(std::move(path)), fd_(fd) {}
  std::string path_;
  int fd_ = -1;
  std::uint64_t size_ = 0;
  std::uint64_t left_ = 0;
  std::string buffer_;
};

}  // namespace ts
