#include "spawner/gateway/refusal.hpp"

#include <fmt/format.h>

namespace ts::gateway {
namespace {

std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (byte < 0x20) {
      out += fmt::format("\\u{:04x}", byte);
    } else {
      out += c;
    }
  }
  return out + "\"";
}

struct Words {
  std::string_view anthropic;
  std::string_view openai;
  std::string_view google;
};

Words words_of(int status) {
  if (status == 413) return {"request_too_large", "invalid_request_error", "INVALID_ARGUMENT"};
  if (status >= 500) return {"api_error", "server_error", "UNAVAILABLE"};
  return {"invalid_request_error", "invalid_request_error", "FAILED_PRECONDITION"};
}

}  // namespace

std::string error_body(ApiShape shape, int status, std::string_view message) {
  const Words words = words_of(status);
  const std::string text = quoted(message);
  switch (shape) {
    case ApiShape::anthropic_messages:
      return fmt::format(R"({{"type":"error","error":{{"type":"{}","message":{}}}}})", words.anthropic, text);
    case ApiShape::gemini:
      return fmt::format(R"({{"error":{{"code":{},"message":{},"status":"{}"}}}})", status, text, words.google);
    case ApiShape::openai_responses:
    case ApiShape::openai_chat: break;
  }
  const std::string_view code = status == kCapStatus ? R"("token_cap_reached")" : "null";  // an outage is no cap
  return fmt::format(R"({{"error":{{"message":{},"type":"{}","param":null,"code":{}}}}})", text, words.openai, code);
}

std::string error_event(ApiShape shape, int status, std::string_view message) {
  const std::string text = quoted(message);
  switch (shape) {
    case ApiShape::anthropic_messages:
      return "event: error\ndata: " + error_body(shape, status, message) + "\n\n";
    case ApiShape::openai_responses:
      return fmt::format("event: response.failed\ndata: {{\"type\":\"response.failed\",\"sequence_number\":0,\"response\":{{\"id\":\"resp_refused\",\"object\":\"response\","
                         "\"status\":\"failed\",\"output\":[],\"error\":{{\"code\":\"{}\",\"message\":{}}}}}}}\n\n",
                         status == kCapStatus ? "invalid_prompt" : "server_error", text);
    case ApiShape::openai_chat:
    case ApiShape::gemini: break;
  }
  return "data: " + error_body(shape, status, message) + "\n\n";
}

std::string_view keep_alive(ApiShape shape) {
  return shape == ApiShape::anthropic_messages ? "event: ping\ndata: {\"type\":\"ping\"}\n\n" : ": keep-alive\n\n";
}


std::string user_message(ApiShape shape, std::string_view text) {
  const std::string words = quoted(text);
  switch (shape) {
    case ApiShape::anthropic_messages: return R"({"role":"user","content":[{"type":"text","text":)" + words + "}]}";
    case ApiShape::openai_responses: return R"({"type":"message","role":"user","content":[{"type":"input_text","text":)" + words + "}]}";
    case ApiShape::gemini: return R"({"role":"user","parts":[{"text":)" + words + "}]}";
    case ApiShape::openai_chat: break;
  }
  return R"({"role":"user","content":)" + words + "}";
}

}  // namespace ts::gateway
