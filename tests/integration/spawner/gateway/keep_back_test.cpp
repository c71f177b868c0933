// WhenFull::hold: an answer that what is left would cut is kept back, thrown away and asked for again. The agent sees whole answers alone.
#include <nlohmann/json.hpp>
#include <regex>

#include "tests/integration/spawner/gateway/fixture.hpp"

namespace ts::gateway {
namespace {

using nlohmann::json;

struct Api {
  const char* name;
  const char* path;
  bool stream;
  json limit;       ///< what the request says of its limit
  const char* ping; ///< our sign of life
  friend void PrintTo(const Api& api, std::ostream* out) { *out << api.path << (api.stream ? " streamed" : ""); }
};

/// All that serve; Responses without a limit of its own, as Codex asks.
const std::vector<Api>& apis() {
  static const std::vector<Api> all = {
      {"anthropic", "/v1/messages", true, {{"max_tokens", 32'000}}, "event: ping\ndata: {\"type\":\"ping\"}\n\n"},
      {"anthropic", "/v1/messages", false, {{"max_tokens", 32'000}}, ""},
      {"responses", "/v1/responses", true, json::object(), ": keep-alive\n\n"},
      {"responses", "/v1/responses", false, {{"max_output_tokens", 32'000}}, ""},
      {"chat", "/v1/chat/completions", true, {{"max_completion_tokens", 32'000}}, ": keep-alive\n\n"},
      {"chat", "/v1/chat/completions", false, {{"max_tokens", 32'000}}, ""},
      {"gemini", "/v1beta/models/m:streamGenerateContent?alt=sse", true, {{"generationConfig", {{"maxOutputTokens", 32'000}}}}, ": keep-alive\n\n"},
      {"gemini", "/v1beta/models/m:streamGenerateContent", true, {{"generationConfig", {{"maxOutputTokens", 32'000}}}}, ""},
      {"gemini", "/v1beta/models/m:generateContent", false, {{"generationConfig", {{"maxOutputTokens", 32'000}}}}, ""},
  };
  return all;
}

std::string ask_of(const Api& api, std::string_view words = "do it") {
  json body = api.limit;
  body["model"] = "m";
  const std::string name = api.name;
  if (name == "gemini") {
    body["contents"] = {{{"role", "user"}, {"parts", {{{"text", words}}}}}};
  } else if (name == "responses") {
    body["input"] = words;
  } else {
    body["messages"] = {{{"role", "user"}, {"content", words}}};
  }
  if (name != "gemini") body["stream"] = api.stream;
  return body.dump();
}

/// Numbered words, one a token.
std::string words(Tokens from, Tokens to) {
  std::string out;
  for (Tokens i = from; i < to; ++i) out.append(1, static_cast<char>('a' + i % 26)).append(1, static_cast<char>('a' + i / 26 % 26)).append(1, ' ');
  return out;
}

/// Says so many words in each API's shape, as far as the request's limit lets it, and bills them.
class Teller {
 public:
  explicit Teller(Tokens length) : length_(length) {}
  RawUpstream::Serve serve() {
    return [this](Wire& wire) {
      for (;;) {
        const Heard request = hear(wire);
        if (!request.whole || request.head.empty()) return;
        if (!tell(wire, request)) return;
      }
    };
  }
  std::int64_t billed() {
    const std::lock_guard lock(mutex_);
    return billed_;
  }
  std::vector<Tokens> limits() {
    const std::lock_guard lock(mutex_);
    return limits_;
  }
  std::atomic<std::int64_t> cap{0};
  std::atomic<std::int64_t> most_over{0};   ///< of the bill, over the cap
  std::atomic<Tokens> own_limit{kMaxTokens};
  std::function<bool(Wire& wire, const std::string& head, const std::vector<std::string>& parts)> send;  ///< else: one after another

 private:
  bool tell(Wire& wire, const Heard& request) {
    const json body = json::parse(request.body);
    const std::string line = request.head.substr(0, request.head.find('\r'));
    Tokens limit = kMaxTokens;
    for (const char* key : {"max_tokens", "max_completion_tokens", "max_output_tokens"})
      if (body.contains(key)) limit = body[key];
    if (body.contains("generationConfig")) limit = body["generationConfig"].value("maxOutputTokens", limit);
    const Tokens most = std::min<Tokens>(limit, own_limit);
    const Tokens output = std::min(length_, most);
    const auto input = static_cast<Tokens>(request.body.size() / 4);
    std::string id;
    {
      const std::lock_guard lock(mutex_);
      limits_.push_back(limit);
      billed_ += input + output;
      id = "id-" + std::to_string(1000 + limits_.size());
      if (cap > 0) most_over = std::max<std::int64_t>(most_over, billed_ - cap);
    }
    const bool cut = output == most && length_ > most;
    const bool sse = line.find("alt=sse") != std::string::npos || (body.value("stream", false) && line.find("models/") == std::string::npos);
    const std::vector<std::string> parts = line.find("models/") != std::string::npos ? gemini(line, {id, input, output, cut})
                                           : line.find("/responses") != std::string::npos ? responses(sse, {id, input, output, cut})
                                           : line.find("/chat/") != std::string::npos ? chat(sse, body.contains("stream_options"), {id, input, output, cut})
                                                                                      : anthropic(sse, {id, input, output, cut});
    if (!sse && parts.size() == 1)
      return wire.send("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nrequest-id: r7\r\ncontent-length: " + std::to_string(parts[0].size()) + "\r\n\r\n" + parts[0]);
    const std::string head = std::string("HTTP/1.1 200 OK\r\ncontent-type: ") + (sse ? "text/event-stream" : "application/json") + "\r\nrequest-id: r7\r\ntransfer-encoding: chunked\r\n\r\n";
    if (send) return send(wire, head, parts);
    wire.send(head);
    for (const std::string& part : parts)
      if (!wire.send(chunk(part))) return false;
    return wire.send("0\r\n\r\n");
  }

 public:
  static std::string chunk(const std::string& part) {
    char size[32];
    std::snprintf(size, sizeof size, "%zx\r\n", part.size());
    return size + part + "\r\n";
  }

 private:
  struct Told {
    std::string id;
    Tokens input, output;
    bool cut;
    [[nodiscard]] std::string text() const { return words(0, output); }
    /// The text in some pieces.
    [[nodiscard]] std::vector<std::string> pieces() const {
      std::vector<std::string> out;
      for (Tokens i = 0; i < 8; ++i) out.push_back(words(output * i / 8, output * (i + 1) / 8));
      return out;
    }
  };
  static std::string event(const json& data) { return "data: " + data.dump() + "\n\n"; }
  static std::vector<std::string> anthropic(bool sse, const Told& t) {
    const char* stop = t.cut ? "max_tokens" : "end_turn";
    const json usage = {{"input_tokens", t.input}, {"output_tokens", t.output}};
    if (!sse) return {json{{"id", t.id}, {"model", "m"}, {"content", {{{"type", "text"}, {"text", t.text()}}}}, {"stop_reason", stop}, {"usage", usage}}.dump()};
    std::vector<std::string> out = {event({{"type", "message_start"}, {"message", {{"id", t.id}, {"model", "m"}, {"usage", {{"input_tokens", t.input}, {"output_tokens", 1}}}}}})};
    for (const std::string& piece : t.pieces()) out.push_back(event({{"type", "content_block_delta"}, {"delta", {{"type", "text_delta"}, {"text", piece}}}}));
    out.push_back(event({{"type", "message_delta"}, {"delta", {{"stop_reason", stop}}}, {"usage", {{"output_tokens", t.output}}}}));
    out.push_back(event({{"type", "message_stop"}}));
    return out;
  }
  static std::vector<std::string> responses(bool sse, const Told& t) {
    const json whole = {{"id", t.id}, {"model", "m"}, {"status", t.cut ? "incomplete" : "completed"},
                        {"incomplete_details", t.cut ? json{{"reason", "max_output_tokens"}} : json()},
                        {"output", {{{"type", "message"}, {"content", {{{"type", "output_text"}, {"text", t.text()}}}}}}},
                        {"usage", {{"input_tokens", t.input}, {"output_tokens", t.output}}}};
    if (!sse) return {whole.dump()};
    std::vector<std::string> out = {event({{"type", "response.created"}, {"response", {{"id", t.id}, {"status", "in_progress"}, {"incomplete_details", nullptr}, {"usage", nullptr}}}})};
    for (const std::string& piece : t.pieces()) out.push_back(event({{"type", "response.output_text.delta"}, {"delta", piece}}));
    out.push_back(event({{"type", t.cut ? "response.incomplete" : "response.completed"}, {"response", whole}}));
    return out;
  }
  static std::vector<std::string> chat(bool sse, bool usage_asked, const Told& t) {
    const char* stop = t.cut ? "length" : "stop";
    const json usage = {{"prompt_tokens", t.input}, {"completion_tokens", t.output}};
    const auto choice = [&](const json& inner, const json& finish) { return json{{"index", 0}, {"delta", inner}, {"finish_reason", finish}}; };
    if (!sse) return {json{{"id", t.id}, {"model", "m"}, {"choices", {{{"message", {{"content", t.text()}}}, {"finish_reason", stop}}}}, {"usage", usage}}.dump()};
    std::vector<std::string> out;
    for (const std::string& piece : t.pieces()) out.push_back(event({{"id", t.id}, {"model", "m"}, {"choices", {choice({{"content", piece}}, nullptr)}}}));
    out.push_back(event({{"id", t.id}, {"model", "m"}, {"choices", {choice(json::object(), stop)}}}));
    if (usage_asked) out.push_back(event({{"id", t.id}, {"model", "m"}, {"choices", json::array()}, {"usage", usage}}));
    out.emplace_back("data: [DONE]\n\n");
    return out;
  }
  static std::vector<std::string> gemini(const std::string& line, const Told& t) {
    const auto part = [&](const std::string& text, bool last) {
      json candidate = {{"content", {{"parts", {{{"text", text}}}}}}};
      if (last) candidate["finishReason"] = t.cut ? "MAX_TOKENS" : "STOP";
      // As the real one: the count of candidates comes at the end.
      json out = {{"candidates", {candidate}}, {"modelVersion", "m"}, {"responseId", t.id}, {"usageMetadata", {{"promptTokenCount", t.input}}}};
      if (last) out["usageMetadata"]["candidatesTokenCount"] = t.output;
      return out.dump();
    };
    if (line.find(":generateContent") != std::string::npos) return {part(t.text(), true)};
    const bool sse = line.find("alt=sse") != std::string::npos;
    std::vector<std::string> out;
    const auto pieces = t.pieces();
    for (std::size_t i = 0; i < pieces.size(); ++i) {
      const std::string text = part(pieces[i], i + 1 == pieces.size());
      out.push_back(sse ? "data: " + text + "\r\n\r\n" : (i == 0 ? "[" : ",") + text + (i + 1 == pieces.size() ? "]" : "\n"));
    }
    return out;
  }

  Tokens length_;
  std::mutex mutex_;
  std::int64_t billed_ = 0;
  std::vector<Tokens> limits_;
};

/// What a client has of an answer, but for ids, our signs of life, and the prompt's size (a limit that we add is a part of it).
std::string normal(const Api& api, std::string text) {
  const std::string ping = api.ping;
  for (auto at = text.find(ping); !ping.empty() && at != std::string::npos; at = text.find(ping)) text.erase(at, ping.size());
  text = std::regex_replace(text, std::regex("\"(input_tokens|prompt_tokens|promptTokenCount)\":[0-9]+"), "\"$1\":N");
  return std::regex_replace(text, std::regex("id-[0-9]{4}"), "id");
}

/// The answer where there is no cap.
std::string uncapped(const Api& api, Tokens length) {
  Teller teller(length);
  RawUpstream provider(teller.serve());
  const Box box(provider.port());
  return normal(api, box.ask(api.path, ask_of(api)).body);
}

std::function<void(GatewaySetup&)> holding(std::atomic<int>& full) {
  return [&full](GatewaySetup& setup) {
    setup.when_full = WhenFull::hold;
    setup.keep_alive = std::chrono::milliseconds(5);
    setup.on_full = [&full](const Shortage&) { return ++full, false; };
  };
}

void raise_cap(Box& box, Teller& teller, std::int64_t cap) {
  teller.cap = cap;
  box.set_cap(cap);
}

std::vector<std::string> outcomes(const std::vector<RequestLine>& lines) {
  std::vector<std::string> out;
  for (const RequestLine& line : lines) out.emplace_back(name_of(line.outcome));
  return out;
}

using Names = std::vector<std::string>;

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
