// What the path of a transcript says.
#include <cctype>

#include "spawner/agents/profile.hpp"

namespace ts::agents {

namespace {

constexpr std::string_view kSuffix = ".jsonl";

std::vector<std::string_view> components(std::string_view path) {
  std::vector<std::string_view> parts;
  while (!path.empty()) {
    const auto slash = path.find('/');
    if (slash != 0) parts.push_back(path.substr(0, slash));
    path.remove_prefix(slash == std::string_view::npos ? path.size() : slash + 1);
  }
  return parts;
}

std::string_view stem(std::string_view name) {
  return name.ends_with(kSuffix) ? name.substr(0, name.size() - kSuffix.size()) : name;
}

bool is_uuid(std::string_view text) {
  if (text.size() != 36) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
    if (dash ? text[i] != '-' : std::isxdigit(static_cast<unsigned char>(text[i])) == 0) return false;
  }
  return true;
}

/// <project>/<session>.jsonl, <project>/<session>/subagents/…/agent-*.jsonl; older versions: <project>/agent-*.jsonl
std::optional<std::string> claude_session(const std::vector<std::string_view>& parts) {
  if (parts.size() < 2) return std::nullopt;
  const std::string_view second = stem(parts[1]);
  if (parts.size() == 2 && second.starts_with("agent-")) return std::nullopt;
  return std::string(second);
}

/// rollout-<local time>-<session>.jsonl
std::optional<std::string> codex_session(const std::vector<std::string_view>& parts) {
  const std::string_view name = stem(parts.back());
  if (name.size() < 36 || !is_uuid(name.substr(name.size() - 36))) return std::nullopt;
  return std::string(name.substr(name.size() - 36));
}

/// <project>/chats/<session>.jsonl, <project>/subagents/<session>/…
std::optional<std::string> qwen_session(const std::vector<std::string_view>& parts) {
  if (parts.size() < 3) return std::nullopt;
  return std::string(stem(parts[2]));
}

}  // namespace

bool is_transcript(TranscriptLayout layout, std::string_view relative) {
  if (!relative.ends_with(kSuffix)) return false;
  const auto parts = components(relative);
  switch (layout) {
    case TranscriptLayout::claude: return parts.size() >= 2;
    case TranscriptLayout::codex: return !parts.empty() && parts.back().starts_with("rollout-");
    case TranscriptLayout::gemini: return parts.size() >= 3 && parts[1] == "chats";
    case TranscriptLayout::qwen: return parts.size() >= 3 && (parts[1] == "chats" || parts[1] == "subagents");
    case TranscriptLayout::none: break;
  }
  return false;
}

std::optional<std::string> session_of_path(TranscriptLayout layout, std::string_view relative) {
  const auto parts = components(relative);
  if (parts.empty()) return std::nullopt;
  switch (layout) {
    case TranscriptLayout::claude: return claude_session(parts);
    case TranscriptLayout::codex: return codex_session(parts);
    case TranscriptLayout::qwen: return qwen_session(parts);
    case TranscriptLayout::gemini:  // chats/<session>/ holds its sub-agents; else the name has 8 digits only and the first line has all
      if (parts.size() > 3) return std::string(parts[2]);
      break;
    case TranscriptLayout::none: break;
  }
  return std::nullopt;
}

}  // namespace ts::agents
