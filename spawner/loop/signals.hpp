#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <functional>
#include <initializer_list>

#include "accounting/base/result.hpp"

namespace ts::loop {

/// A signal that reached tracked-spawn.
struct CaughtSignal {
  int number = 0;
  bool from_terminal = false;  ///< the kernel sent it (a key of the terminal), so it reached the whole foreground group
};

/// Signals as events of the loop: they are blocked for this process and read from a signalfd.
/// Children must be launched with the mask from before (prepare_local_launcher() remembers it).
class Signals {
 public:
  /// Errors: io. One at a time in a process.
  [[nodiscard]] static Result<std::unique_ptr<Signals>> take(boost::asio::io_context& io, std::initializer_list<int> numbers);
  ~Signals();
  Signals(const Signals&) = delete;
  Signals& operator=(const Signals&) = delete;

  void start(std::function<void(const CaughtSignal&)> on_signal);
  void stop();

 private:
  Signals(boost::asio::io_context& io, int fd);
  void wait();

  boost::asio::posix::stream_descriptor fd_;
  std::function<void(const CaughtSignal&)> on_signal_;
};

/// Stops this process as Ctrl-Z would, and comes back when somebody continued it.
void stop_self();

}  // namespace ts::loop
