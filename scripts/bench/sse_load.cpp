// Plays a provider that streams events and the clients that read them, for scripts/bench/gateway. Source of time: CLOCK_MONOTONIC of one machine.
//   sse_load provider                        prints its port, serves until it is killed
//   sse_load clients URL STREAMS SECONDS EVENTS GAP_US    p50, p99 from an event's sending to its reading; events a second
//   sse_load idle URL CONNECTIONS PID        one request each, then silence: resident memory of PID before and after
//   sse_load body URL MEGABYTES PID          one request of that size: the peak of PID's memory that it costs
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace {

std::int64_t now_ns() {
  timespec t{};
  ::clock_gettime(CLOCK_MONOTONIC, &t);
  return std::int64_t{t.tv_sec} * 1'000'000'000 + t.tv_nsec;
}

[[noreturn]] void die(const char* what) {
  std::perror(what);
  std::exit(1);
}

std::string chunk(std::string_view data) {
  char size[32];
  std::snprintf(size, sizeof size, "%zx\r\n", data.size());
  return size + std::string(data) + "\r\n";
}

/// An event as Anthropic's API sends it, of the usual size, with the time of its sending.
std::string delta() {
  return "event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\" and some words\"},\"t\":" +
         std::to_string(now_ns()) + "}\n\n";
}

constexpr std::string_view kStart =
    "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"id\":\"msg_01\",\"type\":\"message\",\"role\":\"assistant\",\"model\":\"m\",\"content\":[],"
    "\"usage\":{\"input_tokens\":4,\"cache_creation_input_tokens\":300,\"cache_read_input_tokens\":15000,\"output_tokens\":1}}}\n\n";
constexpr std::string_view kEnd =
    "event: message_delta\ndata: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\"},\"usage\":{\"output_tokens\":150}}\n\n"
    "event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n";

std::size_t length_of(const std::string& head) {
  std::string lower = head;
  for (char& c : lower) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  const auto at = lower.find("content-length:");
  return at == std::string::npos ? 0 : std::strtoull(head.c_str() + at + 15, nullptr, 10);
}

std::int64_t parameter(const std::string& head, const std::string& name) {
  const auto at = head.find(name + "=");
  return at == std::string::npos || at > head.find("\r\n") ? 0 : std::strtoll(head.c_str() + at + name.size() + 1, nullptr, 10);
}

/// One connection of the provider.
struct Serving {
  int fd = -1;
  std::string in;
  std::size_t body_left = 0;
  bool in_body = false;
  std::string out;
  std::int64_t events_left = -1;   ///< -1: no answer is under way
  std::int64_t gap_ns = 0;
  std::int64_t next_ns = 0;
  bool waits_to_write = false;
};

class Provider {
 public:
  int run() {
    listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof at;
    if (::bind(listener_, reinterpret_cast<sockaddr*>(&at), size) != 0 || ::listen(listener_, 1024) != 0) die("provider");
    ::getsockname(listener_, reinterpret_cast<sockaddr*>(&at), &size);
    std::printf("%d\n", ntohs(at.sin_port));
    std::fflush(stdout);
    poll_ = ::epoll_create1(EPOLL_CLOEXEC);
    watch(listener_, EPOLLIN);
    for (;;) step();
  }

 private:
  void watch(int fd, std::uint32_t events) {
    epoll_event e{};
    e.events = events;
    e.data.fd = fd;
    if (::epoll_ctl(poll_, EPOLL_CTL_ADD, fd, &e) != 0) ::epoll_ctl(poll_, EPOLL_CTL_MOD, fd, &e);
  }

  void step() {
    std::int64_t next = INT64_MAX;
    for (const auto& [fd, one] : all_)
      if (one->events_left >= 0 && !one->waits_to_write) next = std::min(next, one->next_ns);
    const std::int64_t wait = next == INT64_MAX ? -1 : std::max<std::int64_t>(0, next - now_ns());
    epoll_event ready[256];
    timespec limit{wait / 1'000'000'000, wait % 1'000'000'000};
    const int count = ::epoll_pwait2(poll_, ready, 256, wait < 0 ? nullptr : &limit, nullptr);
    for (int i = 0; i < count; ++i) {
      if (ready[i].data.fd == listener_) accept();
      else if (const auto found = all_.find(ready[i].data.fd); found != all_.end()) serve(*found->second, ready[i].events);
    }
    const std::int64_t now = now_ns();
    std::vector<int> due;
    for (const auto& [fd, one] : all_)
      if (one->events_left >= 0 && !one->waits_to_write && one->next_ns <= now) due.push_back(fd);
    for (const int fd : due) speak(*all_[fd]);
  }

  void accept() {
    const int fd = ::accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0) return;
    const int one = 1;
    ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    all_[fd] = std::make_unique<Serving>();
    all_[fd]->fd = fd;
    watch(fd, EPOLLIN);
  }

  void drop(Serving& one) {
    const int fd = one.fd;
    ::close(fd);
    all_.erase(fd);
  }

  void serve(Serving& one, std::uint32_t events) {
    if ((events & EPOLLOUT) != 0) {
      one.waits_to_write = false;
      watch(one.fd, EPOLLIN);
      if (!flush(one)) return;
    }
    if ((events & ~EPOLLOUT) == 0) return;
    char buffer[65536];
    const auto got = ::recv(one.fd, buffer, sizeof buffer, 0);
    if (got <= 0 && !(got < 0 && errno == EAGAIN)) return drop(one);
    std::string_view data(buffer, static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
    if (one.in_body) {
      const auto taken = std::min(data.size(), one.body_left);
      one.body_left -= taken;
      data.remove_prefix(taken);
    }
    one.in.append(data);
    if (!one.in_body) {
      const auto end = one.in.find("\r\n\r\n");
      if (end == std::string::npos) return;
      one.in_body = true;
      events_ = std::max<std::int64_t>(parameter(one.in, "events"), 1);
      one.gap_ns = parameter(one.in, "gap") * 1000;
      const std::size_t length = length_of(one.in.substr(0, end + 2));
      const std::size_t have = one.in.size() - end - 4;
      one.body_left = length - std::min(length, have);
      one.in.clear();
    }
    if (one.body_left > 0) return;
    one.in_body = false;
    one.events_left = events_;
    one.out = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ncache-control: no-cache\r\ntransfer-encoding: chunked\r\n\r\n" + chunk(kStart);
    one.next_ns = now_ns();
  }

  /// False: the connection is gone.
  bool flush(Serving& one) {
    while (!one.out.empty()) {
      const auto sent = ::send(one.fd, one.out.data(), one.out.size(), MSG_NOSIGNAL);
      if (sent < 0 && errno == EAGAIN) {
        if (!std::exchange(one.waits_to_write, true)) watch(one.fd, EPOLLIN | EPOLLOUT);
        return true;
      }
      if (sent <= 0) return drop(one), false;
      one.out.erase(0, static_cast<std::size_t>(sent));
    }
    return true;
  }

  void speak(Serving& one) {
    const int most = one.gap_ns > 0 ? 1 : 64;
    for (int i = 0; i < most && one.events_left >= 0 && !one.waits_to_write; ++i) {
      one.out += one.events_left-- > 0 ? chunk(delta()) : chunk(kEnd) + "0\r\n\r\n";
      if (!flush(one)) return;
    }
    one.next_ns = one.gap_ns > 0 ? one.next_ns + one.gap_ns : 0;
  }

  int listener_ = -1;
  int poll_ = -1;
  std::int64_t events_ = 1;
  std::map<int, std::unique_ptr<Serving>> all_;
};

/// "http://127.0.0.1:PORT/path", taken apart.
struct Url {
  std::uint16_t port = 0;
  std::string path;
};

Url parsed(const std::string& text) {
  const auto colon = text.find(':', 6);
  const auto slash = text.find('/', colon);
  return {static_cast<std::uint16_t>(std::atoi(text.c_str() + colon + 1)), slash == std::string::npos ? "" : text.substr(slash)};
}

int connected(const Url& url) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_port = htons(url.port);
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(fd, reinterpret_cast<sockaddr*>(&at), sizeof at) != 0) die("connect");
  const int one = 1;
  ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  return fd;
}

