#include <nlohmann/json.hpp>

#include "tests/integration/spawner/gateway/fixture.hpp"

namespace ts::gateway {
namespace {

using nlohmann::json;

/// Hands every request over and answers with a fixed answer.
struct Recorder {
  std::mutex mutex;
  std::vector<Heard> heard;
  RawUpstream::Serve serve(std::string answer) {
    return [this, answer = std::move(answer)](Wire& wire) {
      for (;;) {
        Heard request = hear(wire);
        if (!request.whole || request.head.empty()) return;
        {
          const std::lock_guard lock(mutex);
          heard.push_back(std::move(request));
        }
        if (!wire.send(answer)) return;
      }
    };
  }
  Heard last() {
    const std::lock_guard lock(mutex);
    return heard.empty() ? Heard{} : heard.back();
  }
};

TEST(GatewayProxy, PassesAStreamAndCountsIt) {
  Recorder recorder;
  RawUpstream provider(recorder.serve(sse_answer(kAnthropicStream)));
  Box box(provider.port());
  const Heard answer = box.ask("/v1/messages?beta=true", kAsk, "anthropic-beta: x\r\nConnection: keep-alive, x-hop\r\nX-Hop: 1\r\nAccept-Encoding: gzip, br\r\n");
  EXPECT_EQ(answer.status(), 200);
  EXPECT_EQ(answer.body, kAnthropicStream);
  EXPECT_EQ(answer.header("request-id"), "r1");
  const Heard sent = recorder.last();
  EXPECT_TRUE(sent.head.starts_with("POST /v1/messages?beta=true HTTP/1.1\r\n")) << sent.head;
  EXPECT_EQ(sent.body, kAsk);
  EXPECT_EQ(sent.header("x-api-key"), "sk-secret-key");
  EXPECT_EQ(sent.header("anthropic-beta"), "x");
  EXPECT_EQ(sent.header("accept-encoding"), "identity");
  EXPECT_EQ(sent.header("host"), "127.0.0.1:" + std::to_string(provider.port()));
  EXPECT_EQ(sent.header("x-hop"), "");
  EXPECT_EQ(sent.head.find(box.prefix().substr(1, 32)), std::string::npos) << "the run's secret must not leave";
  const RequestLine line = box.lines(1).at(0);
  EXPECT_EQ(line.outcome, Outcome::passed);
  EXPECT_EQ(line.status, 200);
  EXPECT_EQ(line.model, "m");
  EXPECT_EQ(line.counts, (TokenCounts{.input = 4, .cache_write_5m = 90, .cache_read = 700, .output = 50}));
  EXPECT_EQ(line.billed, 144);
  EXPECT_EQ(box.totals().counts, line.counts);
  EXPECT_EQ(box.totals().requests, 1);
}

TEST(GatewayProxy, KeepsBothConnectionsOpen) {
  RawUpstream provider(always(sse_answer(kAnthropicStream)));
  Box box(provider.port());
  Wire wire = box.connect();
  for (int i = 0; i < 20; ++i) {
    ASSERT_TRUE(wire.send(box.post("/v1/messages", kAsk)));
    ASSERT_TRUE(hear(wire).whole);
  }
  EXPECT_EQ(provider.connections, 1);
  EXPECT_EQ(box.stats().connections, 1U);
  // The same id again and again is still another response each time.
  EXPECT_EQ(box.totals().counts.output, 20 * 50);
}

TEST(GatewayProxy, PipelinedRequestsAreAnsweredInTurn) {
  RawUpstream provider(always(sse_answer(kAnthropicStream)));
  Box box(provider.port());
  Wire wire = box.connect();
  const std::string one = box.post("/v1/messages", kAsk);
  ASSERT_TRUE(wire.send(one + one + one));
  for (int i = 0; i < 3; ++i) EXPECT_EQ(hear(wire).body, kAnthropicStream);
}

TEST(GatewayProxy, EventsLeaveAsTheyCome) {
  std::promise<void> go_on;
  RawUpstream provider([&](Wire& wire) {
    if (hear(wire).head.empty()) return;
    wire.send("HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n6\r\ndata: \r\n");
    go_on.get_future().wait();
    wire.send("4\r\nx\n\n\n\r\n0\r\n\r\n");
  });
  Box box(provider.port());
  Wire wire = box.connect();
  wire.send(box.post("/v1/messages", kAsk));
  EXPECT_NE(wire.until("data: \r\n").find("data: "), std::string::npos);  // although the event, and the answer, have not ended
  go_on.set_value();
  EXPECT_NE(wire.until("0\r\n\r\n").find("x\n\n\n"), std::string::npos);
}

TEST(GatewayProxy, PlainAnswersOfAllShapes) {
  struct Case {
    std::string_view path, body;
    TokenCounts counts;
  };
  const Case cases[] = {
      {"/v1/messages", R"({"id":"a","model":"x","usage":{"input_tokens":4,"output_tokens":50}})", {.input = 4, .output = 50}},
      {"/v1/responses", R"({"id":"b","model":"x","usage":{"input_tokens":100,"input_tokens_details":{"cached_tokens":80},"output_tokens":30}})", {.input = 20, .cache_read = 80, .output = 30}},
      {"/v1/chat/completions", R"({"id":"c","model":"x","usage":{"prompt_tokens":100,"completion_tokens":30}})", {.input = 100, .output = 30}},
      {"/v1beta/models/x:generateContent", R"({"responseId":"d","modelVersion":"x","usageMetadata":{"promptTokenCount":10,"candidatesTokenCount":2,"thoughtsTokenCount":3,"totalTokenCount":15}})",
       {.input = 10, .output = 5, .reasoning = 3}}};
  for (const Case& c : cases) {
    RawUpstream provider(always("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: " + std::to_string(c.body.size()) + "\r\n\r\n" + std::string(c.body)));
    Box box(provider.port());
    const Heard answer = box.ask(c.path, R"({"model":"x","messages":[]})");
    EXPECT_EQ(answer.body, c.body);
    EXPECT_EQ(answer.header("content-length"), std::to_string(c.body.size()));
    EXPECT_EQ(box.lines(1).at(0).counts, c.counts) << c.path;
  }
}

TEST(GatewayProxy, ChatUsageIsAskedForAndHidden) {
  const std::string first = "data: {\"id\":\"c\",\"choices\":[{\"delta\":{\"content\":\"hi\"}}],\"usage\":null}\n\n";
  const std::string extra = "data: {\"id\":\"c\",\"choices\":[],\"usage\":{\"prompt_tokens\":9,\"completion_tokens\":2}}\n\n";
  const std::string last = "data: [DONE]\n\n";
  Recorder recorder;
  RawUpstream provider(recorder.serve(sse_answer(first + extra + last)));
  Box box(provider.port());
  EXPECT_EQ(box.ask("/v1/chat/completions", R"({"model":"m","stream":true})").body, first + last);
  EXPECT_EQ(json::parse(recorder.last().body)["stream_options"]["include_usage"], true);
  EXPECT_EQ(box.ask("/v1/chat/completions", R"({"model":"m","stream":true,"stream_options":{"include_usage":true}})").body, first + extra + last);
  EXPECT_EQ(box.lines(2).at(1).counts, (TokenCounts{.input = 9, .output = 2}));
}

TEST(GatewayProxy, OtherPathsPassUnmetered) {
  Recorder recorder;
  RawUpstream provider(recorder.serve("HTTP/1.1 200 OK\r\ncontent-length: 2\r\nx-y: z\r\n\r\n{}"));
  Box box(provider.port(), 1);  // even with nothing left
  EXPECT_EQ(box.ask("/v1/messages/count_tokens", "{}").body, "{}");
  Wire wire = box.connect();
  wire.send("GET " + box.prefix() + "/v1/models HTTP/1.1\r\nhost: x\r\naccept-encoding: gzip\r\n\r\n");
  EXPECT_EQ(hear(wire).header("x-y"), "z");
  EXPECT_TRUE(recorder.last().head.starts_with("GET /v1/models HTTP/1.1\r\n"));
  EXPECT_EQ(recorder.last().header("accept-encoding"), "gzip");
  wire.send("HEAD " + box.prefix() + "/ HTTP/1.1\r\nhost: x\r\n\r\n");
  EXPECT_TRUE(wire.until("\r\n\r\n").starts_with("HTTP/1.1 200"));
  EXPECT_EQ(box.stats().others, 3U);
  EXPECT_EQ(box.stats().requests, 0U);
}

TEST(GatewayProxy, WebSocketsAreSentBackToHttp) {
  RawUpstream provider(always(""));
  Box box(provider.port());
  Wire wire = box.connect();
  wire.send("GET " + box.prefix() + "/v1/responses HTTP/1.1\r\nhost: x\r\nconnection: Upgrade\r\nupgrade: websocket\r\nsec-websocket-key: x\r\n\r\n");
  EXPECT_EQ(hear(wire).status(), 426);
  EXPECT_EQ(provider.connections, 0);
}

TEST(GatewayProxy, ChunkedAndExpectedBodies) {
  Recorder recorder;
  RawUpstream provider(recorder.serve(sse_answer(kAnthropicStream)));
  Box box(provider.port());
  Wire wire = box.connect();
  wire.send("POST " + box.prefix() + "/v1/messages HTTP/1.1\r\nhost: x\r\nexpect: 100-continue\r\ntransfer-encoding: chunked\r\n\r\n");
  EXPECT_EQ(wire.until("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
  wire.send("5;ext=1\r\n{\"mod\r\n");
  wire.send("6\r\nel\":1}\r\n0\r\ntrailer: x\r\n\r\n");
  EXPECT_EQ(hear(wire).status(), 200);
  EXPECT_EQ(recorder.last().body, R"({"model":1})");
  EXPECT_EQ(recorder.last().header("expect"), "");
}

TEST(GatewayProxy, FiftyMegabytesInBoundedMemory) {
  std::atomic<std::size_t> received{0};
  std::atomic<std::size_t> largest_gap{0};
  std::atomic<std::size_t> sent{0};
  std::string tail;
  RawUpstream provider([&](Wire& wire) {
    const std::string head = wire.until("\r\n\r\n");
    Heard told{head, "", false};
    const auto size = static_cast<std::size_t>(std::stoull(told.header("content-length")));
    while (received < size) {
      const std::string part = wire.exactly(std::min<std::size_t>(65536, size - received));
      if (part.empty()) return;
      received += part.size();
      tail = (tail + part).substr(tail.size() + part.size() > 400 ? tail.size() + part.size() - 400 : 0);
      const std::size_t now = sent;
      if (now > received) largest_gap = std::max<std::size_t>(largest_gap, now - received);
    }
    wire.send(sse_answer(kAnthropicStream));
  });
  Box box(provider.port(), 10'000'000'000);
  Wire wire = box.connect();
  const std::string start = R"({"model":"m","messages":[{"content":")";
  const std::string end = R"("}],"max_tokens":9000000000000000})";
  constexpr std::size_t kMiddle = 50 << 20;
  wire.send("POST " + box.prefix() + "/v1/messages HTTP/1.1\r\nhost: x\r\ncontent-length: " + std::to_string(start.size() + kMiddle + end.size()) + "\r\n\r\n" + start);
  const std::string piece(1 << 20, 'y');
  for (std::size_t done = 0; done < kMiddle; done += piece.size()) {
    ASSERT_TRUE(wire.send(piece));
    sent += piece.size();
  }
  wire.send(end);
  EXPECT_EQ(hear(wire).status(), 200);
  EXPECT_EQ(received, start.size() + kMiddle + end.size() + BodyPass::kMaxGrowth);
  // What the gateway and four socket buffers hold back.
  EXPECT_LT(largest_gap, std::size_t{24} << 20);
  EXPECT_TRUE(tail.find("\"max_tokens\":9000000000000000}") == std::string::npos) << tail;
  EXPECT_NE(tail.find("\"max_tokens\":"), std::string::npos);
}

TEST(GatewayProxy, OldClientsGetTheEndOfTheConnection) {
  RawUpstream provider(always(sse_answer(kAnthropicStream)));
  Box box(provider.port());
  Wire wire = box.connect();
  wire.send("POST " + box.prefix() + "/v1/messages HTTP/1.0\r\ncontent-length: 2\r\n\r\n{}");
  const std::string all = wire.until_closed();
  EXPECT_TRUE(all.ends_with(kAnthropicStream)) << all;
  EXPECT_EQ(all.find("chunked"), std::string::npos);
}

TEST(GatewayProxy, SeveralAtOnce) {
  RawUpstream provider(always(sse_answer(kAnthropicStream)));
  Box box(provider.port());
  std::vector<Wire> wires;
  for (int i = 0; i < 64; ++i) {
    wires.push_back(box.connect());
    ASSERT_TRUE(wires.back().send(box.post("/v1/messages", kAsk)));
  }
  for (Wire& wire : wires) EXPECT_EQ(hear(wire).body, kAnthropicStream);
  EXPECT_EQ(box.lines(64).size(), 64U);
  EXPECT_EQ(box.totals().counts.output, 64 * 50);
}

}  // namespace
}  // namespace ts::gateway
