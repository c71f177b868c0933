#include "spawner/capture/pipe_reader.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>

namespace ts::capture {

namespace {

bool ignore(int signal) {
  struct sigaction now {};
  struct sigaction before {};
  now.sa_handler = SIG_IGN;
  sigaction(signal, &now, &before);
  return before.sa_handler == SIG_IGN;
}

}  // namespace

PipeReader::PipeReader(int fd) : fd_(fd), buffer_(std::make_unique_for_overwrite<char[]>(kBuffer)) {
  if (const int flags = fcntl(fd_, F_GETFL); flags >= 0) fcntl(fd_, F_SETFL, flags | O_NONBLOCK);
  // Over the user's quota of pipe pages a large size is refused while a smaller one may pass.
  for (int size = kPipeSize; size > 64 * 1024 && fcntl(fd_, F_SETPIPE_SZ, size) < 0 && errno == EPERM;) size /= 2;
}

ReadStep PipeReader::read() {
  for (;;) {
    const ssize_t n = ::read(fd_, buffer_.get(), kBuffer);
    if (n > 0) return {ReadStatus::data, {buffer_.get(), static_cast<std::size_t>(n)}};
    if (n == 0) return {ReadStatus::end, {}};
    if (errno == EINTR) continue;
    if (errno == EAGAIN) return {ReadStatus::would_block, {}};
    return {ReadStatus::end, {}};  // EIO: the last process on the pty's other side is gone
  }
}

bool ignore_sigpipe() { return ignore(SIGPIPE); }
bool ignore_sigxfsz() { return ignore(SIGXFSZ); }

}  // namespace ts::capture
