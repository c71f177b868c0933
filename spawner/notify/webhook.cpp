#include "spawner/notify/webhook.hpp"

#include <fmt/format.h>
#include <openssl/hmac.h>
#include <openssl/ssl.h>

#include <array>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/connect.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/host_name_verification.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <optional>

#include "spawner/gateway/upstream.hpp"

namespace ts::notify {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using tcp = asio::ip::tcp;
using boost::system::error_code;

constexpr std::uint64_t kMostAnswer = 64 * 1024;

/// A URL taken apart: where to connect, and what to ask for there.
struct Target {
  gateway::BaseUrl base;
  std::string path;
};

Result<Target> target_of(const std::string& url) {
  const auto scheme = url.find("://");
  const auto rest = url.find_first_of("/?#", scheme == std::string::npos ? 0 : scheme + 3);
  auto base = gateway::parse_base_url(std::string_view{url}.substr(0, rest));
  if (base.has_error()) return Error{Errc::invalid_argument, "webhook: it must look like https://host[:port][/path][?query], without credentials"};
  Target target{std::move(*base), rest == std::string::npos ? "/" : url.substr(rest, url.find('#') - rest)};
  if (!target.path.starts_with('/')) target.path.insert(0, "/");
  for (const char c : target.path)
    if (static_cast<unsigned char>(c) <= 0x20 || c == 0x7f) return Error{Errc::invalid_argument, "webhook: blanks and control characters in the URL must be written as %XX"};
  return target;
}

/// What an exchange came to.
struct Answer {
  std::optional<std::string> trouble;
  unsigned status = 0;
};

auto into(error_code& error) { return asio::redirect_error(asio::use_awaitable, error); }

template <class Stream>
asio::awaitable<void> exchange(Stream& stream, const http::request<http::string_body>& request, Answer& answer) {
  error_code error;
  co_await http::async_write(stream, request, into(error));
  boost::beast::flat_buffer buffer;
  http::response_parser<http::string_body> parser;
  parser.body_limit(kMostAnswer);
  if (!error) co_await http::async_read_header(stream, buffer, parser, into(error));
  if (error) answer.trouble = error.message();
  else answer.status = parser.get().result_int();  // the body is nobody's business
}

asio::awaitable<void> talk(const Target& target, const http::request<http::string_body>& request, Answer& answer) {
  error_code error;
  const auto executor = co_await asio::this_coro::executor;
  tcp::resolver resolver(executor);
  const auto places = co_await resolver.async_resolve(target.base.host, std::to_string(target.base.port), into(error));
  tcp::socket socket(executor);
  if (!error) co_await asio::async_connect(socket, places, into(error));
  if (error) {
    answer.trouble = error.message();
    co_return;
  }
  if (!target.base.tls) {
    co_await exchange(socket, request, answer);
    co_return;
  }
  asio::ssl::context context(asio::ssl::context::tls_client);
  context.set_options(asio::ssl::context::no_tlsv1 | asio::ssl::context::no_tlsv1_1, error);
  context.set_default_verify_paths(error);
  context.set_verify_mode(asio::ssl::verify_peer, error);
  asio::ssl::stream<tcp::socket&> stream(socket, context);
  SSL_set_tlsext_host_name(stream.native_handle(), target.base.host.c_str());
  stream.set_verify_callback(asio::ssl::host_name_verification(target.base.host), error);
  co_await stream.async_handshake(asio::ssl::stream_base::client, into(error));
  if (error) answer.trouble = "TLS: " + error.message();
  else co_await exchange(stream, request, answer);
}

http::request<http::string_body> request_of(const Webhook& to, const Target& target, const std::string& body, UtcTime now) {
  http::request<http::string_body> request(http::verb::post, target.path, 11);
  request.set(http::field::host, target.base.authority());
  request.set(http::field::user_agent, "tracked-spawn");
  request.set(http::field::content_type, "application/json");
  request.set(http::field::connection, "close");
  const std::string timestamp = std::to_string(std::chrono::duration_cast<std::chrono::seconds>(now.time_since_epoch()).count());
  request.set("X-Tracked-Spawn-Timestamp", timestamp);
  if (!to.secret.empty()) request.set("X-Tracked-Spawn-Signature", signature(to.secret, timestamp, body));
  request.body() = body;
  request.prepare_payload();
  return request;
}

}  // namespace

std::string signature(const std::string& secret, const std::string& timestamp, const std::string& body) {
  const std::string text = timestamp + "." + body;
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  HMAC(EVP_sha256(), secret.data(), static_cast<int>(secret.size()), reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest.data(), &size);
  std::string hex = "sha256=";
  for (unsigned i = 0; i < size; ++i) hex += fmt::format("{:02x}", digest[i]);
  return hex;
}

Result<void> check_url(const std::string& url) {
  TS_CHECK(target_of(url));
  return {};
}

Result<std::string> post_json(const Webhook& to, const std::string& body, UtcTime now) {
  TS_TRY(const Target target, target_of(to.url));
  const auto request = request_of(to, target, body, now);
  asio::io_context io(1);
  Answer answer;
  bool done = false;
  asio::co_spawn(io, talk(target, request, answer), [&](const std::exception_ptr& failure) {
    done = true;
    if (failure) answer.trouble = "the exchange broke off";
  });
  io.run_for(to.limit);
  const std::string place = target.base.authority();  // the path may hold a secret
  if (!done) return Error{Errc::timed_out, fmt::format("webhook {}: no answer within {} ms", place, to.limit.count())};
  if (answer.trouble) return Error{Errc::io, fmt::format("webhook {}: {}", place, *answer.trouble)};
  if (answer.status < 200 || answer.status > 299) return Error{Errc::refused, fmt::format("webhook {}: HTTP {}", place, answer.status)};
  return fmt::format("HTTP {}", answer.status);
}

}  // namespace ts::notify
