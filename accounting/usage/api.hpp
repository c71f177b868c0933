#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "accounting/usage/event.hpp"

namespace ts {

/// The wire shapes of the providers' APIs. Stored nowhere.
enum class ApiShape {
  anthropic_messages,  ///< POST /v1/messages
  openai_responses,    ///< POST /v1/responses
  openai_chat,         ///< POST /v1/chat/completions
  gemini,              ///< POST …:generateContent, …:streamGenerateContent
};

[[nodiscard]] std::string_view name_of(ApiShape shape);

/// How a response's body is framed.
enum class ApiBody {
  sse,   ///< text/event-stream
  json,  ///< one JSON document (or, from Gemini, an array that grows), in any layout
};

/// What the gateway knows of a response before its body.
struct ApiResponse {
  ApiShape shape = ApiShape::anthropic_messages;
  ApiBody body = ApiBody::json;
  std::string id;     ///< used if the body names none; unique within the run
  std::string model;  ///< used if the body names none; empty: not known
};

/// Reads the usage out of one response's (decoded) body while it passes by. Memory is bounded. No I/O.
/// Events have the response's id, grow as the body says more, and are delivered as soon as they are sure (Gemini: at the end).
class ApiUsage {
 public:
  virtual ~ApiUsage() = default;
  virtual void push(std::string_view chunk, UsageSink& sink) = 0;
  /// The body ended, whole or cut off.
  virtual void finish(UsageSink& sink) = 0;
  /// The highest counts so far. Absent: the body has said nothing of usage yet.
  [[nodiscard]] virtual std::optional<TokenCounts> counts() const = 0;
  [[nodiscard]] virtual const ParseStats& stats() const = 0;
};

[[nodiscard]] std::unique_ptr<ApiUsage> make_api_usage(ApiResponse response);

}  // namespace ts
