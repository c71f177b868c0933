#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "spawner/process/pty.hpp"

namespace ts::loop {

/// The user's terminal on one side, the agent's pty on the other: keys go in, the window size follows, and the terminal is
/// raw only while the agent has it. What the agent prints is read from the pty by a StreamPump.
class TerminalBridge {
 public:
  /// `terminal`: the user's (our stdin). Errors: unsupported if it is no terminal, io.
  [[nodiscard]] static Result<std::unique_ptr<TerminalBridge>> open(boost::asio::io_context& io, int terminal);

  [[nodiscard]] process::Pty& pty() { return pty_; }
  /// Raw mode and the first wait for keys. Call after the launch. `on_interrupt`: the interrupt key was typed and the agent's terminal
  /// makes a SIGINT of it; where the agent has switched that off (as full-screen programs do) it is a key like any other.
  Result<void> start(std::function<void()> on_interrupt);
  /// The window changed (SIGWINCH).
  void resize();
  /// The user's settings come back; keys are no longer taken. For job control and at the end.
  void suspend();
  Result<void> resume();

 private:
  TerminalBridge(boost::asio::io_context& io, int terminal, process::Pty pty, int keys);
  void wait_keys();
  void send();
  [[nodiscard]] bool is_interrupt(std::string_view keys) const;

  int terminal_;
  process::Pty pty_;
  boost::asio::posix::stream_descriptor keys_;   ///< a duplicate of the terminal's descriptor
  boost::asio::posix::stream_descriptor agent_;  ///< a duplicate of the pty's master
  std::optional<process::RawTerminal> raw_;
  std::function<void()> on_interrupt_;
  std::string pending_;                          ///< keys that the agent has not taken
  bool waiting_ = false;
  bool suspended_ = false;
};

}  // namespace ts::loop
