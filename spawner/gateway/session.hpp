#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>

#include "spawner/gateway/decoder.hpp"
#include "spawner/gateway/impl.hpp"
#include "spawner/gateway/message.hpp"

namespace ts::gateway {

/// One connection of the agent. Only for the .cpp files of this folder.
class Session : public std::enable_shared_from_this<Session> {
 public:
  using Request = Message<true>;

  Session(std::shared_ptr<Gateway::Impl> gateway, tcp::socket socket);
  /// Serves until either side has had enough.
  asio::awaitable<void> serve();
  void close();
  /// Nobody has shown our token on it, or nothing is asked: it may be closed to make room.
  [[nodiscard]] bool spare() const { return !busy_; }

  // For the exchange that is under way.
  /// The next piece of the request's body, decoded. Empty: it has ended, or failed() is true.
  asio::awaitable<std::string> next_body();
  [[nodiscard]] bool body_done() const { return body_done_; }
  [[nodiscard]] bool failed() const { return failed_; }
  asio::awaitable<void> discard_body();
  asio::awaitable<bool> write(std::vector<asio::const_buffer> buffers);
  /// Lifetime: `bytes` until it is done.
  asio::awaitable<bool> write(std::string_view bytes);
  /// A whole answer of our own.
  asio::awaitable<void> answer(int status, std::string_view type, std::string body);
  void watch_client(std::function<void()> on_gone);
  void end_watch();
  [[nodiscard]] bool client_gone() const { return gone_; }
  [[nodiscard]] Request& request() { return *request_; }
  void keep_open(bool keep) { keep_ = keep && keep_; }
  [[nodiscard]] bool keeps_open() const { return keep_; }
  [[nodiscard]] Gateway::Impl& gateway() { return *gateway_; }
  void limit(std::chrono::steady_clock::duration time);
  void no_limit() { deadline_.cancel(); }

 private:
  asio::awaitable<bool> read_head();
  asio::awaitable<bool> fill();
  asio::awaitable<void> exchange();
  void watch_more(std::uint64_t watch);

  std::shared_ptr<Gateway::Impl> gateway_;
  tcp::socket socket_;
  asio::steady_timer deadline_;
  std::optional<Request> request_;
  std::string pending_;                 ///< read and not parsed yet
  std::unique_ptr<Decoder> decoder_;
  std::function<void()> on_gone_;
  std::uint64_t watch_ = 0;             ///< which watch is under way; 0: none
  std::uint64_t last_watch_ = 0;
  bool busy_ = false;
  bool keep_ = true;
  bool body_done_ = false;
  bool failed_ = false;
  bool gone_ = false;
};

}  // namespace ts::gateway
