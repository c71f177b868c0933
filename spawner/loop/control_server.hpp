#pragma once

#include <boost/asio/io_context.hpp>
#include <functional>
#include <memory>

#include "spawner/control/protocol.hpp"

namespace ts::loop {

/// Answers requests on the run's control socket. Every connection gets one answer; a peer that says nothing for 10 s is dropped,
/// and more than 32 at once are refused.
class ControlServer {
 public:
  using Handler = std::function<control::Answer(const control::Request&)>;
  /// Takes `listener` over.
  ControlServer(boost::asio::io_context& io, int listener, Handler handler);
  ~ControlServer();
  /// Closes the listener; answers under way are finished.
  void stop();

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace ts::loop
