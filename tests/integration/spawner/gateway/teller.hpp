#pragma once

#include <nlohmann/json.hpp>
#include <regex>

#include "tests/integration/spawner/gateway/fixture.hpp"

namespace ts::gateway {

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
inline const std::vector<Api>& apis() {
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

inline std::string ask_of(const Api& api, std::string_view words = "do it") {
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
inline std::string words(Tokens from, Tokens to) {
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
inline std::string normal(const Api& api, std::string text) {
  const std::string ping = api.ping;
  for (auto at = text.find(ping); !ping.empty() && at != std::string::npos; at = text.find(ping)) text.erase(at, ping.size());
  text = std::regex_replace(text, std::regex("\"(input_tokens|prompt_tokens|promptTokenCount)\":[0-9]+"), "\"$1\":N");
  return std::regex_replace(text, std::regex("id-[0-9]{4}"), "id");
}

/// The answer where there is no cap.
inline std::string uncapped(const Api& api, Tokens length) {
  Teller teller(length);
  RawUpstream provider(teller.serve());
  const Box box(provider.port());
  return normal(api, box.ask(api.path, ask_of(api)).body);
}

inline std::function<void(GatewaySetup&)> holding(std::atomic<int>& full) {
  return [&full](GatewaySetup& setup) {
    setup.when_full = WhenFull::hold;
    setup.keep_alive = std::chrono::milliseconds(5);
    setup.on_full = [&full](const Shortage&) { return ++full, false; };
  };
}

inline void raise_cap(Box& box, Teller& teller, std::int64_t cap) {
  teller.cap = cap;
  box.set_cap(cap);
}

inline std::vector<std::string> outcomes(const std::vector<RequestLine>& lines) {
  std::vector<std::string> out;
  for (const RequestLine& line : lines) out.emplace_back(name_of(line.outcome));
  return out;
}

using Names = std::vector<std::string>;

}  // namespace ts::gateway
