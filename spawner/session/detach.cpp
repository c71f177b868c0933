#include "spawner/session/detach.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <string>

#include "spawner/session/options.hpp"

namespace ts::session {
namespace {

/// Begins a message that is no id: the exit status in one byte, then words.
constexpr char kRefusal = '\x01';

/// Begins a line that is for people while they wait.
constexpr char kWaiting = '\x02';

/// Says what is there of lines for people; what is left is the answer, or its begin.
void say_lines(std::string& text) {
  while (!text.empty() && text.front() == kWaiting) {
    const auto end = text.find('\n');
    if (end == std::string::npos) return;
    fmt::print(stderr, "tracked-spawn: {}\n", text.substr(1, end - 1));
    text.erase(0, end + 1);
  }
}

/// The caller's side: waits for the id, or for the end of a run that never began.
int wait_for_id(int fd, const char* pattern) {
  std::string id;
  char buffer[512];
  ssize_t n = 0;
  while ((n = ::read(fd, buffer, sizeof buffer)) > 0 || (n < 0 && errno == EINTR)) {
    if (n > 0) id.append(buffer, static_cast<std::size_t>(n));
    say_lines(id);
  }
  if (id.size() > 2 && id.front() == kRefusal) {
    fmt::print(stderr, "tracked-spawn: {}\n", id.substr(2));
    return static_cast<unsigned char>(id[1]);
  }
  if (id.empty()) {
    fmt::print(stderr, "tracked-spawn: the detached run did not start; run it without --detach to see why\n");
    return kExitFailed;
  }
  fmt::print(fmt::runtime(pattern), id);
  return 0;
}

}  // namespace

Result<DetachedParent> DetachedParent::split(bool json) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return errno_error("pipe", errno);
  const pid_t pid = ::fork();
  if (pid < 0) return errno_error("fork", errno);
  if (pid > 0) {
    ::close(ends[1]);
    DetachedParent caller(-1);
    caller.exit_status = wait_for_id(ends[0], json ? "{{\"run\": \"{}\"}}\n" : "{}\n");
    ::close(ends[0]);
    return caller;
  }
  ::close(ends[0]);
  ::setsid();
  const int null = ::open("/dev/null", O_RDWR | O_CLOEXEC);
  for (int fd = 0; fd < 3 && null >= 0; ++fd) ::dup2(null, fd);
  return DetachedParent(ends[1]);
}

DetachedParent::~DetachedParent() {
  if (fd_ >= 0) ::close(fd_);
}

void DetachedParent::tell_started(const RunId& id) { tell_last(id.text); }

void DetachedParent::tell_refused(int status, const std::string& message) {
  tell_last(std::string{kRefusal, static_cast<char>(status)} + message);
}

void DetachedParent::tell_waiting(const std::string& message) { tell(kWaiting + message + "\n"); }

bool DetachedParent::caller_is_gone() const {
  pollfd pipe{fd_, POLLOUT, 0};
  return fd_ >= 0 && ::poll(&pipe, 1, 0) == 1 && (pipe.revents & POLLERR) != 0;
}

void DetachedParent::tell(std::string_view rest) {
  if (fd_ < 0 || caller_is_gone()) return;  // else SIGPIPE
  while (!rest.empty()) {
    const ssize_t n = ::write(fd_, rest.data(), rest.size());
    if (n < 0 && errno != EINTR) break;
    if (n > 0) rest.remove_prefix(static_cast<std::size_t>(n));
  }
}

void DetachedParent::tell_last(std::string_view text) {
  tell(text);
  if (fd_ >= 0) ::close(fd_);
  fd_ = -1;
}

}  // namespace ts::session
