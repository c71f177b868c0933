#include "tests/integration/spawner/gateway/fixture.hpp"

namespace ts::gateway {
namespace {

std::string json_answer(std::string_view body) {
  return "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: " + std::to_string(body.size()) + "\r\n\r\n" + std::string(body);
}

constexpr std::string_view kSmall = R"({"id":"a","model":"x","usage":{"input_tokens":4,"output_tokens":50}})";

/// Sends the first `bytes` of the answer, then ends the connection: in order, or with a reset.
RawUpstream::Serve broken_at(std::string answer, std::atomic<std::size_t>& bytes, bool reset) {
  return [answer = std::move(answer), &bytes, reset](Wire& wire) {
    if (hear(wire).head.empty()) return;
    wire.send(std::string_view(answer).substr(0, bytes));
    if (reset) wire.reset();
  };
}

/// At every byte the client must see that the answer is not whole (or get it whole), and the count is what was told.
void break_everywhere(const std::string& answer, std::string_view body, bool reset) {
  std::atomic<std::size_t> bytes{0};
  RawUpstream provider(broken_at(answer, bytes, reset));
  Box box(provider.port());
  Tokens output = 0;
  for (std::size_t at = 0; at <= answer.size(); ++at) {
    bytes = at;
    const Heard heard = box.ask("/v1/messages", R"({"model":"x"})");
    if (at == answer.size() && !reset) {
      EXPECT_EQ(heard.body, body);
    }
    if (heard.whole) {
      EXPECT_EQ(heard.body, body) << "cut at " << at;
    }
    if (at < answer.size()) {
      EXPECT_FALSE(heard.whole && heard.status() == 200) << "cut at " << at;
    }
    const auto lines = box.lines(at + 1);
    EXPECT_LE(lines.back().counts.output, 50);
    EXPECT_EQ(lines.back().outcome, heard.whole ? Outcome::passed : Outcome::upstream_failed) << "cut at " << at;
    output += lines.back().counts.output;
  }
  EXPECT_EQ(box.totals().counts.output, output);
  EXPECT_EQ(box.stats().under_way, 0U);
}

TEST(GatewayFaults, UpstreamClosesAtEveryByteOfAPlainAnswer) { break_everywhere(json_answer(kSmall), kSmall, false); }
TEST(GatewayFaults, UpstreamResetsAtEveryByteOfAPlainAnswer) { break_everywhere(json_answer(kSmall), kSmall, true); }
TEST(GatewayFaults, UpstreamClosesAtEveryByteOfAStream) { break_everywhere(sse_answer(kAnthropicStream), kAnthropicStream, false); }

TEST(GatewayFaults, UpstreamResetsAtEveryByteOfAStream) { break_everywhere(sse_answer(kAnthropicStream), kAnthropicStream, true); }

TEST(GatewayFaults, WhatABrokenStreamHadToldCounts) {
  const std::string answer = sse_answer(kAnthropicStream);
  std::atomic<std::size_t> bytes{answer.find("event: message_delta")};
  RawUpstream provider(broken_at(answer, bytes, false));
  Box box(provider.port(), 100'000);
  EXPECT_FALSE(box.ask("/v1/messages", kAsk).whole);
  const RequestLine line = box.lines(1).at(0);
  EXPECT_EQ(line.outcome, Outcome::upstream_failed);
  EXPECT_EQ(line.counts, (TokenCounts{.input = 4, .cache_write_5m = 90, .cache_read = 700, .output = 1}));
  EXPECT_GT(line.unconfirmed, 0);  // the words that it had said beyond the one token it had told
  EXPECT_LT(line.unconfirmed, 50);
}

TEST(GatewayFaults, WrongLengths) {
  for (const int delta : {-20, 20}) {
    const std::string answer = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: " + std::to_string(static_cast<int>(kSmall.size()) + delta) + "\r\n\r\n" + std::string(kSmall);
    std::atomic<std::size_t> all{answer.size()};
    RawUpstream provider(broken_at(answer, all, false));
    Box box(provider.port());
    const Heard heard = box.ask("/v1/messages", R"({"model":"x"})");
    EXPECT_EQ(heard.whole, delta < 0);
    const Heard again = box.ask("/v1/messages", R"({"model":"x"})");  // the odd bytes are nobody's answer
    EXPECT_EQ(again.status(), 200);
  }
}

TEST(GatewayFaults, ErrorsPassAsTheyAre) {
  for (const int status : {400, 401, 429, 500, 503, 529}) {
    const std::string body = R"({"type":"error"})";
    RawUpstream provider(always("HTTP/1.1 " + std::to_string(status) + " Whatever It Says\r\nretry-after: 7\r\ncontent-length: 16\r\n\r\n" + body));
    Box box(provider.port(), 100'000);
    for (int i = 0; i < 10; ++i) {
      const Heard heard = box.ask("/v1/messages", kAsk);
      EXPECT_TRUE(heard.head.starts_with("HTTP/1.1 " + std::to_string(status) + " Whatever It Says\r\n"));
      EXPECT_EQ(heard.header("retry-after"), "7");
      EXPECT_EQ(heard.body, body);
    }
    EXPECT_EQ(box.lines(10).back().unconfirmed, 0);  // errors are not billed
    EXPECT_EQ(box.stats().reserved, 0);
    EXPECT_EQ(box.stats().unconfirmed, 0);
  }
}

TEST(GatewayFaults, NobodyListens) {
  std::uint16_t port = 0;
  {
    RawUpstream gone([](Wire&) {});
    port = gone.port();
  }
  Box box(port, 100'000);
  const Heard heard = box.ask("/v1/messages", kAsk);
  EXPECT_EQ(heard.status(), 502);
  EXPECT_NE(heard.body.find("\"type\":\"error\""), std::string::npos);
  EXPECT_EQ(box.lines(1).at(0).outcome, Outcome::upstream_failed);
  EXPECT_EQ(box.stats().reserved + box.stats().unconfirmed, 0);
}

TEST(GatewayFaults, AKeptConnectionThatWentStaleIsReplaced) {
  std::atomic<int> count{0};
  RawUpstream provider([&](Wire& wire) {
    if (hear(wire).head.empty()) return;
    ++count;
    wire.send(json_answer(kSmall));  // says keep-alive, and closes
  });
  Box box(provider.port());
  for (int i = 0; i < 10; ++i) EXPECT_EQ(box.ask("/v1/messages", R"({"model":"x"})").body, kSmall);
  EXPECT_EQ(count, 10);
}

TEST(GatewayFaults, AClientThatLeavesTakesItsRequestWithIt) {
  std::promise<void> left;
  std::atomic<bool> got{false};
  RawUpstream provider([&](Wire& wire) {
    if (hear(wire).head.empty()) return;
    got = true;
    while (wire.more()) {
    }
    left.set_value();
  });
  Box box(provider.port(), 100'000);
  Wire wire = box.connect();
  wire.send(box.post("/v1/messages", kAsk));
  ASSERT_TRUE(eventually([&] { return got.load(); }));
  wire.close();
  EXPECT_EQ(left.get_future().wait_for(seconds(20)), std::future_status::ready);
  const RequestLine line = box.lines(1).at(0);
  EXPECT_EQ(line.outcome, Outcome::client_gone);
  EXPECT_GT(line.unconfirmed, 0);  // its input may have been billed
  EXPECT_EQ(box.stats().reserved, 0);
}

TEST(GatewayFaults, AClientThatLeavesWithinItsBody) {
  RawUpstream provider(always(json_answer(kSmall)));
  Box box(provider.port(), 100'000);
  const std::string request = box.post("/v1/messages", kAsk);
  for (const std::size_t keep : {std::size_t{1}, std::size_t{20}, request.size() - 30, request.size() - 1}) {
    Wire wire = box.connect();
    wire.send(std::string_view(request).substr(0, keep));
    wire.shut_down_sending();
    EXPECT_EQ(wire.until_closed().find("200 OK"), std::string::npos);
  }
  EXPECT_EQ(provider.requests, 0);
  EXPECT_EQ(box.ask("/v1/messages", kAsk).status(), 200);
}

TEST(GatewayFaults, StallsEndWithTheClient) {
  const std::string answer = sse_answer(kAnthropicStream);
  for (const std::size_t at : {std::size_t{0}, std::size_t{9}, answer.find("\r\n\r\n") + 4, answer.find("event: message_delta")}) {
    RawUpstream provider([&](Wire& wire) {
      if (hear(wire).head.empty()) return;
      wire.send(std::string_view(answer).substr(0, at));
      while (wire.more()) {
      }
    });
    Box box(provider.port());
    Wire wire = box.connect();
    wire.send(box.post("/v1/messages", kAsk));
    if (at > 100) wire.until("\r\n\r\n");
    ASSERT_TRUE(eventually([&] { return provider.connections == 1; }));
    wire.close();
    EXPECT_EQ(box.lines(1).at(0).outcome, Outcome::client_gone);
  }
}

TEST(GatewayFaults, TenThousandHeaderLines) {
  std::string answer = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n";
  for (int i = 0; i < 10'000; ++i) answer += "x-filler-" + std::to_string(i) + ": " + std::to_string(i) + "\r\n";
  RawUpstream provider(always(answer + "\r\n{}"));
  Box box(provider.port());
  const Heard heard = box.ask("/v1/messages", kAsk);
  EXPECT_EQ(heard.header("x-filler-9999"), "9999");
  EXPECT_EQ(heard.body, "{}");
  std::string lines;
  for (int i = 0; i < 100'000; ++i) lines += "x-filler-" + std::to_string(i) + ": 1\r\n";
  Wire wire = box.connect();
  (void)wire.send("POST " + box.prefix() + "/v1/messages HTTP/1.1\r\n" + lines + "\r\n");
  EXPECT_NE(hear(wire).status(), 200);  // two megabytes of them from a client are too many
  EXPECT_EQ(box.ask("/v1/messages", kAsk).body, "{}");
}

TEST(GatewayFaults, GarbageFromTheProvider) {
  for (const std::string_view answer : {"", "hello\r\n\r\n", "HTTP/9.9 200 OK\r\n\r\n", "HTTP/1.1 200 OK\r\ncontent-length: x\r\n\r\n", "HTTP/1.1 200 OK\r\ncontent-length: 3\r\ntransfer-encoding: chunked\r\n\r\nxyz",
                                        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nnope\r\n", "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nffffffffffffffffff\r\n", "\xff\xfe\0"}) {
    std::atomic<std::size_t> all{answer.size()};
    RawUpstream provider(broken_at(std::string(answer), all, false));
    Box box(provider.port());
    EXPECT_FALSE(box.ask("/v1/messages", kAsk).whole) << answer;
    EXPECT_EQ(box.lines(1).at(0).outcome, Outcome::upstream_failed) << answer;
  }
  RawUpstream provider(always("HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ncontent-length: 12\r\n\r\n\x01\xff<html>{\n\n}"));
  Box box(provider.port());
  EXPECT_TRUE(box.ask("/v1/messages", kAsk).whole);
  EXPECT_EQ(box.lines(1).at(0).counts, TokenCounts{});
}

TEST(GatewayFaults, StrangersGetNothing) {
  std::atomic<int> served{0};
  RawUpstream provider(always(json_answer(kSmall), &served));
  Box box(provider.port());
  for (const std::string& target : {std::string("/v1/messages"), std::string("/"), "/" + std::string(32, '0') + "/0/v1/messages", box.prefix().substr(0, 32) + "/0/v1/messages",
                                   box.prefix().substr(0, box.prefix().size() - 1) + "7/v1/messages", "http://127.0.0.1" + box.prefix() + "/v1/messages"}) {
    Wire wire = box.connect();
    wire.send("POST " + target + " HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\n\r\n{}");
    const Heard heard = hear(wire);
    EXPECT_EQ(heard.status(), 404) << target;
    EXPECT_EQ(heard.header("connection"), "close");
  }
  for (const std::string_view noise : {"\r\n\r\n\r\n", "GET\r\n\r\n", "\x16\x03\x01\x02", "GET / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n"}) {
    Wire wire = box.connect();
    wire.send(noise);
    wire.shut_down_sending();
    EXPECT_EQ(wire.until_closed().find(" 200 "), std::string::npos);
  }
  EXPECT_EQ(served, 0);
  EXPECT_EQ(box.ask("/v1/messages", kAsk).status(), 200);
}

TEST(GatewayFaults, ASlowLorisIsSentAway) {
  RawUpstream provider(always(json_answer(kSmall)));
  Box box(provider.port(), std::nullopt, [](GatewaySetup& setup) { setup.head_time = std::chrono::milliseconds(50); });
  Wire wire = box.connect();
  wire.send("POST " + box.prefix() + "/v1/messages HTTP/1.1\r\nx:");
  const auto start = std::chrono::steady_clock::now();
  while (wire.send("y") && std::chrono::steady_clock::now() - start < seconds(20)) ::poll(nullptr, 0, 5);
  EXPECT_EQ(wire.until_closed(), "");
  EXPECT_EQ(provider.connections, 0);
  EXPECT_EQ(box.ask("/v1/messages", kAsk).status(), 200);
}

TEST(GatewayFaults, AClientThatShutsItsSendingSideHasLeft) {
  RawUpstream provider([&](Wire& wire) {
    if (hear(wire).head.empty()) return;
    while (wire.more()) {
    }
  });
  Box box(provider.port(), 100'000);
  Wire wire = box.connect();
  wire.send(box.post("/v1/messages", kAsk));
  wire.shut_down_sending();
  (void)wire.until_closed();
  EXPECT_EQ(box.lines(1).at(0).outcome, Outcome::client_gone);
  EXPECT_EQ(box.stats().reserved, 0);
}

TEST(GatewayFaults, ManyIdleConnectionsLeaveRoomForTheAgent) {
  RawUpstream provider(always(json_answer(kSmall)));
  Box box(provider.port());
  std::vector<Wire> idle;
  for (int i = 0; i < 700; ++i) {
    idle.push_back(box.connect());
    if (i % 2 == 0) idle.back().send("POST /slow HTTP/1.1\r\nx:");  // a slow loris
    ASSERT_TRUE(eventually([&] { return box.stats().connections == static_cast<std::uint64_t>(i) + 1; }));
  }
  EXPECT_EQ(box.ask("/v1/messages", kAsk).status(), 200);
}

}  // namespace
}  // namespace ts::gateway