std::string request(const Url& url, std::int64_t events, std::int64_t gap_us) {
  const std::string body = R"({"model":"m","stream":true,"max_tokens":32000,"messages":[{"role":"user","content":")" + std::string(2000, 'x') + R"("}]})";
  return "POST " + url.path + "/v1/messages?events=" + std::to_string(events) + "&gap=" + std::to_string(gap_us) +
         " HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\ncontent-length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

void send_all(int fd, std::string_view data) {
  while (!data.empty()) {
    const auto sent = ::send(fd, data.data(), data.size(), MSG_NOSIGNAL);
    if (sent <= 0) die("send");
    data.remove_prefix(static_cast<std::size_t>(sent));
  }
}

/// Reads what one client gets: times of events, and the ends of answers.
struct Reading {
  std::string tail;
  std::uint64_t events = 0;
  std::uint64_t ends = 0;
  void push(std::string_view data, std::vector<std::int64_t>& latencies) {
    const std::int64_t now = now_ns();
    tail.append(data);
    std::size_t done = 0;
    for (std::size_t at = 0; (at = tail.find("\"t\":", at)) != std::string::npos; at += 4) {
      const auto close = tail.find('}', at);
      if (close == std::string::npos) break;
      latencies.push_back(now - std::strtoll(tail.c_str() + at + 4, nullptr, 10));
      ++events;
      done = close;
    }
    const auto end = tail.find("\r\n0\r\n\r\n", done);
    if (end != std::string::npos) {
      ++ends;
      done = end + 7;
    }
    tail.erase(0, done);
    if (tail.size() > 4096) tail.erase(0, tail.size() - 600);
  }
};

int clients(const Url& url, int streams, double seconds, std::int64_t events, std::int64_t gap_us) {
  const int poll = ::epoll_create1(EPOLL_CLOEXEC);
  std::map<int, Reading> all;
  const std::string ask = request(url, events, gap_us);
  for (int i = 0; i < streams; ++i) {
    const int fd = connected(url);
    epoll_event e{};
    e.events = EPOLLIN;
    e.data.fd = fd;
    ::epoll_ctl(poll, EPOLL_CTL_ADD, fd, &e);
    all[fd];
    send_all(fd, ask);
  }
  std::vector<std::int64_t> latencies;
  std::vector<std::int64_t> warm_up;
  const std::int64_t start = now_ns() + 200'000'000;
  const std::int64_t stop = start + static_cast<std::int64_t>(seconds * 1e9);
  std::vector<char> buffer(65536);
  std::uint64_t answers = 0;
  std::int64_t now = now_ns();
  while (now < stop) {
    epoll_event ready[128];
    const int count = ::epoll_wait(poll, ready, 128, 2000);
    if (count <= 0) die("nothing came for two seconds");
    for (int i = 0; i < count; ++i) {
      const int fd = ready[i].data.fd;
      const auto got = ::recv(fd, buffer.data(), buffer.size(), 0);
      if (got <= 0) die("recv");
      Reading& one = all[fd];
      const auto ends = one.ends;
      one.push({buffer.data(), static_cast<std::size_t>(got)}, now < start ? warm_up : latencies);
      if (one.ends != ends) {
        ++answers;
        send_all(fd, ask);
      }
    }
    now = now_ns();
  }
  if (latencies.empty()) die("no events");
  std::sort(latencies.begin(), latencies.end());
  const auto at = [&](double share) { return static_cast<double>(latencies[static_cast<std::size_t>(share * static_cast<double>(latencies.size() - 1))]) / 1000.0; };
  std::printf("{\"p50_us\": %.1f, \"p99_us\": %.1f, \"events_per_s\": %.0f, \"answers\": %llu}\n", at(0.5), at(0.99), static_cast<double>(latencies.size()) / seconds,
              static_cast<unsigned long long>(answers));
  return 0;
}

long memory_kib(const char* pid, std::string_view which) {
  std::ifstream file(std::string("/proc/") + pid + "/status");
  for (std::string line; std::getline(file, line);)
    if (line.starts_with(which)) return std::atol(line.c_str() + which.size());
  return 0;
}

void whole_answer(int fd) {
  Reading reading;
  std::vector<std::int64_t> ignored;
  std::vector<char> buffer(65536);
  while (reading.ends == 0) {
    const auto got = ::recv(fd, buffer.data(), buffer.size(), 0);
    if (got <= 0) die("answer");
    reading.push({buffer.data(), static_cast<std::size_t>(got)}, ignored);
  }
}

int idle(const Url& url, int connections, const char* pid) {
  const int first = connected(url);
  send_all(first, request(url, 10, 0));
  whole_answer(first);
  const long before = memory_kib(pid, "VmRSS:");
  std::vector<int> fds;
  for (int i = 0; i < connections; ++i) {
    fds.push_back(connected(url));
    send_all(fds.back(), request(url, 10, 0));
    whole_answer(fds.back());
  }
  const long after = memory_kib(pid, "VmRSS:");
  std::printf("{\"before_kib\": %ld, \"after_kib\": %ld, \"per_connection_kib\": %.1f}\n", before, after, static_cast<double>(after - before) / connections);
  return 0;
}

int body(const Url& url, std::size_t megabytes, const char* pid) {
  const long before = memory_kib(pid, "VmHWM:");
  const std::string start = R"({"model":"m","stream":true,"max_tokens":32000,"messages":[{"role":"user","content":")";
  const std::string end = R"("}]})";
  const std::size_t middle = megabytes << 20;
  const int fd = connected(url);
  const std::int64_t begin = now_ns();
  send_all(fd, "POST " + url.path + "/v1/messages?events=10&gap=0 HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: " +
                   std::to_string(start.size() + middle + end.size()) + "\r\n\r\n" + start);
  const std::string piece(1 << 16, 'x');
  for (std::size_t done = 0; done < middle; done += piece.size()) send_all(fd, piece);
  send_all(fd, end);
  whole_answer(fd);
  std::printf("{\"peak_before_kib\": %ld, \"peak_after_kib\": %ld, \"ms\": %.0f}\n", before, memory_kib(pid, "VmHWM:"), static_cast<double>(now_ns() - begin) / 1e6);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  const std::string what = argc > 1 ? argv[1] : "";
  if (what == "provider") return Provider().run();
  if (what == "clients" && argc == 7) return clients(parsed(argv[2]), std::atoi(argv[3]), std::atof(argv[4]), std::atoll(argv[5]), std::atoll(argv[6]));
  if (what == "idle" && argc == 5) return idle(parsed(argv[2]), std::atoi(argv[3]), argv[4]);
  if (what == "body" && argc == 5) return body(parsed(argv[2]), static_cast<std::size_t>(std::atoi(argv[3])), argv[4]);
  std::fputs("see the head of sse_load.cpp\n", stderr);
  return 2;
}
