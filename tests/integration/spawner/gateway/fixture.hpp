#pragma once

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <cstring>
#include <functional>
#include <future>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "accounting/budget/meter_sink.hpp"
#include "spawner/gateway/gateway.hpp"

namespace ts::gateway {

using std::chrono::seconds;

/// Polls until `condition` holds. False: it did not within 20 s.
inline bool eventually(const std::function<bool()>& condition) {
  const auto until = std::chrono::steady_clock::now() + seconds(20);
  while (!condition()) {
    if (std::chrono::steady_clock::now() > until) return false;
    ::poll(nullptr, 0, 2);
  }
  return true;
}

/// A blocking socket with a deadline on every read.
class Wire {
 public:
  explicit Wire(int fd = -1) : fd_(fd) {
    const timeval limit{20, 0};
    if (fd_ >= 0) ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  }
  Wire(Wire&& other) noexcept : fd_(std::exchange(other.fd_, -1)), in_(std::move(other.in_)) {}
  Wire& operator=(Wire&& other) noexcept {
    std::swap(fd_, other.fd_);
    std::swap(in_, other.in_);
    return *this;
  }
  ~Wire() { close(); }
  static Wire to(std::uint16_t port) {
    Wire wire(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_port = htons(port);
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(::connect(wire.fd_, reinterpret_cast<sockaddr*>(&at), sizeof at), 0) << std::strerror(errno);
    return wire;
  }
  bool send(std::string_view text) {
    while (!text.empty()) {
      const auto sent = ::send(fd_, text.data(), text.size(), MSG_NOSIGNAL);
      if (sent <= 0) return false;
      text.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
  }
  /// One read. False: the end, or an error.
  bool more() {
    char buffer[65536];
    const auto got = ::recv(fd_, buffer, sizeof buffer, 0);
    if (got > 0) in_.append(buffer, static_cast<std::size_t>(got));
    return got > 0;
  }
  std::string until_closed() {
    while (more()) {
    }
    return std::exchange(in_, {});
  }
  /// Up to and with `mark`; what there is if the end comes first.
  std::string until(std::string_view mark) {
    std::size_t at = 0;
    while ((at = in_.find(mark)) == std::string::npos)
      if (!more()) return std::exchange(in_, {});
    std::string out = in_.substr(0, at + mark.size());
    in_.erase(0, at + mark.size());
    return out;
  }
  std::string exactly(std::size_t size) {
    while (in_.size() < size && more()) {
    }
    std::string out = in_.substr(0, size);
    in_.erase(0, out.size());
    return out;
  }
  void reset() {
    const linger now{1, 0};
    ::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    close();
  }
  void shut_down_sending() { ::shutdown(fd_, SHUT_WR); }
  void close() {
    if (fd_ >= 0) ::close(fd_);
    fd_ = -1;
  }
  [[nodiscard]] int fd() const { return fd_; }

 private:
  int fd_;
  std::string in_;
};

/// A message with its body as it was meant.
struct Heard {
  std::string head;
  std::string body;
  bool whole = false;
  [[nodiscard]] int status() const { return head.size() > 12 ? std::atoi(head.c_str() + 9) : 0; }
  [[nodiscard]] std::string header(std::string name) const {
    std::string lower = head;
    for (char& c : lower) c = static_cast<char>(std::tolower(c));
    const auto at = lower.find("\r\n" + name + ":");
    if (at == std::string::npos) return {};
    auto from = at + name.size() + 3;
    while (head[from] == ' ') ++from;
    return head.substr(from, head.find("\r\n", from) - from);
  }
};

/// Reads one request or answer.
inline Heard hear(Wire& wire) {
  Heard heard;
  heard.head = wire.until("\r\n\r\n");
  if (!heard.head.ends_with("\r\n\r\n")) return heard;
  if (const std::string length = heard.header("content-length"); !length.empty()) {
    const auto size = static_cast<std::size_t>(std::stoull(length));
    heard.body = wire.exactly(size);
    heard.whole = heard.body.size() == size;
  } else if (heard.header("transfer-encoding") == "chunked") {
    for (;;) {
      const std::string line = wire.until("\r\n");
      if (!line.ends_with("\r\n")) return heard;
      const auto size = static_cast<std::size_t>(std::stoull(line, nullptr, 16));
      const std::string part = wire.exactly(size + 2);
      heard.body += part.substr(0, std::min(size, part.size()));
      if (part.size() < size + 2) return heard;
      if (size == 0) break;
    }
    heard.whole = true;
  } else if (heard.head.starts_with("HTTP/")) {
    heard.body = wire.until_closed();
    heard.whole = true;
  } else {
    heard.whole = true;
  }
  return heard;
}

/// A provider made of one function: it gets each connection.
class RawUpstream {
 public:
  using Serve = std::function<void(Wire& wire)>;
  explicit RawUpstream(Serve serve) : serve_(std::move(serve)), listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof at;
    EXPECT_EQ(::bind(listener_, reinterpret_cast<sockaddr*>(&at), size), 0);
    EXPECT_EQ(::listen(listener_, 512), 0);
    ::getsockname(listener_, reinterpret_cast<sockaddr*>(&at), &size);
    port_ = ntohs(at.sin_port);
    thread_ = std::thread([this] { accept(); });
  }
  ~RawUpstream() {
    ::shutdown(listener_, SHUT_RDWR);
    thread_.join();
    for (std::thread& one : connections_) one.join();
    ::close(listener_);
  }
  [[nodiscard]] std::uint16_t port() const { return port_; }
  std::atomic<int> connections{0};
  std::atomic<int> requests{0};

 private:
  void accept() {
    for (;;) {
      const int fd = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
      if (fd < 0) return;
      ++connections;
      connections_.emplace_back([this, fd] {
        Wire wire(fd);
        serve_(wire);
      });
    }
  }
  Serve serve_;
  int listener_;
  std::uint16_t port_ = 0;
  std::thread thread_;
  std::vector<std::thread> connections_;
};

/// A gateway on a thread of its own, with a meter behind it and a cap in fresh tokens.
class Box {
 public:
  explicit Box(std::uint16_t upstream, std::optional<std::int64_t> cap = std::nullopt, const std::function<void(GatewaySetup&)>& adjust = {}) : cap_(cap) {
    GatewaySetup setup;
    setup.count = CountMode::estimate;   // a provider of a test answers what it is asked, and nothing else
    setup.upstreams = {{BaseUrl{false, "127.0.0.1", upstream, ""}, std::nullopt}};
    setup.usage = &sink_;
    setup.left = [this] { return cap_ ? std::optional(*cap_ - by_formula(meter_.totals().counts, Formula::fresh)) : std::nullopt; };
    setup.refusal_text = [](const Shortage& s) { return "cap reached, " + std::to_string(s.left) + " left, " + std::to_string(s.needed) + " needed"; };
    setup.on_request = [this](const RequestLine& line) {
      const std::lock_guard lock(mutex_);
      lines_.push_back(line);
    };
    if (adjust) adjust(setup);
    gateway_.emplace(io_, std::move(setup));
    const auto listening = gateway_->listen();
    EXPECT_TRUE(listening.has_value());
    url_ = gateway_->url(0);
    const auto colon = url_.rfind(':');
    const auto slash = url_.find('/', colon);
    port_ = static_cast<std::uint16_t>(std::stoi(url_.substr(colon + 1, slash - colon - 1)));
    prefix_ = url_.substr(slash);
    thread_ = std::thread([this] { io_.run(); });
  }
  ~Box() {
    on_loop([this] { gateway_->stop(); });
    guard_.reset();
    io_.stop();
    thread_.join();
  }
  /// Runs it on the gateway's thread and waits.
  template <class F>
  std::invoke_result_t<F> on_loop(F f) {
    std::packaged_task<std::invoke_result_t<F>()> task(std::move(f));
    auto done = task.get_future();
    boost::asio::post(io_, [&task] { task(); });
    return done.get();
  }
  [[nodiscard]] Totals totals() {
    return on_loop([this] { return meter_.totals(); });
  }
  [[nodiscard]] GatewayStats stats() {
    return on_loop([this] { return gateway_->stats(); });
  }
  /// The lines of the requests that are over, once there are `count`.
  [[nodiscard]] std::vector<RequestLine> lines(std::size_t count) {
    EXPECT_TRUE(eventually([&] {
      const std::lock_guard lock(mutex_);
      return lines_.size() >= count;
    }));
    const std::lock_guard lock(mutex_);
    return lines_;
  }
  [[nodiscard]] Wire connect() const { return Wire::to(port_); }
  [[nodiscard]] std::string post(std::string_view path, std::string_view body, std::string_view more = "") const {
    return "POST " + prefix_ + std::string(path) + " HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nx-api-key: sk-secret-key\r\nContent-Length: " +
           std::to_string(body.size()) + "\r\n" + std::string(more) + "\r\n" + std::string(body);
  }
  [[nodiscard]] Heard ask(std::string_view path, std::string_view body, std::string_view more = "") const {
    Wire wire = connect();
    wire.send(post(path, body, more));
    return hear(wire);
  }
  Gateway& gateway() { return *gateway_; }
  [[nodiscard]] std::uint16_t port() const { return port_; }
  [[nodiscard]] const std::string& prefix() const { return prefix_; }
  void set_cap(std::optional<std::int64_t> cap) {
    on_loop([&] {
      cap_ = cap;
      gateway_->left_changed();
    });
  }

