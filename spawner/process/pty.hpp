#pragma once

#include <termios.h>

#include <utility>

#include "accounting/base/result.hpp"

namespace ts::process {

/// Units: character cells, pixels.
struct WindowSize {
  unsigned short rows = 24;
  unsigned short columns = 80;
  unsigned short x_pixels = 0;
  unsigned short y_pixels = 0;
  friend bool operator==(const WindowSize&, const WindowSize&) = default;
};

/// The size of the terminal `fd`. Errors: unsupported if it is none.
[[nodiscard]] Result<WindowSize> window_size(int fd);

/// A pseudo terminal. Owns both ends; both are close-on-exec.
class Pty {
 public:
  /// With the settings and the size of the terminal `like` (-1, or not a terminal: the system's defaults).
  [[nodiscard]] static Result<Pty> open(int like);

  Pty(Pty&& other) noexcept : master_(std::exchange(other.master_, -1)), slave_(std::exchange(other.slave_, -1)) {}
  Pty& operator=(Pty&& other) noexcept;
  ~Pty();

  /// Our end: what the agent prints is read here (EIO when its last holder closed it), what is written is its input.
  [[nodiscard]] int master() const { return master_; }
  /// The agent's end, for LaunchSpec::stdio. -1 after close_slave().
  [[nodiscard]] int slave() const { return slave_; }
  /// To be called after the launch, else the end of output is never seen.
  void close_slave();
  /// The agent's foreground group gets SIGWINCH if the size changed.
  Result<void> resize(WindowSize size);

 private:
  Pty(int master, int slave) : master_(master), slave_(slave) {}
  int master_;
  int slave_;
};

/// Our own terminal in raw mode while this lives. The settings come back on destruction, on restore(), on exit(), and when a crash
/// signal (SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT) ends us; LaunchSpec::restore_terminal covers SIGKILL.
/// One at a time in a process.
class RawTerminal {
 public:
  /// Errors: unsupported if `fd` is no terminal.
  [[nodiscard]] static Result<RawTerminal> enter(int fd);

  RawTerminal(RawTerminal&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  RawTerminal& operator=(RawTerminal&&) = delete;
  ~RawTerminal();

  /// The settings from before, for instance before we stop ourselves (Ctrl-Z).
  void restore();
  /// Raw again, for instance after SIGCONT. What changed meanwhile (stty) becomes what restore() gives back.
  Result<void> enter_again();

 private:
  explicit RawTerminal(int fd) : fd_(fd) {}
  int fd_;
};

}  // namespace ts::process
