#include "accounting/import/file_reading.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

namespace ts {
namespace {

constexpr std::size_t kChunk = std::size_t{256} << 10;
constexpr std::size_t kBefore = 256;

}  // namespace

Result<FileReading> FileReading::open(const std::string& path) {
  FileReading file(path, ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  struct stat info {};
  if (file.fd_ < 0 || ::fstat(file.fd_, &info) != 0) return errno_error(path, errno);
  if (!S_ISREG(info.st_mode)) return Error{Errc::invalid_argument, path + ": not a file"};
  file.size_ = file.left_ = static_cast<std::uint64_t>(info.st_size);
  file.buffer_.resize(kChunk);
  return file;
}

FileReading::FileReading(FileReading&& other) noexcept
    : path_(std::move(other.path_)), fd_(std::exchange(other.fd_, -1)), size_(other.size_), left_(other.left_), buffer_(std::move(other.buffer_)) {}

FileReading::~FileReading() {
  if (fd_ >= 0) ::close(fd_);
}

Result<std::string_view> FileReading::next() {
  std::size_t filled = 0;
  const auto want = static_cast<std::size_t>(std::min<std::uint64_t>(left_, kChunk));
  while (filled < want) {
    const ssize_t got = ::read(fd_, buffer_.data() + filled, want - filled);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return errno_error(path_, errno);
    if (got == 0) break;
    filled += static_cast<std::size_t>(got);
  }
  left_ = filled < want ? 0 : left_ - filled;
  return std::string_view(buffer_).substr(0, filled);
}

Result<void> FileReading::go_to(std::uint64_t offset) {
  if (::lseek(fd_, static_cast<off_t>(offset), SEEK_SET) < 0) return errno_error(path_, errno);
  left_ = size_ - std::min(size_, offset);
  return {};
}

std::uint64_t FileReading::hash_before(std::uint64_t offset) const {
  char bytes[kBefore];
  const auto count = static_cast<std::size_t>(std::min<std::uint64_t>(offset, kBefore));
  if (::pread(fd_, bytes, count, static_cast<off_t>(offset - count)) != static_cast<ssize_t>(count)) return 0;
  std::uint64_t hash = 0xcbf29ce484222325U;  // FNV-1a
  for (std::size_t i = 0; i < count; ++i) hash = (hash ^ static_cast<unsigned char>(bytes[i])) * 0x100000001b3U;
  return (hash >> 1U) | 1U;  // fits SQLite's integers
}

}  // namespace ts
