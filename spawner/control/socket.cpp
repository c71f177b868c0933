#include "spawner/control/socket.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace ts::control {
namespace {

namespace fs = std::filesystem;

/// Closes on every way out.
class Fd {
 public:
  explicit Fd(int fd) : fd_(fd) {}
  Fd(const Fd&) = delete;
  Fd& operator=(const Fd&) = delete;
  ~Fd() {
    if (fd_ >= 0) ::close(fd_);
  }
  [[nodiscard]] int get() const { return fd_; }
  [[nodiscard]] int release() { return std::exchange(fd_, -1); }

 private:
  int fd_;
};

/// The address of `path`, by way of the open folder where the path itself is too long.
Result<sockaddr_un> address_of(const fs::path& path, const Fd& folder) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::string text = path.string();
  if (text.size() >= sizeof address.sun_path) {
    if (folder.get() < 0) return errno_error(path.parent_path().string(), errno);
    text = "/proc/self/fd/" + std::to_string(folder.get()) + "/" + path.filename().string();
    if (text.size() >= sizeof address.sun_path)
      return Error{Errc::too_large, path.string() + ": too long for a socket; choose a shorter XDG_STATE_HOME"};
  }
  std::memcpy(address.sun_path, text.c_str(), text.size() + 1);
  return address;
}

/// Waits until `fd` is ready for `events` or the time is up.
Result<void> wait_for(int fd, short events, std::chrono::steady_clock::time_point until) {
  for (;;) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(until - std::chrono::steady_clock::now());
    if (left.count() < 0) return Error{Errc::timed_out, "the run did not answer in time; is it stopped (Ctrl-Z)?"};
    pollfd entry{fd, events, 0};
    const int n = ::poll(&entry, 1, static_cast<int>(left.count()) + 1);
    if (n > 0) return {};
    if (n < 0 && errno != EINTR) return errno_error("poll", errno);
  }
}

}  // namespace

Result<int> listen_at(const fs::path& path) {
  const Fd folder(::open(path.parent_path().c_str(), O_DIRECTORY | O_PATH | O_CLOEXEC));
  TS_TRY(const sockaddr_un address, address_of(path, folder));
  Fd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (fd.get() < 0) return errno_error("control socket", errno);
  ::fchmod(fd.get(), 0600);
  if (::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 || ::listen(fd.get(), 16) != 0)
    return errno_error("control socket " + path.string(), errno);
  ::chmod(path.c_str(), 0600);
  return fd.release();
}

Result<Answer> ask(const fs::path& path, const Request& request, std::chrono::milliseconds wait) {
  const auto until = std::chrono::steady_clock::now() + wait;
  const Fd folder(::open(path.parent_path().c_str(), O_DIRECTORY | O_PATH | O_CLOEXEC));
  TS_TRY(const sockaddr_un address, address_of(path, folder));
  const Fd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (fd.get() < 0) return errno_error("control socket", errno);
  if (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    if (errno == ENOENT || errno == ECONNREFUSED)
      return Error{Errc::not_found, "no live run answers at " + path.string() + "; `tracked-spawn ps` lists the runs that are alive"};
    return errno_error("control socket " + path.string(), errno);
  }
  const std::string line = encode(request);
  for (std::size_t sent = 0; sent < line.size();) {
    const ssize_t n = ::send(fd.get(), line.data() + sent, line.size() - sent, MSG_NOSIGNAL);
    if (n < 0 && errno != EINTR) return errno_error("control socket " + path.string(), errno);
    if (n > 0) sent += static_cast<std::size_t>(n);
  }
  std::string answer;
  char buffer[4096];
  while (answer.find('\n') == std::string::npos && answer.size() < kLongestLine) {
    TS_CHECK(wait_for(fd.get(), POLLIN, until));
    const ssize_t n = ::read(fd.get(), buffer, sizeof buffer);
    if (n == 0) break;
    if (n < 0 && errno == ECONNRESET) break;
    if (n < 0 && errno != EINTR) return errno_error("control socket " + path.string(), errno);
    if (n > 0) answer.append(buffer, static_cast<std::size_t>(n));
  }
  if (answer.empty()) return Error{Errc::busy, "the run ended before it answered; `tracked-spawn show` tells how"};
  return decode_answer(answer);
}

}  // namespace ts::control
