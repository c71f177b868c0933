#include "spawner/gateway/link.hpp"

#include <fmt/format.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <sys/socket.h>

#include <boost/asio/connect.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/ssl/host_name_verification.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

namespace ts::gateway {
namespace {

auto into(error_code& error) { return asio::redirect_error(asio::use_awaitable, error); }

constexpr int kMostInARow = 16;

std::string base64(std::string_view text) {
  std::string out(4 * ((text.size() + 2) / 3) + 1, '\0');
  const int size = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(out.data()), reinterpret_cast<const unsigned char*>(text.data()), static_cast<int>(text.size()));
  out.resize(static_cast<std::size_t>(size));
  return out;
}

}  // namespace

std::unique_ptr<asio::ssl::context> make_tls(const std::string& ca_file) {
  auto tls = std::make_unique<asio::ssl::context>(asio::ssl::context::tls_client);
  error_code ignored;
  tls->set_default_verify_paths(ignored);
  if (!ca_file.empty()) tls->load_verify_file(ca_file, ignored);
  tls->set_verify_mode(asio::ssl::verify_peer, ignored);
  SSL_CTX_set_min_proto_version(tls->native_handle(), TLS1_2_VERSION);
  constexpr unsigned char kHttp11[] = {8, 'h', 't', 't', 'p', '/', '1', '.', '1'};
  SSL_CTX_set_alpn_protos(tls->native_handle(), kHttp11, sizeof kHttp11);
  return tls;
}

asio::awaitable<std::optional<std::string>> Link::connect(const std::string& host, std::uint16_t port) {
  error_code error;
  const auto address = asio::ip::make_address(host, error);
  if (!error) {
    const tcp::endpoint endpoint(address, port);
    co_await socket_.async_connect(endpoint, into(error));
  } else {
    error.clear();
    tcp::resolver resolver(socket_.get_executor());
    const std::string service = std::to_string(port);
    const auto found = co_await resolver.async_resolve(host, service, into(error));
    if (error) co_return fmt::format("{} can't be found: {}", host, error.message());
    co_await asio::async_connect(socket_, found, into(error));
  }
  if (error) co_return fmt::format("{}:{} can't be reached: {}", host, port, error.message());
  socket_.set_option(tcp::no_delay(true), error);
  co_return std::nullopt;
}

asio::awaitable<std::optional<std::string>> Link::tunnel(const BaseUrl& to, const Proxy& proxy) {
  const std::string target = fmt::format("{}:{}", to.host.find(':') == std::string::npos ? to.host : "[" + to.host + "]", to.port);
  std::string request = fmt::format("CONNECT {0} HTTP/1.1\r\nHost: {0}\r\n", target);
  if (!proxy.credentials.empty()) request += "Proxy-Authorization: Basic " + base64(proxy.credentials) + "\r\n";
  request += "\r\n";
  error_code error;
  co_await asio::async_write(socket_, asio::buffer(request), into(error));
  std::string answer;
  // Byte by byte: what follows the head is the tunnel's.
  while (!error && !answer.ends_with("\r\n\r\n") && answer.size() < 16384) {
    char c = 0;
    co_await asio::async_read(socket_, asio::buffer(&c, 1), into(error));
    if (!error) answer += c;
  }
  if (error) co_return fmt::format("the proxy {}:{} broke off: {}", proxy.host, proxy.port, error.message());
  if (!answer.starts_with("HTTP/1.") || answer.size() < 12 || answer.substr(9, 3) != "200")
    co_return fmt::format("the proxy {}:{} refused to connect to {}: {}", proxy.host, proxy.port, target, answer.substr(0, answer.find('\r')));
  co_return std::nullopt;
}

asio::awaitable<std::optional<std::string>> Link::open(const Upstream& upstream, asio::ssl::context* tls) {
  const BaseUrl& base = upstream.base;
  const std::string host = upstream.proxy ? upstream.proxy->host : base.host;
  const std::uint16_t port = upstream.proxy ? upstream.proxy->port : base.port;
  auto failed = co_await connect(host, port);
  if (failed) co_return failed;
  if (upstream.proxy) failed = co_await tunnel(base, *upstream.proxy);
  if (failed || !base.tls) co_return failed;
  tls_.emplace(socket_, *tls);
  error_code error;
  SSL_set_tlsext_host_name(tls_->native_handle(), base.host.c_str());
  tls_->set_verify_callback(asio::ssl::host_name_verification(base.host), error);
  co_await tls_->async_handshake(asio::ssl::stream_base::client, into(error));
  if (error) co_return fmt::format("TLS with {} failed: {}", base.host, error.message());
  co_return std::nullopt;
}

asio::awaitable<std::size_t> Link::read_some(asio::mutable_buffer buffer, error_code& error) {
  if (tls_) co_return co_await tls_->async_read_some(buffer, into(error));
  // What is there already costs no turn of the loop; now and then the others get theirs all the same.
  if (++in_a_row_ < kMostInARow) {
    const auto got = ::recv(socket_.native_handle(), buffer.data(), buffer.size(), MSG_DONTWAIT);
    if (got > 0) co_return static_cast<std::size_t>(got);
  }
  in_a_row_ = 0;
  co_return co_await socket_.async_read_some(buffer, into(error));
}

asio::awaitable<void> Link::write(std::vector<asio::const_buffer> buffers, error_code& error) {
  if (tls_) {
    co_await asio::async_write(*tls_, buffers, into(error));
  } else {
    co_await asio::async_write(socket_, buffers, into(error));
  }
}

bool Link::quiet() {
  char c = 0;
  const auto got = ::recv(socket_.native_handle(), &c, 1, MSG_PEEK | MSG_DONTWAIT);
  return got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK) && pending.empty();
}

void Link::close() {
  error_code ignored;
  socket_.close(ignored);
}

}  // namespace ts::gateway
