#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <functional>
#include <memory>

#include "accounting/usage/reader.hpp"
#include "spawner/capture/pipe_reader.hpp"
#include "spawner/capture/tee.hpp"

namespace ts::loop {

/// One of the agent's streams: reads it, captures the bytes, gives its lines to a dialect, and forwards the bytes.
/// Lifetime: `tee` must outlive it; it owns `fd`. Call start() once.
class StreamPump {
 public:
  struct Hooks {
    std::function<void()> before_output;  ///< our terminal is about to get bytes of the agent
    std::function<void()> after_batch;    ///< bytes came in and were understood
    std::function<void()> ended;          ///< the agent's side is at its end, and what it said is understood
    std::function<void()> forwarded;      ///< a backlog has gone out to our reader
  };
  /// `reader` null: the bytes mean nothing.
  StreamPump(boost::asio::io_context& io, int fd, capture::Tee& tee, std::unique_ptr<UsageReader> reader);

  void start(Hooks hooks);
  /// Reads what is there now and then takes the stream as ended. Forwarding of the backlog goes on until our reader has it.
  void close_now();
  [[nodiscard]] bool ended() const { return ended_; }
  [[nodiscard]] ParseStats stats() const;
  [[nodiscard]] std::uint64_t bytes() const { return tee_.received(); }
  [[nodiscard]] capture::Tee& tee() { return tee_; }

 private:
  void wait_readable();
  void wait_writable();
  bool read_some(int rounds);
  void end_input();
  void report_end();

  boost::asio::io_context& io_;
  capture::PipeReader reader_;
  boost::asio::posix::stream_descriptor in_;
  boost::asio::posix::stream_descriptor out_;
  capture::Tee& tee_;
  std::unique_ptr<UsageReader> meaning_;
  Hooks hooks_;
  bool ended_ = false;
  bool waiting_read_ = false;
  bool waiting_write_ = false;
  bool told_ = false;
};

}  // namespace ts::loop
