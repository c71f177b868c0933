#include "spawner/loop/terminal_bridge.hpp"

#include <boost/asio/error.hpp>

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <array>
#include <cerrno>

namespace ts::loop {

namespace asio = boost::asio;
using Descriptor = asio::posix::stream_descriptor;

Result<std::unique_ptr<TerminalBridge>> TerminalBridge::open(asio::io_context& io, int terminal) {
  TS_TRY(process::Pty pty, process::Pty::open(terminal));
  const int keys = ::fcntl(terminal, F_DUPFD_CLOEXEC, 3);
  if (keys < 0) return errno_error("terminal", errno);
  return std::unique_ptr<TerminalBridge>(new TerminalBridge(io, terminal, std::move(pty), keys));
}

TerminalBridge::TerminalBridge(asio::io_context& io, int terminal, process::Pty pty, int keys)
    : terminal_(terminal), pty_(std::move(pty)), keys_(io, keys), agent_(io, ::fcntl(pty_.master(), F_DUPFD_CLOEXEC, 3)) {}

Result<void> TerminalBridge::start(std::function<void()> on_interrupt) {
  on_interrupt_ = std::move(on_interrupt);
  TS_TRY(process::RawTerminal raw, process::RawTerminal::enter(terminal_));
  raw_.emplace(std::move(raw));
  wait_keys();
  return {};
}

void TerminalBridge::resize() {
  if (const auto size = process::window_size(terminal_)) (void)pty_.resize(*size);
}

void TerminalBridge::suspend() {
  boost::system::error_code ignored;
  suspended_ = true;
  keys_.cancel(ignored);
  if (raw_) raw_->restore();
}

Result<void> TerminalBridge::resume() {
  suspended_ = false;
  if (raw_) TS_CHECK(raw_->enter_again());
  resize();
  wait_keys();
  return {};
}

/// The terminal's descriptor is shared with the shell, so it stays blocking: it is read only when poll says there is something.
void TerminalBridge::wait_keys() {
  if (waiting_) return;
  waiting_ = true;
  keys_.async_wait(Descriptor::wait_read, [this](boost::system::error_code error) {
    waiting_ = false;
    // The wait that suspend() cancelled may only be told of when we are back already.
    if (error == asio::error::operation_aborted && !suspended_) return wait_keys();
    if (error) return;
    std::array<char, 4096> buffer{};
    pollfd entry{terminal_, POLLIN, 0};
    if (::poll(&entry, 1, 0) <= 0) return wait_keys();
    const ssize_t n = ::read(terminal_, buffer.data(), buffer.size());
    if (n < 0 && (errno == EINTR || errno == EAGAIN)) return wait_keys();
    if (n <= 0) return;  // the terminal is gone; SIGHUP tells
    const std::string_view keys(buffer.data(), static_cast<std::size_t>(n));
    const bool interrupt = is_interrupt(keys);  // as the agent's terminal is now: the key may end the agent
    pending_ += keys;
    send();
    if (interrupt) on_interrupt_();
  });
}

bool TerminalBridge::is_interrupt(std::string_view keys) const {
  termios agents{};
  return ::tcgetattr(pty_.master(), &agents) == 0 && (agents.c_lflag & ISIG) != 0 &&
         keys.find(static_cast<char>(agents.c_cc[VINTR])) != std::string_view::npos;
}

void TerminalBridge::send() {
  pollfd entry{pty_.master(), POLLOUT, 0};
  while (!pending_.empty() && ::poll(&entry, 1, 0) > 0 && (entry.revents & POLLOUT) != 0) {
    const ssize_t n = ::write(pty_.master(), pending_.data(), std::min<std::size_t>(pending_.size(), 1024));
    if (n < 0 && errno == EAGAIN) break;
    if (n < 0 && errno != EINTR) return;  // the agent is gone
    if (n > 0) pending_.erase(0, static_cast<std::size_t>(n));
  }
  if (pending_.empty()) return wait_keys();
  agent_.async_wait(Descriptor::wait_write, [this](boost::system::error_code error) {
    if (!error) send();
  });
}

}  // namespace ts::loop
