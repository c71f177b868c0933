#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include "spawner/gateway/upstream.hpp"

namespace ts::gateway {

namespace asio = boost::asio;
using tcp = asio::ip::tcp;
using boost::system::error_code;

/// A connection to a provider: plain or TLS, direct or through a proxy. Only for the .cpp files of this folder.
class Link {
 public:
  explicit Link(asio::io_context& io) : socket_(io) {}
  /// Connects, tunnels, shakes hands. The error is words for people.
  asio::awaitable<std::optional<std::string>> open(const Upstream& upstream, asio::ssl::context* tls);
  asio::awaitable<std::size_t> read_some(asio::mutable_buffer buffer, error_code& error);
  asio::awaitable<void> write(std::vector<asio::const_buffer> buffers, error_code& error);
  /// Nothing has come in since the last answer, and the peer has not left.
  [[nodiscard]] bool quiet();
  void close();

  std::string pending;   ///< read and not parsed yet
  bool used = false;     ///< it has carried an exchange before
  std::chrono::steady_clock::time_point idle_since;

 private:
  asio::awaitable<std::optional<std::string>> connect(const std::string& host, std::uint16_t port);
  asio::awaitable<std::optional<std::string>> tunnel(const BaseUrl& to, const Proxy& proxy);

  tcp::socket socket_;
  int in_a_row_ = 0;   ///< reads that had not to wait
  std::optional<asio::ssl::stream<tcp::socket&>> tls_;
};

/// TLS for clients: system trust, TLS 1.2 or later, and the roots of `ca_file` if one is given.
[[nodiscard]] std::unique_ptr<asio::ssl::context> make_tls(const std::string& ca_file);

}  // namespace ts::gateway
