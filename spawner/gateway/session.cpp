#include "spawner/gateway/session.hpp"

#include <fmt/format.h>
#include <sys/socket.h>

#include <boost/asio/buffer.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/status.hpp>

#include "spawner/gateway/exchange.hpp"

namespace ts::gateway {
namespace {

using namespace std::chrono_literals;

constexpr auto kIdleTime = 10min;
constexpr auto kBodyTime = 60s;        ///< without a byte
constexpr std::size_t kPiece = 16 * 1024;
constexpr std::uint32_t kHeadLimit = 256 * 1024;

auto into(error_code& error) { return asio::redirect_error(asio::use_awaitable, error); }

}  // namespace

Session::Session(std::shared_ptr<Gateway::Impl> gateway, tcp::socket socket)
    : gateway_(std::move(gateway)), socket_(std::move(socket)), deadline_(gateway_->io) {
  error_code ignored;
  socket_.set_option(tcp::no_delay(true), ignored);
}

void Session::close() {
  error_code ignored;
  deadline_.cancel();
  socket_.shutdown(tcp::socket::shutdown_both, ignored);
  socket_.close(ignored);
  if (auto gone = std::exchange(on_gone_, nullptr)) {
    gone_ = true;
    gone();
  }
}

void Session::limit(std::chrono::steady_clock::duration time) {
  deadline_.expires_after(time);
  deadline_.async_wait([weak = weak_from_this()](error_code error) {
    if (error) return;
    if (const auto self = weak.lock()) self->close();
  });
}

asio::awaitable<bool> Session::fill() {
  const std::size_t before = pending_.size();
  pending_.resize(before + kPiece);
  error_code error;
  const std::size_t got = co_await socket_.async_read_some(asio::buffer(pending_.data() + before, kPiece), into(error));
  pending_.resize(before + got);
  co_return !error;
}

asio::awaitable<bool> Session::read_head() {
  request_.emplace();
  request_->header_limit(kHeadLimit);
  request_->eager(false);
  decoder_.reset();
  body_done_ = failed_ = false;
  limit(kIdleTime);
  bool begun = false;
  for (;;) {
    if (!pending_.empty()) {
      if (!std::exchange(begun, true)) limit(gateway_->setup.head_time);
      error_code error;
      const std::size_t used = request_->put(asio::buffer(pending_), error);
      pending_.erase(0, used);
      if (request_->is_header_done()) break;
      if (error && error != boost::beast::http::error::need_more) {
        co_await answer(400, "text/plain", "this is no HTTP/1 request\n");
        co_return false;
      }
    } else {
      pending_.shrink_to_fit();
    }
    if (!co_await fill()) co_return false;
  }
  no_limit();
  request_->eager(true);
  body_done_ = request_->is_done();
  keep_ = request_->keep_alive();
  co_return true;
}

asio::awaitable<std::string> Session::next_body() {
  std::string piece;
  while (piece.empty() && !body_done_ && !failed_) {
    if (pending_.empty()) {
      limit(kBodyTime);
      const bool more = co_await fill();
      no_limit();
      if (!more) {
        failed_ = true;
        break;
      }
    }
    error_code error;
    request_->body.clear();
    const std::size_t used = request_->put(asio::buffer(pending_), error);
    for (const std::string_view part : request_->body) {
      if (!decoder_) {
        piece.append(part);
      } else if (!decoder_->push(part, piece)) {
        failed_ = true;
      }
    }
    pending_.erase(0, used);
    body_done_ = request_->is_done();
    if (error && error != boost::beast::http::error::need_more) failed_ = true;
    if (error == boost::beast::http::error::need_more && used == 0 && !body_done_) {
      limit(kBodyTime);
      const bool more = pending_.size() < kHeadLimit && co_await fill();
      no_limit();
      failed_ = failed_ || !more;
    }
  }
  co_return piece;
}

/// So that a client that is still sending gets to read our answer.
asio::awaitable<void> Session::discard_body() {
  std::uint64_t seen = 0;
  while (!body_done_ && !failed_ && seen < (std::uint64_t{64} << 20)) seen += (co_await next_body()).size();
  if (!body_done_) keep_ = false;
}

asio::awaitable<bool> Session::write(std::vector<asio::const_buffer> buffers) {
  error_code error;
  co_await asio::async_write(socket_, buffers, into(error));
  co_return !error;
}

asio::awaitable<bool> Session::write(std::string_view bytes) {
  // Mostly the kernel takes it at once, and then it costs no turn of the loop.
  const auto sent = ::send(socket_.native_handle(), bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
  if (sent > 0) bytes.remove_prefix(static_cast<std::size_t>(sent));
  if (bytes.empty()) co_return true;
  error_code error;
  const auto rest = asio::buffer(bytes);
  co_await asio::async_write(socket_, rest, into(error));
  co_return !error;
}

asio::awaitable<void> Session::answer(int status, std::string_view type, std::string body) {
  const auto reason = boost::beast::http::obsolete_reason(static_cast<boost::beast::http::status>(status));
  const bool close = !keep_ || !body_done_;
  const std::string upgrade = status == 426 ? "upgrade: HTTP/1.1\r\n" : "";
  const std::string head = fmt::format("HTTP/1.1 {} {}\r\ncontent-type: {}\r\ncontent-length: {}\r\n{}connection: {}\r\n\r\n", status,
                                       std::string_view{reason.data(), reason.size()}, type, body.size(), upgrade, close ? "close" : "keep-alive");
  keep_ = !close;
  const std::vector<asio::const_buffer> both = {asio::buffer(head), asio::buffer(body)};
  if (!co_await write(both)) keep_ = false;
}

void Session::watch_client(std::function<void()> on_gone) {
  on_gone_ = std::move(on_gone);
  watch_ = ++last_watch_;
  if (!pending_.empty()) return;  // it has sent its next request already: it is there
  watch_more(watch_);
}

void Session::watch_more(std::uint64_t watch) {
  socket_.async_wait(tcp::socket::wait_read, [weak = weak_from_this(), watch](error_code) {
    const auto self = weak.lock();
    if (!self || self->watch_ != watch) return;
    char c = 0;
    const auto got = ::recv(self->socket_.native_handle(), &c, 1, MSG_PEEK | MSG_DONTWAIT);
    if (got > 0) return;
    if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return self->watch_more(watch);
    self->gone_ = true;
    if (auto gone = std::exchange(self->on_gone_, nullptr)) gone();
  });
}

void Session::end_watch() {
  if (std::exchange(watch_, 0) == 0) return;
  on_gone_ = nullptr;
  error_code ignored;
  if (socket_.is_open()) socket_.cancel(ignored);
}

asio::awaitable<void> Session::serve() {
  const auto self = shared_from_this();
  while (keep_ && !gone_ && !gateway_->stopped) {
    if (!co_await read_head()) break;
    busy_ = true;
    co_await exchange();
    busy_ = false;
  }
  close();
  gateway_->leave(*this);
}

asio::awaitable<void> Session::exchange() {
  Request& request = *request_;
  auto where = route(request.method, request.target, gateway_->token, gateway_->setup.upstreams.size());
  if (!where) {
    ++gateway_->stats.strangers;
    keep_ = false;
    co_return co_await answer(404, "text/plain", "not found\n");
  }
  if (!request.header.get("upgrade").empty() && request.header.get("upgrade").find_first_of("wW") == 0) {
    // Source: design/agents.md: Codex falls back to HTTP at once on this answer, and on no other.
    co_return co_await answer(426, "application/json", R"({"error":{"message":"WebSocket is not served here; use HTTP","type":"invalid_request_error"}})");
  }
  const std::string_view encoding = request.header.get("content-encoding");
  if (where->shape && !is_identity(encoding)) {
    decoder_ = make_decoder(encoding);
    if (!decoder_) {
      co_await discard_body();
      co_return co_await answer(415, "application/json", R"({"error":{"message":"this content-encoding is not understood","type":"invalid_request_error"}})");
    }
  }
  if (request.header.get("expect").find("100") != std::string_view::npos && !body_done_) {
    static constexpr std::string_view kGo = "HTTP/1.1 100 Continue\r\n\r\n";
    const std::vector<asio::const_buffer> go = {asio::buffer(kGo)};
    if (!co_await write(go)) co_return keep_open(false);
  }
  Exchange one(*this, std::move(*where));
  co_await one.run();
}

}  // namespace ts::gateway
