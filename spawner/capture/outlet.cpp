#include "spawner/capture/outlet.hpp"

#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <string>

namespace ts::capture {

namespace {

constexpr std::size_t kTerminalPiece = 256;  // WAKEUP_CHARS of the kernel's n_tty

/// Opening the master side of a pty anew would make another pty.
bool is_pty_master(int fd) {
  unsigned int number = 0;
  return ::ioctl(fd, TIOCGPTN, &number) == 0;
}

}  // namespace

Outlet::Outlet(int fd) : fd_(fd) {
  struct stat kind {};
  if (::fstat(fd_, &kind) != 0) return;  // closed: the first write says so
  regular_ = S_ISREG(kind.st_mode);
  terminal_ = S_ISCHR(kind.st_mode) && ::isatty(fd_) == 1;
  if (S_ISSOCK(kind.st_mode)) {
    way_ = Way::socket;
  } else if (S_ISFIFO(kind.st_mode) || terminal_) {
    way_ = open_anew() ? Way::own_description : Way::polled;
  }
}

Outlet::~Outlet() {
  if (own_ >= 0) ::close(own_);
}

bool Outlet::open_anew() {
  if (is_pty_master(fd_)) return false;
  const std::string path = "/proc/self/fd/" + std::to_string(fd_);
  own_ = ::open(path.c_str(), O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
  if (own_ < 0) return false;
  struct stat mine {};
  struct stat given {};
  if (::fstat(own_, &mine) == 0 && ::fstat(fd_, &given) == 0 && mine.st_ino == given.st_ino && mine.st_dev == given.st_dev) return true;
  ::close(own_);
  own_ = -1;
  return false;
}

WriteStep Outlet::write(std::string_view bytes) {
  if (way_ == Way::polled) {
    pollfd room{fd_, POLLOUT, 0};
    const int ready = ::poll(&room, 1, 0);
    if (ready == 0) return {WriteState::would_block, 0, 0};
    // What poll calls writable takes this much without blocking, as long as nobody else fills it first. A terminal promises less.
    bytes = bytes.substr(0, terminal_ ? kTerminalPiece : PIPE_BUF);
  }
  for (;;) {
    const ssize_t n = way_ == Way::socket ? ::send(fd_, bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL)
                                          : ::write(own_ >= 0 ? own_ : fd_, bytes.data(), bytes.size());
    if (n >= 0) return {WriteState::ok, static_cast<std::size_t>(n), 0};
    if (errno == EINTR) continue;
    if (errno == EAGAIN) return {WriteState::would_block, 0, 0};
    const bool gone = errno == EPIPE || errno == ECONNRESET || errno == EBADF || (errno == EIO && way_ != Way::direct);
    return {gone ? WriteState::reader_gone : WriteState::failed, 0, errno};
  }
}

int Outlet::poll_fd() const {
  if (regular_) return -1;
  return own_ >= 0 ? own_ : fd_;
}

}  // namespace ts::capture
