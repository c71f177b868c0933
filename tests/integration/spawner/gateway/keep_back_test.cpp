// WhenFull::hold: an answer that what is left would cut is kept back, thrown away and asked for again. The agent sees whole answers alone.
#include "tests/integration/spawner/gateway/teller.hpp"

namespace ts::gateway {
namespace {

class KeepBackInAllShapes : public testing::TestWithParam<Api> {};

TEST_P(KeepBackInAllShapes, WhatTheCapWouldCutComesWholeAfterAnExtension) {
  const Api& api = GetParam();
  const std::string expected = uncapped(api, 24'000);
  Teller teller(24'000);
  teller.cap = 40'000;
  RawUpstream provider(teller.serve());
  std::atomic<int> full{0};
  Box box(provider.port(), 40'000, holding(full));
  Wire wire = box.connect();
  wire.send(box.post(api.path, ask_of(api)));
  ASSERT_TRUE(eventually([&] { return full == 1 && box.stats().waiting == 1; }));
  EXPECT_EQ(by_formula(box.totals().counts, Formula::fresh), teller.billed());
  EXPECT_EQ(outcomes(box.lines(1)), Names{"repeated"});
  EXPECT_EQ(box.stats().reserved, 0);
  if (*api.ping != '\0') {
    EXPECT_EQ(normal(api, wire.until("\r\n\r\n")), "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ncache-control: no-cache\r\ntransfer-encoding: chunked\r\n\r\n");
    const std::string sign = Teller::chunk(api.ping);
    for (int i = 0; i < 5; ++i) ASSERT_EQ(wire.exactly(sign.size()), sign);
  }
  raise_cap(box, teller, 200'000);
  std::string body;
  if (*api.ping != '\0') {
    // The head has been read.
    std::string rest = wire.until("\r\n0\r\n\r\n");
    while (!rest.empty()) {
      const auto size = static_cast<std::size_t>(std::stoull(rest, nullptr, 16));
      const auto from = rest.find("\r\n") + 2;
      if (size == 0) break;
      body += rest.substr(from, size);
      rest.erase(0, from + size + 2);
    }
  } else {
    const Heard heard = hear(wire);
    EXPECT_TRUE(heard.whole);
    EXPECT_EQ(heard.header("request-id"), "r7");
    body = heard.body;
  }
  EXPECT_EQ(normal(api, body), expected);
  const auto lines = box.lines(2);
  EXPECT_EQ(outcomes(lines), (Names{"repeated", "passed"}));
  EXPECT_EQ(lines[0].billed + lines[1].billed, teller.billed());
  EXPECT_EQ(by_formula(box.totals().counts, Formula::fresh), teller.billed());
  EXPECT_EQ(box.totals().requests, 2);
  EXPECT_EQ(full, 1);
  EXPECT_LE(teller.most_over, 0);
  EXPECT_GE(teller.limits().at(1), std::min<Tokens>(32'000, 2 * teller.limits().at(0)));
}

TEST_P(KeepBackInAllShapes, WhatEndsByItselfPassesWhole) {
  const Api& api = GetParam();
  const std::string expected = uncapped(api, 9000);
  Teller teller(9000);
  RawUpstream provider(teller.serve());
  std::atomic<int> full{0};
  Box box(provider.port(), 40'000, [&](GatewaySetup& setup) {
    holding(full)(setup);
    setup.keep_alive = std::chrono::milliseconds(20'000);
  });
  const Heard heard = box.ask(api.path, ask_of(api));
  EXPECT_TRUE(heard.whole);
  EXPECT_EQ(heard.header("request-id"), "r7") << "its own head";
  EXPECT_EQ(normal(api, heard.body), expected);
  EXPECT_EQ(full, 0);
  EXPECT_EQ(outcomes(box.lines(1)), Names{"passed"});
  EXPECT_TRUE(box.lines(1)[0].clamped.has_value());
  EXPECT_EQ(by_formula(box.totals().counts, Formula::fresh), teller.billed());
  EXPECT_EQ(teller.limits().size(), 1U);
}

INSTANTIATE_TEST_SUITE_P(Apis, KeepBackInAllShapes, testing::ValuesIn(apis()), [](const auto& one) { return std::string(one.param.name) + std::to_string(one.index); });

const Api& claude() { return apis()[0]; }

TEST(KeepBack, StoppedWhileItWaitsToBeAskedAgain) {
  Teller teller(24'000);
  RawUpstream provider(teller.serve());
  std::atomic<int> full{0};
  Box box(provider.port(), 40'000, holding(full));
  Wire wire = box.connect();
  wire.send(box.post(claude().path, ask_of(claude())));
  ASSERT_TRUE(eventually([&] { return full == 1 && box.stats().waiting == 1; }));
  wire.until("ping");
  box.on_loop([&] { box.gateway().refuse_all("the run is being stopped"); });
  const std::string rest = wire.until("\r\n0\r\n\r\n");
  EXPECT_NE(rest.find("event: error"), std::string::npos);
  EXPECT_NE(rest.find("the run is being stopped"), std::string::npos);
  EXPECT_EQ(rest.find("aa "), std::string::npos) << "no word of the answer";
  EXPECT_EQ(outcomes(box.lines(2)), (Names{"repeated", "refused"}));
  EXPECT_EQ(box.lines(2)[1].billed, 0);
  EXPECT_EQ(box.stats().waiting + box.stats().under_way, 0U);
  EXPECT_EQ(teller.limits().size(), 1U);
}

TEST(KeepBack, AnExtensionThatIsTooSmallIsSaid) {
  Teller teller(24'000);
  RawUpstream provider(teller.serve());
  std::atomic<int> full{0};
  Box box(provider.port(), 40'000, holding(full));
  Wire wire = box.connect();
  wire.send(box.post(claude().path, ask_of(claude())));
  ASSERT_TRUE(eventually([&] { return full == 1 && box.stats().waiting == 1; }));
  raise_cap(box, teller, 41'000);
  ASSERT_TRUE(eventually([&] { return full == 2 && box.stats().waiting == 1; }));
  raise_cap(box, teller, 100'000);
  EXPECT_NE(wire.until("message_stop").find(words(23'900, 24'000)), std::string::npos);
  EXPECT_EQ(full, 2);
}

/// Sends half of it, and tells what became of the connection.
struct Halfway {
  std::promise<void> sent, closed;
  std::atomic<bool> reset{false};
  std::function<bool(Wire&, const std::string&, const std::vector<std::string>&)> serve() {
    return [this](Wire& wire, const std::string& head, const std::vector<std::string>& parts) {
      wire.send(head);
      for (std::size_t i = 0; i < parts.size() / 2; ++i) wire.send(Teller::chunk(parts[i]));
      sent.set_value();
      if (reset) return wire.reset(), false;
      while (wire.more()) {
      }
      closed.set_value();
      return false;
    };
  }
};

TEST(KeepBack, AClientThatLeavesClosesTheProvidersConnection) {
  Teller teller(24'000);
  Halfway half;
  teller.send = half.serve();
  RawUpstream provider(teller.serve());
  std::atomic<int> full{0};
  Box box(provider.port(), 40'000, holding(full));
  Wire wire = box.connect();
  wire.send(box.post(claude().path, ask_of(claude())));
  ASSERT_EQ(half.sent.get_future().wait_for(seconds(20)), std::future_status::ready);
  wire.close();
  ASSERT_EQ(half.closed.get_future().wait_for(seconds(20)), std::future_status::ready);
  const RequestLine line = box.lines(1).at(0);
  EXPECT_EQ(line.outcome, Outcome::client_gone);
  EXPECT_GT(line.unconfirmed, 0) << "what it said may be billed";
  EXPECT_EQ(box.stats().reserved, 0);
  EXPECT_EQ(full, 0);
}

TEST(KeepBack, WhatBreaksOffBreaksOffAtTheClientToo) {
  Teller teller(24'000);
  Halfway half;
  half.reset = true;
  teller.send = half.serve();
  RawUpstream provider(teller.serve());
  std::atomic<int> full{0};
  Box box(provider.port(), 40'000, holding(full));
  const Heard heard = box.ask(claude().path, ask_of(claude()));
  EXPECT_FALSE(heard.whole);
  const RequestLine line = box.lines(1).at(0);
  EXPECT_EQ(line.outcome, Outcome::upstream_failed);
  EXPECT_GT(line.counts.input, 0);
  EXPECT_GT(line.unconfirmed, 0);
  EXPECT_EQ(teller.limits().size(), 1U) << "the agent repeats it, not we";
  EXPECT_EQ(full, 0);
}

TEST(KeepBack, TheProvidersErrorsPassAtOnce) {
  RawUpstream provider(always("HTTP/1.1 529 Overloaded\r\ncontent-length: 9\r\nretry-after: 3\r\n\r\noverload!"));
  std::atomic<int> full{0};
  Box box(provider.port(), 40'000, holding(full));
  const Heard heard = box.ask(claude().path, ask_of(claude()));
  EXPECT_EQ(heard.status(), 529);
  EXPECT_EQ(heard.header("retry-after"), "3");
  EXPECT_EQ(heard.body, "overload!");
  EXPECT_EQ(full, 0);
}

TEST(KeepBack, ALimitOfTheModelsOwnIsNoReasonToAskAgain) {
  for (const Api& api : apis()) {
    Teller teller(24'000);
    teller.own_limit = 9000;
    RawUpstream provider(teller.serve());
    std::atomic<int> full{0};
    Box box(provider.port(), 40'000, holding(full));
    EXPECT_NE(box.ask(api.path, ask_of(api)).body.find(words(8900, 9000)), std::string::npos);
    EXPECT_EQ(full, 0);
    EXPECT_EQ(outcomes(box.lines(1)), Names{"passed"}) << api.path;
  }
}

TEST(KeepBack, SignsOfLifeWhileItIsKept) {
  Teller teller(9000);
  std::promise<void> seen;
  auto go = seen.get_future();
  teller.send = [&](Wire& wire, const std::string& head, const std::vector<std::string>& parts) {
    wire.send(head);
    for (std::size_t i = 0; i < parts.size(); ++i) {
      wire.send(Teller::chunk(parts[i]));
      // The client has a sign of life of ours before the next piece goes out.
      if (i == 0 && go.wait_for(std::chrono::milliseconds(20)) != std::future_status::ready) --i;
    }
    return wire.send("0\r\n\r\n");
  };
  RawUpstream provider(teller.serve());
  std::atomic<int> full{0};
  Box box(provider.port(), 40'000, holding(full));
  Wire wire = box.connect();
  wire.send(box.post(claude().path, ask_of(claude())));
  const std::string first = wire.until("event: ping");
  EXPECT_EQ(first.find("message_start"), std::string::npos);
  seen.set_value();
  EXPECT_NE(wire.until("message_stop").find(words(8900, 9000)), std::string::npos);
  EXPECT_EQ(full, 0);
}

TEST(KeepBack, ABodyThatIsNotKeptWaitsBeforeItLeaves) {
  Teller teller(24'000);
  teller.cap = 420'000;
  RawUpstream provider(teller.serve());
  std::atomic<int> full{0};
  Box box(provider.port(), 420'000, holding(full));
  // Its own limit stands behind the words, where nobody has looked before it leaves: room for the longest answer is what it waits for.
  const std::string body = R"({"model":"m","stream":true,"messages":[{"role":"user","content":")" + std::string((1U << 20) + 200'000, 'w') + R"("}],"max_tokens":32000})";
  Wire wire = box.connect();
  std::thread sender([&] { wire.send(box.post(claude().path, body)); });
  EXPECT_TRUE(eventually([&] { return full == 1 && box.stats().waiting == 1; }));
  EXPECT_TRUE(teller.limits().empty());
  raise_cap(box, teller, 1'000'000);
  sender.join();
  EXPECT_NE(hear(wire).body.find(words(23'900, 24'000)), std::string::npos);
  EXPECT_EQ(outcomes(box.lines(1)), Names{"passed"});
  EXPECT_LE(teller.most_over, 0);
}

/// What is seen of it before it leaves can be paid for, and what follows can't: half of it sent, it waits, or is refused where nobody decides.
TEST(KeepBack, ABodyThatGrowsBeyondWhatIsLeftWaitsToo) {
  const std::string body = R"({"model":"m","stream":true,"messages":[{"role":"user","content":")" + std::string(3U << 20, 'w') + R"("}],"max_tokens":32000})";
  for (const WhenFull when : {WhenFull::hold, WhenFull::refuse}) {
    Teller teller(24'000);
    RawUpstream provider(teller.serve());
    std::atomic<int> full{0};
    Box box(provider.port(), 520'000, [&](GatewaySetup& setup) {
      holding(full)(setup);
      setup.when_full = when;
    });
    Wire wire = box.connect();
    std::thread sender([&] { wire.send(box.post(claude().path, body)); });
    EXPECT_TRUE(eventually([&] { return full == 1; }));
    EXPECT_EQ(provider.connections, 1);
    if (when == WhenFull::hold) {
      EXPECT_TRUE(eventually([&] { return box.stats().waiting == 1; }));
      EXPECT_TRUE(teller.limits().empty());
      box.set_cap(3'000'000);
    }
    const Heard heard = hear(wire);
    sender.join();
    EXPECT_EQ(heard.status(), when == WhenFull::hold ? 200 : 400);
    EXPECT_EQ(heard.body.find(words(23'900, 24'000)) != std::string::npos, when == WhenFull::hold);
    EXPECT_EQ(outcomes(box.lines(1)), Names{when == WhenFull::hold ? "passed" : "refused"});
    EXPECT_EQ(full, 1);
    EXPECT_EQ(box.stats().reserved, 0);
  }
}

TEST(KeepBack, AnInputThatWasUnderestimatedCostsTheAgentNoWord) {
  // 9,000 are billed for a prompt of some bytes: more than is left beside what the answer may take.
  std::atomic<int> served{0};
  RawUpstream provider([&](Wire& wire) {
    for (;;) {
      const Heard request = hear(wire);
      if (!request.whole || request.head.empty()) return;
      const int nth = ++served;
      const json start = {{"type", "message_start"}, {"message", {{"id", "m" + std::to_string(nth)}, {"model", "m"}, {"usage", {{"input_tokens", 9000}, {"output_tokens", 1}}}}}};
      const json said = {{"type", "content_block_delta"}, {"delta", {{"type", "text_delta"}, {"text", words(0, 9000)}}}};
      const json end = {{"type", "message_delta"}, {"delta", {{"stop_reason", "end_turn"}}}, {"usage", {{"output_tokens", 7000}}}};
      const auto event = [](const json& data) { return Teller::chunk("data: " + data.dump() + "\n\n"); };
      if (!wire.send("HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n" + event(start) + event(said))) return;
      if (nth == 1) {
        while (wire.more()) {
        }
        return;
      }
      wire.send(event(end) + "0\r\n\r\n");
    }
  });
  std::atomic<int> full{0};
  Box box(provider.port(), 8600, holding(full));
  Wire wire = box.connect();
  wire.send(box.post(claude().path, ask_of(claude())));
  ASSERT_TRUE(eventually([&] { return full == 1 && box.stats().waiting == 1; }));
  EXPECT_EQ(outcomes(box.lines(1)), Names{"repeated"});
  EXPECT_EQ(box.stats().repeated, 1U);
  EXPECT_EQ(box.stats().cut, 0U);
  box.set_cap(200'000);
  const std::string rest = wire.until("end_turn");
  EXPECT_NE(rest.find(words(8900, 9000)), std::string::npos);
  EXPECT_EQ(rest.find("error"), std::string::npos);
  EXPECT_EQ(rest.find("\"m1\""), std::string::npos);
  EXPECT_EQ(box.totals().counts.input, 18'000);
}

TEST(KeepBack, WhatIsTooLongToKeepPassesAsItComes) {
  Teller teller(30'000);
  RawUpstream provider(teller.serve());
  std::atomic<int> full{0};
  Box box(provider.port(), 70'000, [&](GatewaySetup& setup) {
    holding(full)(setup);
    setup.most_kept = 20'000;
  });
  const Heard heard = box.ask(apis()[2].path, ask_of(apis()[2]));
  EXPECT_TRUE(heard.whole);
  EXPECT_EQ(normal(apis()[2], heard.body), uncapped(apis()[2], 30'000));
  EXPECT_EQ(outcomes(box.lines(1)), Names{"passed"});
}

TEST(KeepBack, WhereNobodyDecidesAnAnswerPassesAsItComes) {
  Teller teller(24'000);
  std::promise<void> seen;
  auto go = seen.get_future();
  teller.send = [&](Wire& wire, const std::string& head, const std::vector<std::string>& parts) {
    wire.send(head);
    for (std::size_t i = 0; i < parts.size(); ++i) {
      wire.send(Teller::chunk(parts[i]));
      if (i == 1 && go.wait_for(seconds(20)) != std::future_status::ready) return false;
    }
    return wire.send("0\r\n\r\n");
  };
  RawUpstream provider(teller.serve());
  Box box(provider.port(), 40'000);
  Wire wire = box.connect();
  wire.send(box.post(claude().path, ask_of(claude())));
  wire.until("text_delta");
  seen.set_value();
  EXPECT_NE(wire.until("message_stop").find("\"max_tokens\""), std::string::npos) << "cut by the clamp, and said so";
  EXPECT_EQ(outcomes(box.lines(1)), Names{"passed"});
}

/// Sub-agents at once under a cap that is raised whenever they wait: each gets every answer whole, and the bill never passes what the cap is.
TEST(KeepBack, ParallelRequestsAllComeWhole) {
  Teller teller(12'000);
  teller.cap = 30'000;
  RawUpstream provider(teller.serve());
  std::atomic<int> full{0};
  Box box(provider.port(), 30'000, holding(full));
  std::atomic<int> done{0};
  const std::string last = words(11'900, 12'000);
  std::vector<std::thread> clients;
  for (int speaker = 0; speaker < 6; ++speaker)
    clients.emplace_back([&, speaker] {
      const Api& api = apis()[static_cast<std::size_t>(speaker)];
      Wire wire = box.connect();
      for (int turn = 0; turn < 3; ++turn) {
        wire.send(box.post(api.path, ask_of(api, std::string(200 + static_cast<std::size_t>(turn) * 100, static_cast<char>('a' + speaker)))));
        const Heard heard = hear(wire);
        EXPECT_TRUE(heard.whole && heard.body.find(last) != std::string::npos) << api.path << heard.head;
      }
      ++done;
    });
  std::int64_t cap = 30'000;
  EXPECT_TRUE(eventually([&] {
    const GatewayStats stats = box.stats();
    if (stats.waiting > 0 && stats.under_way == 0) raise_cap(box, teller, cap += 40'000);
    return done == 6;
  }));
  if (done < 6) box.on_loop([&] { box.gateway().stop(); });
  for (std::thread& client : clients) client.join();
  EXPECT_LE(teller.most_over, 0);
  EXPECT_EQ(by_formula(box.totals().counts, Formula::fresh), teller.billed());
  EXPECT_EQ(box.stats().reserved, 0);
}

}  // namespace
}  // namespace ts::gateway
