#pragma once

#include <string_view>

#include "accounting/usage/api.hpp"

/// Names in the bodies of requests that admission looks for.
namespace ts::gateway {

/// An output limit at the top of a body.
inline bool limit_key(std::string_view key) { return key == "max_tokens" || key == "max_completion_tokens" || key == "max_output_tokens"; }
/// An output limit within Gemini's configuration.
inline bool gemini_limit_key(std::string_view key) { return key == "maxOutputTokens" || key == "max_output_tokens"; }
/// Gemini's configuration.
inline bool config_key(std::string_view key) { return key == "generationConfig" || key == "generation_config"; }

/// Where the conversation stands.
inline std::string_view messages_key(ApiShape shape) {
  switch (shape) {
    case ApiShape::openai_responses: return "input";
    case ApiShape::gemini: return "contents";
    case ApiShape::anthropic_messages:
    case ApiShape::openai_chat: break;
  }
  return "messages";
}

}  // namespace ts::gateway
