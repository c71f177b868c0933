#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "accounting/base/result.hpp"
#include "spawner/capture/outlet.hpp"
#include "spawner/capture/raw_file.hpp"

namespace ts::capture {

/// Where forwarding stands.
enum class Forwarding {
  open,         ///< goes on
  reader_gone,  ///< our reader closed (EPIPE) or there never was one; capture goes on
  failed,       ///< our output can't be written (disk full …); capture goes on
};

/// One of the agent's streams on its way: first into the raw file, then to our own descriptor, unchanged and in order.
///
/// Forwarding never blocks and never loses a byte. What a slow reader has not taken yet stands in the raw file, which is the
/// queue: it is read back from there, so memory stays bounded however far the reader is behind. Only if the raw file keeps
/// nothing (disk full) is there a queue in memory, and then wants_read() turns false until it is empty: back-pressure.
///
/// How our descriptor is kept from blocking: the open file description may be shared with the user's shell, so O_NONBLOCK is never set
/// on it. Pipes and terminals are opened anew through /proc/self/fd with O_NONBLOCK of their own; sockets are
/// sent to with MSG_DONTWAIT; regular files and other devices are written directly. Where /proc or permission is missing:
/// poll and writes of at most PIPE_BUF.
///
/// Lifetime: `raw` must outlive the Tee; `out_fd` stays the caller's. SIGPIPE must be ignored (ignore_sigpipe()).
class Tee {
 public:
  Tee(int out_fd, RawFile& raw);
  Tee(const Tee&) = delete;
  Tee& operator=(const Tee&) = delete;

  /// Bytes just read from the agent, whole: captured.
  void keep(std::string_view bytes);
  /// The bytes that were just kept: forwarded as far as our reader takes them.
  void pass_on(std::string_view bytes);
  /// Our descriptor (poll_fd()) has room.
  void on_writable();

  /// False: don't read from the agent now, wait for on_writable().
  [[nodiscard]] bool wants_read() const;
  /// True: wait until poll_fd() is writable, then call on_writable(). Stays true at the end of the stream until all is forwarded.
  [[nodiscard]] bool wants_write() const;
  /// The descriptor to wait on. −1: never blocks.
  [[nodiscard]] int poll_fd() const;

  /// Bytes captured but not yet forwarded.
  [[nodiscard]] std::uint64_t backlog() const;
  /// Bytes taken from the agent.
  [[nodiscard]] std::uint64_t received() const;
  /// Bytes that our reader took.
  [[nodiscard]] std::uint64_t forwarded() const;
  /// True if what our reader has got ends in a line end (or is nothing): our own words may go out between.
  [[nodiscard]] bool at_line_start() const;
  [[nodiscard]] Forwarding forwarding() const;
  /// Why forwarding failed, the first time it is asked for (not for a reader that closed). Absent: it didn't, or already told.
  [[nodiscard]] std::optional<Error> take_trouble();

 private:
  /// Writes until all is out, our reader takes no more, or it is gone. Returns what went out.
  std::size_t forward(std::string_view bytes);
  bool forward_some_from_file();
  bool forward_some_from_memory();
  void give_up(const WriteStep& step);

  RawFile& raw_;
  Outlet out_;
  Forwarding state_ = Forwarding::open;
  std::uint64_t received_ = 0;
  std::uint64_t forwarded_ = 0;
  std::string memory_;           ///< received bytes past the raw file's end, from the first that is not forwarded
  std::size_t memory_done_ = 0;  ///< of these, how many are forwarded
  char last_ = '\n';
  std::optional<Error> trouble_;
};

}  // namespace ts::capture
