#include "spawner/capture/raw_file.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

namespace ts::capture {

RawFile::RawFile(Error why_not) : failed_(true), trouble_(std::move(why_not)) {}

RawFile::RawFile(int fd, std::string path) : fd_(fd), path_(std::move(path)) {}

RawFile RawFile::create(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_APPEND | O_NOFOLLOW | O_CLOEXEC, 0600);
  if (fd < 0) return RawFile(errno_error("capture: " + path, errno));
  return RawFile(fd, path);
}

RawFile::RawFile(RawFile&& other) noexcept { *this = std::move(other); }

RawFile& RawFile::operator=(RawFile&& other) noexcept {
  std::swap(fd_, other.fd_);
  std::swap(failed_, other.failed_);
  std::swap(size_, other.size_);
  std::swap(lost_, other.lost_);
  std::swap(path_, other.path_);
  std::swap(trouble_, other.trouble_);
  return *this;
}

RawFile::~RawFile() {
  if (fd_ >= 0) ::close(fd_);
}

void RawFile::append(std::string_view bytes) {
  while (!failed_ && !bytes.empty()) {
    const ssize_t n = ::write(fd_, bytes.data(), bytes.size());
    if (n > 0) {
      size_ += static_cast<std::uint64_t>(n);
      bytes.remove_prefix(static_cast<std::size_t>(n));
    } else if (n == 0 || errno != EINTR) {
      fail(n == 0 ? EIO : errno);
    }
  }
  lost_ += bytes.size();
}

Result<void> RawFile::sync() {
  if (fd_ >= 0 && ::fdatasync(fd_) != 0) return errno_error("capture: " + path_ + ": sync", errno);
  return {};
}

std::optional<Error> RawFile::take_trouble() { return std::exchange(trouble_, std::nullopt); }

// For good: a later write that succeeded would leave a gap, and what stands here must be a prefix of the stream.
void RawFile::fail(int errno_value) {
  failed_ = true;
  trouble_ = errno_error("capture: " + path_ + ": " + std::to_string(size_) + " bytes kept, the rest is metered but not kept", errno_value);
}

}  // namespace ts::capture