 private:
  boost::asio::io_context io_{1};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> guard_{io_.get_executor()};
  std::optional<std::int64_t> cap_;
  Meter meter_;
  MeterSink sink_{meter_, Source::gateway};
  std::optional<Gateway> gateway_;
  std::mutex mutex_;
  std::vector<RequestLine> lines_;
  std::string url_;
  std::string prefix_;
  std::uint16_t port_ = 0;
  std::thread thread_;
};

inline constexpr std::string_view kAnthropicStream =
    "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"id\":\"msg_1\",\"model\":\"m\",\"usage\":{\"input_tokens\":4,"
    "\"cache_creation_input_tokens\":90,\"cache_read_input_tokens\":700,\"output_tokens\":1}}}\n\n"
    "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\"hello there, friend\"}}\n\n"
    "event: message_delta\ndata: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\"},\"usage\":{\"output_tokens\":50}}\n\n"
    "event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n";

inline std::string sse_answer(std::string_view events) {
  char size[32];
  std::snprintf(size, sizeof size, "%zx\r\n", events.size());
  return "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nrequest-id: r1\r\ntransfer-encoding: chunked\r\n\r\n" + (size + std::string(events)) + "\r\n0\r\n\r\n";
}

/// Answers every request of every connection with the same bytes.
inline RawUpstream::Serve always(std::string answer, std::atomic<int>* served = nullptr) {
  return [answer = std::move(answer), served](Wire& wire) {
    for (;;) {
      const Heard request = hear(wire);
      if (!request.whole || request.head.empty()) return;
      if (served != nullptr) ++*served;
      if (!wire.send(answer)) return;
    }
  };
}

inline constexpr std::string_view kAsk = R"({"model":"m","stream":true,"max_tokens":100,"messages":[{"role":"user","content":"hi"}]})";

}  // namespace ts::gateway
