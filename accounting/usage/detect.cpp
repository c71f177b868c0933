#include <algorithm>
#include <cstdint>

#include "accounting/usage/dialects.hpp"
#include "accounting/usage/json_reader.hpp"
#include "accounting/usage/text.hpp"

namespace ts {
namespace {

/// Root keys that tell the agents apart.
enum Mark : std::uint32_t {
  kMessage = 1U << 0U,
  kSessionSnake = 1U << 1U,   // session_id
  kSessionCamel = 1U << 2U,   // sessionId
  kSessionUpper = 1U << 3U,   // sessionID
  kParentTool = 1U << 4U,
  kQwenVersion = 1U << 5U,
  kModelUsage = 1U << 6U,
  kStats = 1U << 7U,
  kPart = 1U << 8U,
  kPayload = 1U << 9U,
  kProjectHash = 1U << 10U,
  kParentUuid = 1U << 11U,
  kTokens = 1U << 12U,
  kGeminiParts = 1U << 13U,   // message.parts, usageMetadata, systemPayload: Qwen's chat files
};

constexpr std::pair<std::string_view, Mark> kMarks[] = {
    {"message", kMessage},           {"session_id", kSessionSnake}, {"sessionId", kSessionCamel},   {"sessionID", kSessionUpper},
    {"parent_tool_use_id", kParentTool}, {"qwen_code_version", kQwenVersion}, {"modelUsage", kModelUsage}, {"stats", kStats},
    {"part", kPart},                 {"payload", kPayload},         {"projectHash", kProjectHash},  {"parentUuid", kParentUuid},
    {"tokens", kTokens},             {"usageMetadata", kGeminiParts}, {"systemPayload", kGeminiParts},
};

struct Signature {
  std::string_view type;
  std::string_view subtype;
  std::uint32_t marks = 0;
  [[nodiscard]] bool has(std::uint32_t wanted) const { return (marks & wanted) == wanted; }
};

Signature signature_of(json::Reader& reader) {
  Signature result;
  std::string_view key;
  if (!reader.enter_object()) return result;
  while (reader.next_key(key)) {
    for (const auto& [name, mark] : kMarks)
      if (name == key) result.marks |= mark;
    if (key == "type") {
      reader.string(result.type);
    } else if (key == "subtype") {
      reader.string(result.subtype);
    } else if (key == "message" && reader.peek() == '{') {
      std::string_view message;
      if (reader.raw(message) && !json::member(message, {"parts"}).empty()) result.marks |= kGeminiParts;
    } else {
      reader.skip();
    }
  }
  return result;
}

std::optional<DetectedDialect> stream(std::string_view name) { return DetectedDialect{Source::stream, name}; }
std::optional<DetectedDialect> transcript(std::string_view name) { return DetectedDialect{Source::transcript, name}; }

std::optional<DetectedDialect> of_signature(const Signature& s) {
  if (s.type == "thread.started" || s.type == "turn.started" || s.type == "turn.completed") return stream("codex");
  if (s.has(kPayload) && (s.type == "session_meta" || s.type == "event_msg" || s.type == "response_item" || s.type == "turn_context" ||
                          s.type == "token_usage_record"))
    return transcript("codex");
  if (s.has(kSessionUpper | kPart)) return stream("opencode");
  if (s.has(kSessionCamel | kProjectHash) || (s.type == "gemini" && s.has(kTokens))) return transcript("gemini");
  if (s.has(kSessionSnake)) {
    if (s.type == "system" && s.subtype == "init") return stream(s.has(kQwenVersion) ? "qwen" : "claude");
    if (s.has(kModelUsage) || s.has(kMessage | kParentTool) || s.type == "stream_event") return stream("claude");
    if (s.type == "init") return stream("gemini");
  }
  if (s.has(kStats) && (s.type == "result" || s.has(kSessionSnake))) return stream("gemini");
  if (s.has(kSessionCamel)) {
    if (s.has(kGeminiParts)) return transcript("qwen");
    if (s.has(kParentUuid) || s.type == "queue-operation" || s.type == "assistant" || s.type == "user") return transcript("claude");
  }
  if (s.type == "summary" || s.type == "file-history-snapshot") return transcript("claude");
  return std::nullopt;
}

std::optional<DetectedDialect> of_line(std::string_view line) {
  json::Reader reader(line);
  if (!line.starts_with('[')) return of_signature(signature_of(reader));
  reader.enter_array();
  while (reader.next_element() && reader.peek() == '{')
    if (const auto known = of_signature(signature_of(reader))) return known;
  return std::nullopt;
}

}  // namespace

std::optional<DetectedDialect> detect_dialect(std::string_view head) {
  // A document over many lines is told as a whole.
  const std::size_t first = std::min(head.find_first_not_of(" \t\r\n"), head.size());
  const bool wide = first + 1 < head.size() && (head[first + 1] == '\n' || head[first + 1] == '\r');
  if (wide && (head[first] == '{' || head[first] == '['))
    if (const auto known = of_line(head.substr(first))) return known;
  bool phrase = false;
  while (!head.empty()) {
    const std::string_view line = head.substr(0, head.find('\n'));
    head.remove_prefix(std::min(line.size() + 1, head.size()));
    if (line.starts_with('{') || line.starts_with('[')) {
      if (const auto known = of_line(line)) return known;
    } else if (const std::size_t at = line.find(" new token"); at != std::string_view::npos) {
      phrase = phrase || number_at_end(line.substr(0, at)).has_value();
    }
  }
  return phrase ? stream("text") : std::nullopt;
}

}  // namespace ts
