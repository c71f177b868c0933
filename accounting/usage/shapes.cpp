#include "accounting/usage/shapes.hpp"

namespace ts {
namespace {

using enum UsageField;

// Source: https://docs.anthropic.com/en/api/messages (usage)
constexpr UsageKey kAnthropicKeys[] = {
    {"input_tokens", input},
    {"output_tokens", output},
    {"cache_creation_input_tokens", cache_write},
    {"cache_read_input_tokens", cache_read},
    {"cache_creation", nested},
    {"ephemeral_5m_input_tokens", write_5m},
    {"ephemeral_1h_input_tokens", write_1h},
    {"output_tokens_details", nested},
    {"thinking_tokens", reasoning},
};
constexpr UsageKey kClaudeModelKeys[] = {
    {"inputTokens", input},
    {"outputTokens", output},
    {"cacheReadInputTokens", cache_read},
    {"cacheCreationInputTokens", cache_write},
};
constexpr UsageKey kQwenStreamKeys[] = {
    {"input_tokens", input},
    {"output_tokens", output},
    {"cache_read_input_tokens", cached},
    {"cache_creation_input_tokens", write_within},
    {"total_tokens", total},
};
// Source: https://platform.openai.com/docs/api-reference/responses (usage); Codex adds the flat names.
constexpr UsageKey kResponsesKeys[] = {
    {"input_tokens", input},
    {"output_tokens", output},
    {"total_tokens", total},
    {"cached_input_tokens", cached},
    {"cache_write_input_tokens", write_within},
    {"reasoning_output_tokens", reasoning},
    {"input_tokens_details", nested},
    {"cached_tokens", cached},
    {"cache_write_tokens", write_within},
    {"output_tokens_details", nested},
    {"reasoning_tokens", reasoning},
};
// Source: https://platform.openai.com/docs/api-reference/chat (usage)
constexpr UsageKey kChatKeys[] = {
    {"prompt_tokens", input},
    {"completion_tokens", output},
    {"total_tokens", total},
    {"prompt_tokens_details", nested},
    {"cached_tokens", cached},
    {"cache_write_tokens", write_within},
    {"prompt_cache_hit_tokens", cached},
    {"completion_tokens_details", nested},
    {"reasoning_tokens", reasoning},
};
// Source: https://ai.google.dev/api/generate-content#UsageMetadata
constexpr UsageKey kGeminiKeys[] = {
    {"promptTokenCount", input},         {"candidatesTokenCount", output}, {"totalTokenCount", total},
    {"cachedContentTokenCount", cached}, {"thoughtsTokenCount", thoughts}, {"toolUsePromptTokenCount", tool},
};
constexpr UsageKey kQwenKeys[] = {
    {"promptTokenCount", input},         {"candidatesTokenCount", output},  {"totalTokenCount", total},
    {"cachedContentTokenCount", cached}, {"thoughtsTokenCount", reasoning}, {"toolUsePromptTokenCount", tool},
};
constexpr UsageKey kQwenTelemetryKeys[] = {
    {"input_token_count", input},           {"output_token_count", output},      {"total_token_count", total},
    {"cached_content_token_count", cached}, {"thoughts_token_count", reasoning}, {"tool_token_count", tool},
};
constexpr UsageKey kGeminiChatKeys[] = {
    {"input", input}, {"output", output}, {"total", total}, {"cached", cached}, {"thoughts", thoughts}, {"tool", tool},
};
// stream-json has the flat names, `--output-format json` an object `tokens` of its own.
constexpr UsageKey kGeminiStatsKeys[] = {
    {"input_tokens", input}, {"output_tokens", output}, {"total_tokens", rest_total}, {"cached", cached},
    {"tokens", nested},      {"prompt", input},         {"candidates", output},       {"total", total},
    {"thoughts", thoughts},  {"tool", tool},
};
constexpr UsageKey kOpencodeKeys[] = {
    {"input", input}, {"output", output}, {"reasoning", thoughts}, {"cache", nested}, {"read", cache_read}, {"write", cache_write},
};
constexpr UsageKey kAnyKeys[] = {
    {"input_tokens", input},
    {"output_tokens", output},
    {"prompt_tokens", input},
    {"completion_tokens", output},
    {"total_tokens", total},
    {"cache_creation_input_tokens", cache_write},
    {"cache_read_input_tokens", cache_read},
    {"cache_creation", nested},
    {"ephemeral_5m_input_tokens", write_5m},
    {"ephemeral_1h_input_tokens", write_1h},
    {"cached_input_tokens", cached},
    {"cache_write_input_tokens", write_within},
    {"reasoning_output_tokens", reasoning},
    {"input_tokens_details", nested},
    {"prompt_tokens_details", nested},
    {"cached_tokens", cached},
    {"cache_write_tokens", write_within},
    {"prompt_cache_hit_tokens", cached},
    {"output_tokens_details", nested},
    {"completion_tokens_details", nested},
    {"reasoning_tokens", reasoning},
    {"thinking_tokens", reasoning},
    {"promptTokenCount", input},
    {"candidatesTokenCount", output},
    {"totalTokenCount", total},
    {"cachedContentTokenCount", cached},
    {"thoughtsTokenCount", thoughts},
    {"toolUsePromptTokenCount", tool},
};

constexpr int kMaxNesting = 2;

}  // namespace

const UsageShape kAnthropicUsage = kAnthropicKeys;
const UsageShape kClaudeModelUsage = kClaudeModelKeys;
const UsageShape kQwenStreamUsage = kQwenStreamKeys;
const UsageShape kResponsesUsage = kResponsesKeys;
const UsageShape kChatUsage = kChatKeys;
const UsageShape kGeminiUsage = kGeminiKeys;
const UsageShape kQwenUsage = kQwenKeys;
const UsageShape kQwenTelemetry = kQwenTelemetryKeys;
const UsageShape kGeminiChatTokens = kGeminiChatKeys;
const UsageShape kGeminiStats = kGeminiStatsKeys;
const UsageShape kOpencodeTokens = kOpencodeKeys;
const UsageShape kAnyUsage = kAnyKeys;

bool RawUsage::read(json::Reader& reader, UsageShape shape) { return read_nested(reader, shape, 0); }

bool RawUsage::read_nested(json::Reader& reader, UsageShape shape, int depth) {
  if (!reader.enter_object()) return reader.skip();
  std::string_view key;
  while (reader.next_key(key)) {
    const UsageKey* known = nullptr;
    for (const UsageKey& candidate : shape)
      if (candidate.key == key) known = &candidate;
    if (known == nullptr) {
      if (!reader.skip()) return false;
    } else if (known->field == nested) {
      if (depth == kMaxNesting ? !reader.skip() : !read_nested(reader, shape, depth + 1)) return false;
    } else {
      Tokens value = 0;
      const json::CountState state = reader.count(value);
      if (!reader.ok()) return false;
      if (state == json::CountState::bad) bad_ = true;
      if (state != json::CountState::good) continue;
      // The same number may stand there under two names; the higher one counts.
      Tokens& slot = values_[static_cast<std::size_t>(known->field)];
      slot = std::max(slot, value);
      seen_ |= 1U << static_cast<unsigned>(known->field);
    }
  }
  return reader.ok();
}

void RawUsage::merge(const RawUsage& other) {
  for (std::size_t i = 0; i < kUsageFieldCount; ++i) values_[i] = std::max(values_[i], other.values_[i]);
  seen_ |= other.seen_;
  bad_ = bad_ || other.bad_;
}

std::optional<TokenCounts> RawUsage::counts() const {
  if (bad_ || seen_ == 0) return std::nullopt;
  const RawUsage& raw = *this;
  TokenCounts result;

  const Tokens within = saturating_add(raw[cached], raw[write_within]);
  result.input = raw[input] >= within ? raw[input] - within : raw[input];
  result.input = saturating_add(result.input, raw[tool]);
  result.cache_read = saturating_add(raw[cache_read], raw[cached]);

  const Tokens written = saturating_add(raw[cache_write], raw[write_within]);
  result.cache_write_1h = raw[write_1h];
  result.cache_write_5m = std::max(raw[write_5m], written - std::min(written, raw[write_1h]));

  const Tokens prompt = saturating_add(raw[input], raw[tool]);
  const Tokens whole = saturating_add(prompt, raw[output]);
  const Tokens apart = saturating_add(raw[reasoning], raw[thoughts]);
  bool beside = seen(thoughts);
  if (seen(total) && apart > 0 && raw[total] == whole) beside = false;
  if (seen(total) && apart > 0 && raw[total] == saturating_add(whole, apart)) beside = true;
  result.reasoning = apart;
  result.output = beside ? saturating_add(raw[output], apart) : raw[output];
  if (seen(rest_total) && raw[rest_total] > whole) {
    result.reasoning = raw[rest_total] - whole;
    result.output = saturating_add(raw[output], result.reasoning);
  }
  result.reasoning = std::min(result.reasoning, result.output);
  return result;
}

}  // namespace ts
