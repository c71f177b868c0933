#include <zlib.h>

#include <nlohmann/json.hpp>
#include <random>

#include "tests/integration/spawner/gateway/fixture.hpp"

namespace ts::gateway {
namespace {

using nlohmann::json;

/// A provider that bills: input by the size of the request, output at random up to the limit that it was given.
class Biller {
 public:
  RawUpstream::Serve serve() {
    return [this](Wire& wire) {
      for (;;) {
        const Heard request = hear(wire);
        if (!request.whole || request.head.empty()) return;
        wire.send(answer(json::parse(request.body), request.body.size()));
      }
    };
  }
  std::int64_t billed() {
    const std::lock_guard lock(mutex_);
    return billed_;
  }
  std::int64_t served() {
    const std::lock_guard lock(mutex_);
    return served_;
  }
  std::vector<Tokens> limits() {
    const std::lock_guard lock(mutex_);
    return limits_;
  }

 private:
  std::string answer(const json& request, std::size_t size) {
    const std::lock_guard lock(mutex_);
    const auto limit = request.value("max_tokens", Tokens{32'000});
    const auto input = static_cast<Tokens>(size / 4);
    const Tokens output = 1 + static_cast<Tokens>(random_()) % limit;
    limits_.push_back(limit);
    billed_ += input + output;
    ++served_;
    const json start = {{"type", "message_start"}, {"message", {{"id", "msg_" + std::to_string(served_)}, {"model", "m"}, {"usage", {{"input_tokens", input}, {"output_tokens", 1}}}}}};
    const json delta = {{"type", "message_delta"}, {"usage", {{"output_tokens", output}}}};
    return sse_answer("data: " + start.dump() + "\n\ndata: " + delta.dump() + "\n\n");
  }
  std::mutex mutex_;
  std::mt19937 random_{7};
  std::int64_t billed_ = 0;
  std::int64_t served_ = 0;
  std::vector<Tokens> limits_;
};

std::string body(std::size_t size, Tokens limit = 32'000, int speaker = 0) {
  return json{{"model", "m"}, {"stream", true}, {"max_tokens", limit}, {"messages", {{{"role", "user"}, {"content", std::string(size, static_cast<char>(97 + speaker))}}}}}.dump();
}

TEST(GatewayAdmission, TheLimitIsClampedToTheRest) {
  Biller biller;
  RawUpstream provider(biller.serve());
  Box box(provider.port(), 6000);
  EXPECT_EQ(box.ask("/v1/messages", body(400)).status(), 200);
  EXPECT_LT(biller.limits().at(0), 6000);
  EXPECT_GT(biller.limits().at(0), 5000);
  EXPECT_EQ(box.lines(1).at(0).clamped, biller.limits().at(0));
}

TEST(GatewayAdmission, AtTheCapARefusalInTheProvidersShape) {
  Biller biller;
  RawUpstream provider(biller.serve());
  std::atomic<int> full{0};
  Box box(provider.port(), 3000, [&](GatewaySetup& setup) { setup.on_full = [&](const Shortage&) { return ++full, false; }; });
  Heard last;
  for (int i = 0; i < 100 && last.status() != 400; ++i) last = box.ask("/v1/messages", body(400));
  EXPECT_EQ(last.status(), 400);
  const json error = json::parse(last.body);
  EXPECT_EQ(error["error"]["type"], "invalid_request_error");
  EXPECT_NE(error["error"]["message"].get<std::string>().find("cap reached"), std::string::npos);
  EXPECT_LE(biller.billed(), 3000);
  EXPECT_EQ(full, 1);
  EXPECT_EQ(box.stats().refused, 1U);
  // More room: it goes on.
  box.set_cap(20'000);
  EXPECT_EQ(box.ask("/v1/messages", body(400)).status(), 200);
}

/// Many clients at once, answers of random length: the bill never passes the cap.
TEST(GatewayAdmission, ParallelClientsNeverPassTheCap) {
  for (const std::int64_t cap : {2000, 10'000, 60'000, 200'000}) {
    Biller biller;
    RawUpstream provider(biller.serve());
    Box box(provider.port(), cap);
    std::vector<std::thread> clients;
    for (int speaker = 0; speaker < 12; ++speaker)
      clients.emplace_back([&, speaker] {
        Wire wire = box.connect();
        for (int turn = 0; turn < 60; ++turn) {
          wire.send(box.post("/v1/messages", body(200 + static_cast<std::size_t>(turn) * 100, 32'000, speaker)));
          const Heard heard = hear(wire);
          ASSERT_TRUE(heard.whole);
          if (heard.status() != 200) return;
        }
      });
    for (std::thread& client : clients) client.join();
    EXPECT_LE(biller.billed(), cap);
    EXPECT_GT(biller.billed(), cap / 2);
    EXPECT_GT(biller.served(), 0);
    EXPECT_EQ(by_formula(box.totals().counts, Formula::fresh), biller.billed());
    EXPECT_EQ(box.stats().reserved, 0);
  }
}

/// Counts at its count_tokens, and bills what it counted.
RawUpstream::Serve counting(std::vector<std::string>& asked, std::string count_answer) {
  return [&asked, count_answer = std::move(count_answer)](Wire& wire) {
    for (;;) {
      const Heard request = hear(wire);
      if (!request.whole || request.head.empty()) return;
      const bool counts = request.head.find("/messages/count_tokens") != std::string::npos;
      if (counts) asked.push_back(request.head + request.body);
      if (!wire.send(counts ? count_answer : sse_answer(kAnthropicStream))) return;
    }
  };
}

TEST(GatewayAdmission, TheProviderIsAskedWhereThereIsNothingToGoBy) {
  std::vector<std::string> asked;
  RawUpstream provider(counting(asked, "HTTP/1.1 200 OK\r\ncontent-length: 21\r\n\r\n{\"input_tokens\": 790}"));
  Box box(provider.port(), 2500, [](GatewaySetup& setup) { setup.count = CountMode::automatic; });  // by its bytes the request would be far too much
  EXPECT_EQ(box.ask("/v1/messages?beta=true", body(40'000), "anthropic-beta: x\r\n").status(), 200);
  ASSERT_EQ(asked.size(), 1U);
  EXPECT_TRUE(asked[0].starts_with("POST /v1/messages/count_tokens?beta=true HTTP/1.1\r\n")) << asked[0].substr(0, 200);
  EXPECT_NE(asked[0].find("x-api-key: sk-secret-key"), std::string::npos);
  EXPECT_NE(asked[0].find("anthropic-beta: x"), std::string::npos);
  EXPECT_EQ(asked[0].find("max_tokens"), std::string::npos);
  EXPECT_EQ(asked[0].find("\"stream\""), std::string::npos);
  EXPECT_EQ(provider.connections, 1) << "asked and answered on one connection";
  const RequestLine line = box.lines(1).at(0);
  EXPECT_GE(by_formula(line.predicted, Formula::fresh), 790);
  EXPECT_LE(by_formula(line.predicted, Formula::fresh), 850);
  EXPECT_EQ(box.ask("/v1/messages?beta=true", body(40'000)).status(), 200);
  EXPECT_EQ(asked.size(), 1U) << "now there is something to go by";
  EXPECT_EQ(box.stats().counts_asked, 1U);
  EXPECT_EQ(box.totals().requests, 2);
}

TEST(GatewayAdmission, ExactAsksEachTimeAndEstimateNever) {
  for (const CountMode mode : {CountMode::exact, CountMode::estimate}) {
    std::vector<std::string> asked;
    RawUpstream provider(counting(asked, "HTTP/1.1 200 OK\r\ncontent-length: 21\r\n\r\n{\"input_tokens\": 790}"));
    Box box(provider.port(), 100'000, [&](GatewaySetup& setup) { setup.count = mode; });
    for (int i = 0; i < 3; ++i) EXPECT_EQ(box.ask("/v1/messages", body(400)).status(), 200);
    EXPECT_EQ(asked.size(), mode == CountMode::exact ? 3U : 0U);
    Box uncapped(provider.port(), std::nullopt, [&](GatewaySetup& setup) { setup.count = mode; });
    EXPECT_EQ(uncapped.ask("/v1/messages", body(400)).status(), 200);
    EXPECT_EQ(uncapped.stats().counts_asked, 0U);
  }
}

TEST(GatewayAdmission, WhereTheProviderDoesNotCountTheEstimateStays) {
  for (const std::string_view answer : {"HTTP/1.1 404 Not Found\r\ncontent-length: 2\r\n\r\n{}", "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}", "HTTP/1.1 200 OK\r\n\r\n", "", "nonsense\r\n\r\n",
                                        "HTTP/1.1 200 OK\r\ncontent-length: 23\r\n\r\n{\"input_tokens\": -79e9}"}) {
    std::vector<std::string> asked;
    RawUpstream provider([&](Wire& wire) {
      for (;;) {
        const Heard request = hear(wire);
        if (!request.whole || request.head.empty()) return;
        if (request.head.find("count_tokens") == std::string::npos) {
          wire.send(sse_answer(kAnthropicStream));
          continue;
        }
        wire.send(answer);
        if (answer.find("content-length") == std::string_view::npos) return;
      }
    });
    Box box(provider.port(), 100'000, [](GatewaySetup& setup) { setup.count = CountMode::automatic; });
    EXPECT_EQ(box.ask("/v1/messages", body(4000)).status(), 200) << answer;
    EXPECT_GT(by_formula(box.lines(1).at(0).predicted, Formula::fresh), 1000) << answer;
    EXPECT_EQ(box.totals().counts.output, 50) << answer;
  }
}

TEST(GatewayAdmission, RefuseAllEndsThoseThatWaitToo) {
  RawUpstream provider(always(sse_answer(kAnthropicStream)));
  Box box(provider.port());
  box.on_loop([&] { box.gateway().hold(); });
  Wire wire = box.connect();
  wire.send(box.post("/v1/messages", kAsk));
  ASSERT_TRUE(eventually([&] { return box.stats().waiting == 1; }));
  box.on_loop([&] { box.gateway().refuse_all("the run is being stopped"); });
  const Heard heard = hear(wire);
  EXPECT_EQ(heard.status(), 400);
  EXPECT_NE(heard.body.find("the run is being stopped"), std::string::npos);
  EXPECT_EQ(provider.connections, 0);
}

TEST(GatewayAdmission, HoldWithSignsOfLifeThenOn) {
  RawUpstream provider(always(sse_answer(kAnthropicStream)));
  Box box(provider.port(), std::nullopt, [](GatewaySetup& setup) { setup.keep_alive = std::chrono::milliseconds(5); });
  box.on_loop([&] { box.gateway().hold(); });
  Wire wire = box.connect();
  wire.send(box.post("/v1/messages", kAsk));
  const std::string head = wire.until("\r\n\r\n");
  EXPECT_TRUE(head.starts_with("HTTP/1.1 200 OK\r\ncontent-type: text/event-stream"));
  for (int i = 0; i < 5; ++i) EXPECT_NE(wire.until("\"ping\"}\n\n\r\n").find("event: ping"), std::string::npos);
  EXPECT_EQ(provider.connections, 0);
  box.on_loop([&] { box.gateway().resume(); });
  const std::string rest = wire.until("\r\n0\r\n\r\n");
  EXPECT_NE(rest.find(kAnthropicStream), std::string::npos);
  EXPECT_EQ(box.totals().counts.output, 50);
  EXPECT_GT(box.lines(1).at(0).held.count(), 0);
}

TEST(GatewayAdmission, AnErrorAfterSignsOfLifeIsAnEvent) {
  RawUpstream provider(always("HTTP/1.1 529 Overloaded\r\ncontent-length: 9\r\n\r\noverload!"));
  Box box(provider.port(), std::nullopt, [](GatewaySetup& setup) { setup.keep_alive = std::chrono::milliseconds(5); });
  box.on_loop([&] { box.gateway().hold(); });
  Wire wire = box.connect();
  wire.send(box.post("/v1/messages", kAsk));
  wire.until("ping");
  box.on_loop([&] { box.gateway().resume(); });
  const std::string rest = wire.until("\r\n0\r\n\r\n");
  EXPECT_NE(rest.find("event: error"), std::string::npos);
  EXPECT_NE(rest.find("529"), std::string::npos);
}

TEST(GatewayAdmission, FullMeansHoldIfTheUserWantsToDecide) {
  Biller biller;
  RawUpstream provider(biller.serve());
  std::atomic<int> full{0};
  Box box(provider.port(), 50, [&](GatewaySetup& setup) {
    setup.when_full = WhenFull::hold;
    setup.on_full = [&](const Shortage&) { return ++full, false; };
  });
  Wire wire = box.connect();
  wire.send(box.post("/v1/messages", body(1000)));
  ASSERT_TRUE(eventually([&] { return full == 1; }));
  EXPECT_EQ(biller.served(), 0);
  box.set_cap(20'000);
  EXPECT_EQ(hear(wire).status(), 200);
  EXPECT_EQ(full, 1);
}

TEST(GatewayAdmission, UnreadableBodiesDoNotLeaveUnderACap) {
  RawUpstream provider(always(sse_answer(kAnthropicStream)));
  Box capped(provider.port(), 100'000);
  EXPECT_EQ(capped.ask("/v1/messages", "{\"max_tokens\": 1e99").status(), 400);
  EXPECT_EQ(capped.ask("/v1/messages", "{\"max\\u005ftokens\":32000}").status(), 400);
  EXPECT_EQ(provider.connections, 0);
  Box free(provider.port());
  EXPECT_EQ(free.ask("/v1/messages", "{\"max_tokens\": 1e99").status(), 200);  // the provider's word
}

TEST(GatewayAdmission, AStreamBeyondItsReservationIsCut) {
  // The provider bills far more input than the text could be: the prediction is short, and nothing is left.
  const json start = {{"type", "message_start"}, {"message", {{"id", "x"}, {"model", "m"}, {"usage", {{"input_tokens", 5000}, {"output_tokens", 1}}}}}};
  std::promise<void> closed;
  RawUpstream provider([&](Wire& wire) {
    if (hear(wire).head.empty()) return;
    const std::string event = "data: " + start.dump() + "\n\n";
    char size[32];
    std::snprintf(size, sizeof size, "%zx\r\n", event.size());
    wire.send("HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n" + (size + event) + "\r\n");
    while (wire.more()) {
    }
    closed.set_value();
  });
  Box box(provider.port(), 3000);
  const Heard heard = box.ask("/v1/messages", kAsk);
  EXPECT_TRUE(heard.whole);
  EXPECT_NE(heard.body.find("cut"), std::string::npos);
  EXPECT_EQ(closed.get_future().wait_for(seconds(20)), std::future_status::ready);
  EXPECT_EQ(box.lines(1).at(0).outcome, Outcome::cut);
  EXPECT_EQ(box.totals().counts.input, 5000);
  EXPECT_EQ(box.stats().error.times_short, 1U);
  EXPECT_EQ(box.ask("/v1/messages", kAsk).status(), 400);
}

TEST(GatewayAdmission, CompressedBodiesAreReadAndClamped) {
  Biller biller;
  RawUpstream provider(biller.serve());
  Box box(provider.port(), 6000);
  const std::string plain = body(4000);
  std::string packed(plain.size() + 100, '\0');
  z_stream stream{};
  ASSERT_EQ(deflateInit2(&stream, 6, Z_DEFLATED, 31, 8, Z_DEFAULT_STRATEGY), Z_OK);
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(plain.data()));
  stream.avail_in = static_cast<uInt>(plain.size());
  stream.next_out = reinterpret_cast<Bytef*>(packed.data());
  stream.avail_out = static_cast<uInt>(packed.size());
  ASSERT_EQ(deflate(&stream, Z_FINISH), Z_STREAM_END);
  packed.resize(std::min<std::size_t>(packed.size(), stream.total_out));
  deflateEnd(&stream);
  EXPECT_EQ(box.ask("/v1/messages", packed, "content-encoding: gzip\r\n").status(), 200);
  EXPECT_LT(biller.limits().at(0), 6000);
  EXPECT_NE(box.ask("/v1/messages", "not gzip at all", "content-encoding: gzip\r\n").status(), 200);
  EXPECT_EQ(box.ask("/v1/messages", packed, "content-encoding: br\r\n").status(), 415);
}

TEST(GatewayAdmission, NothingSecretInWhatIsTold) {
  RawUpstream provider(always(sse_answer(kAnthropicStream)));
  Box box(provider.port(), 100'000);
  EXPECT_EQ(box.ask("/v1/messages", kAsk, "authorization: Bearer sk-secret-key\r\n").status(), 200);
  const RequestLine line = box.lines(1).at(0);
  for (const std::string& text : {line.api, line.model}) {
    EXPECT_EQ(text.find("secret"), std::string::npos);
    EXPECT_EQ(text.find(box.prefix().substr(1, 32)), std::string::npos);
  }
}

}  // namespace
}  // namespace ts::gateway
