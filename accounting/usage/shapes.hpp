#pragma once

#include <array>
#include <optional>
#include <span>
#include <string_view>

#include "accounting/usage/counts.hpp"
#include "accounting/usage/json_reader.hpp"

namespace ts {

/// What a number in a usage object means, by whoever wrote it.
enum class UsageField : std::uint8_t {
  input,         ///< input, with or without cached parts: see the others
  output,        ///< output; whether reasoning is in it is told by `reasoning` or `thoughts`, and by `total` where that decides
  total,         ///< sum of all
  rest_total,    ///< sum of all, where what input and output leave over is reasoning
  cache_read,    ///< beside input (Anthropic)
  cached,        ///< within input (OpenAI, Gemini)
  cache_write,   ///< beside input (Anthropic)
  write_within,  ///< within input (OpenAI)
  write_5m,      ///< a part of the cache writes
  write_1h,      ///< a part of the cache writes
  reasoning,     ///< within output (OpenAI)
  thoughts,      ///< beside output (Gemini, opencode)
  tool,          ///< input beside input: results of the provider's own tools (Gemini)
  nested,        ///< no number: an object whose keys are read by the same table
};
inline constexpr std::size_t kUsageFieldCount = 13;

/// A key of a usage object. A table of them is one shape.
struct UsageKey {
  std::string_view key;
  UsageField field;
};
using UsageShape = std::span<const UsageKey>;

extern const UsageShape kAnthropicUsage;      ///< Messages API, Claude Code's streams and transcripts
extern const UsageShape kClaudeModelUsage;    ///< Claude Code's result.modelUsage.MODEL
extern const UsageShape kQwenStreamUsage;     ///< Anthropic's names, but input includes cache reads
extern const UsageShape kResponsesUsage;      ///< OpenAI Responses, Codex
extern const UsageShape kChatUsage;           ///< OpenAI Chat Completions and its kin
extern const UsageShape kGeminiUsage;         ///< Gemini API's usageMetadata
extern const UsageShape kQwenUsage;           ///< Qwen Code's usageMetadata: candidates include thoughts
extern const UsageShape kQwenTelemetry;       ///< Qwen Code's api_response events
extern const UsageShape kGeminiChatTokens;    ///< Gemini CLI's chat files
extern const UsageShape kGeminiStats;         ///< Gemini CLI's result.stats
extern const UsageShape kOpencodeTokens;      ///< opencode's step_finish
extern const UsageShape kAnyUsage;            ///< any API's usage object: Anthropic, Responses, Chat and Gemini together

/// The numbers of one usage object as they stand there.
class RawUsage {
 public:
  /// Reads the object that comes next; any other value is passed over. What was read before stays where it is higher.
  /// False: the text is broken.
  bool read(json::Reader& reader, UsageShape shape);

  /// Takes over what the other has where it is higher.
  void merge(const RawUsage& other);

  [[nodiscard]] bool seen(UsageField field) const { return (seen_ >> static_cast<unsigned>(field) & 1U) != 0; }
  [[nodiscard]] Tokens operator[](UsageField field) const { return values_[static_cast<std::size_t>(field)]; }
  /// A known key held no count, or one that is out of range.
  [[nodiscard]] bool bad() const { return bad_; }
  /// No known key was there.
  [[nodiscard]] bool empty() const { return seen_ == 0 && !bad_; }

  /// Normalised: input without what was served from or written to the cache, output with reasoning.
  /// Cached parts that exceed the input they should lie within are taken to lie beside it: nothing that was spent hides.
  /// Absent: empty or bad.
  [[nodiscard]] std::optional<TokenCounts> counts() const;

 private:
  bool read_nested(json::Reader& reader, UsageShape shape, int depth);

  std::array<Tokens, kUsageFieldCount> values_{};
  std::uint32_t seen_ = 0;
  bool bad_ = false;
};

}  // namespace ts
