#include "spawner/process/pty.hpp"

#include <fcntl.h>
#include <pty.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdlib>

namespace ts::process {
namespace {

constexpr std::array kCrashSignals{SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT};

/// What the crash handler needs; it may not look anywhere else.
struct Saved {
  std::atomic<int> fd{-1};
  termios settings{};
  std::array<struct sigaction, kCrashSignals.size()> handlers{};
};
Saved g_saved;

void put_back() {
  const int fd = g_saved.fd.load();
  if (fd >= 0) ::tcsetattr(fd, TCSANOW, &g_saved.settings);
}

void on_crash(int signal) {
  put_back();
  ::signal(signal, SIG_DFL);
  ::raise(signal);
}

void catch_crashes() {
  struct sigaction action {};
  action.sa_handler = on_crash;
  for (std::size_t i = 0; i < kCrashSignals.size(); ++i) ::sigaction(kCrashSignals[i], &action, &g_saved.handlers[i]);
  static const int registered = std::atexit(put_back);
  static_cast<void>(registered);
}

void uncatch_crashes() {
  for (std::size_t i = 0; i < kCrashSignals.size(); ++i) ::sigaction(kCrashSignals[i], &g_saved.handlers[i], nullptr);
}

Result<void> make_raw(int fd) {
  termios raw{};
  if (::tcgetattr(fd, &raw) != 0) return Error{Errc::unsupported, "raw mode: not a terminal"};
  g_saved.settings = raw;
  g_saved.fd = fd;
  ::cfmakeraw(&raw);
  if (::tcsetattr(fd, TCSANOW, &raw) != 0) return errno_error("raw mode", errno);
  return {};
}

winsize to_system(WindowSize size) { return {size.rows, size.columns, size.x_pixels, size.y_pixels}; }

}  // namespace

Result<WindowSize> window_size(int fd) {
  winsize size{};
  if (::ioctl(fd, TIOCGWINSZ, &size) != 0) return Error{Errc::unsupported, "window size: not a terminal"};
  return WindowSize{size.ws_row, size.ws_col, size.ws_xpixel, size.ws_ypixel};
}

Result<Pty> Pty::open(int like) {
  termios settings{};
  const bool known = like >= 0 && ::tcgetattr(like, &settings) == 0;
  const auto size = known ? window_size(like) : Result<WindowSize>(WindowSize{});
  winsize cells = to_system(size.has_error() ? WindowSize{} : *size);
  int master = -1;
  int slave = -1;
  if (::openpty(&master, &slave, nullptr, known ? &settings : nullptr, &cells) != 0) return errno_error("pty", errno);
  ::fcntl(master, F_SETFD, FD_CLOEXEC);
  ::fcntl(slave, F_SETFD, FD_CLOEXEC);
  return Pty(master, slave);
}

Pty& Pty::operator=(Pty&& other) noexcept {
  std::swap(master_, other.master_);
  std::swap(slave_, other.slave_);
  return *this;
}

Pty::~Pty() {
  close_slave();
  if (master_ >= 0) ::close(master_);
}

void Pty::close_slave() {
  if (slave_ >= 0) ::close(std::exchange(slave_, -1));
}

Result<void> Pty::resize(WindowSize size) {
  const winsize cells = to_system(size);
  if (::ioctl(master_, TIOCSWINSZ, &cells) != 0) return errno_error("pty: window size", errno);
  return {};
}

Result<RawTerminal> RawTerminal::enter(int fd) {
  TS_CHECK(make_raw(fd));
  catch_crashes();
  return RawTerminal(fd);
}

RawTerminal::~RawTerminal() {
  if (fd_ < 0) return;
  put_back();
  g_saved.fd = -1;
  uncatch_crashes();
}

void RawTerminal::restore() { put_back(); }

Result<void> RawTerminal::enter_again() { return make_raw(fd_); }

}  // namespace ts::process
