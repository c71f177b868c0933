#include "spawner/agents/profile.hpp"

#include <algorithm>
#include <array>

namespace ts::agents {

namespace {

constexpr std::array<Profile, 6> kProfiles = {{
    {AgentKind::claude, "claude", "Claude Code", "claude", "claude", TranscriptStore::files, TranscriptLayout::claude,
     "claude --resume {session}", "--version", {GatewayWire::env_url, "ANTHROPIC_BASE_URL", "", "", "anthropic"}},
    {AgentKind::codex, "codex", "Codex", "codex", "codex", TranscriptStore::files, TranscriptLayout::codex,
     "codex exec resume {session}", "--version", {GatewayWire::config_argument, "", "openai_base_url", "/v1", "openai"}, true},
    {AgentKind::gemini, "gemini", "Gemini CLI", "gemini", "gemini", TranscriptStore::files, TranscriptLayout::gemini,
     "gemini --resume {session}", "--version", {GatewayWire::env_url, "GOOGLE_GEMINI_BASE_URL", "", "", "google"}},
    {AgentKind::opencode, "opencode", "opencode", "opencode", "", TranscriptStore::opencode_db, TranscriptLayout::none,
     "opencode run --session {session}", "--version", {GatewayWire::opencode_config, "OPENCODE_CONFIG_CONTENT", "", "", "openai"}},
    {AgentKind::qwen, "qwen", "Qwen Code", "qwen", "qwen", TranscriptStore::files, TranscriptLayout::qwen,
     "qwen --resume {session}", "--version", {GatewayWire::env_url, "OPENAI_BASE_URL", "", "/v1", "openai"}, true},
    {AgentKind::other, "other", "another program", "generic", "", TranscriptStore::none, TranscriptLayout::none, "", "", {}},
}};

/// The value of the first of `names` that is set and not empty.
std::optional<std::string> first_set(const Environment& env, std::initializer_list<std::string_view> names) {
  for (std::string_view name : names)
    if (const auto found = env.find(name); found != env.end() && !found->second.empty()) return found->second;
  return std::nullopt;
}

/// `$variable`, else `$HOME/below_home`.
std::optional<std::string> folder(const Environment& env, std::string_view variable, std::string_view below_home) {
  if (auto set = first_set(env, {variable})) return set;
  if (auto home = first_set(env, {"HOME"})) return *home + "/" + std::string(below_home);
  return std::nullopt;
}

std::vector<TranscriptPlace> opencode_places(const Environment& env) {
  const auto data = folder(env, "XDG_DATA_HOME", ".local/share");
  const auto named = first_set(env, {"OPENCODE_DB"});
  if (named == ":memory:") return {};
  if (named && named->front() == '/') {
    const auto slash = named->rfind('/');
    return {{named->substr(0, std::max<std::size_t>(slash, 1)), "", named->substr(slash + 1), 0}};
  }
  if (!data) return {};
  return {{*data + "/opencode", "", named.value_or("opencode.db"), 0}};
}

std::vector<TranscriptPlace> qwen_places(const Environment& env) {
  if (auto set = first_set(env, {"QWEN_RUNTIME_DIR", "QWEN_HOME"})) return {{*set + "/projects", ".jsonl", "", 4}};
  if (auto home = first_set(env, {"HOME"})) return {{*home + "/.qwen/projects", ".jsonl", "", 4}};
  return {};
}

bool shell_safe(std::string_view word) {
  return !word.empty() && word.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./:@=+,") == std::string_view::npos;
}

std::string shell_quoted(std::string_view word) {
  if (shell_safe(word)) return std::string(word);
  std::string quoted = "'";
  for (char c : word) {
    if (c == '\'') quoted += "'\\''";
    else quoted += c;
  }
  return quoted + "'";
}

}  // namespace

std::span<const Profile> all_profiles() { return kProfiles; }

const Profile* profile_named(std::string_view name) {
  const auto found = std::find_if(kProfiles.begin(), kProfiles.end(), [&](const Profile& p) { return p.name == name; });
  return found == kProfiles.end() ? nullptr : &*found;
}

Environment environment_from(const char* const* words) {
  Environment env;
  for (; words != nullptr && *words != nullptr; ++words) {
    const std::string_view word = *words;
    if (const auto equals = word.find('='); equals != std::string_view::npos && equals > 0)
      env.insert_or_assign(std::string(word.substr(0, equals)), std::string(word.substr(equals + 1)));
  }
  return env;
}

std::vector<TranscriptPlace> transcript_places(const Profile& profile, const Environment& env) {
  switch (profile.kind) {
    case AgentKind::claude:
      if (auto root = folder(env, "CLAUDE_CONFIG_DIR", ".claude")) return {{*root + "/projects", ".jsonl", "", 6}};
      return {};
    case AgentKind::codex:
      if (auto root = folder(env, "CODEX_HOME", ".codex")) return {{*root + "/sessions", ".jsonl", "", 3}};
      return {};
    case AgentKind::gemini:
      if (auto home = first_set(env, {"GEMINI_CLI_HOME", "HOME"})) return {{*home + "/.gemini/tmp", ".jsonl", "", 4}};
      return {};
    case AgentKind::opencode: return opencode_places(env);
    case AgentKind::qwen: return qwen_places(env);
    case AgentKind::other: break;
  }
  return {};
}

std::optional<std::string> resume_command(const Profile& profile, std::string_view session) {
  if (profile.resume_command.empty() || session.empty()) return std::nullopt;
  std::string command(profile.resume_command);
  constexpr std::string_view mark = "{session}";
  return command.replace(command.find(mark), mark.size(), shell_quoted(session));
}

}  // namespace ts::agents
