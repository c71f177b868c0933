// What an agent's flags say about its output and its sessions. Source: design/agents.md, measured with the real CLIs.
#include <algorithm>
#include <initializer_list>

#include "spawner/agents/profile.hpp"

namespace ts::agents {

namespace {

using Words = std::span<const std::string>;
using Names = std::initializer_list<std::string_view>;

/// The agent's own arguments, up to `--`.
Words arguments(const Detected& agent, Words argv) {
  Words words = argv.subspan(std::min(agent.program + 1, argv.size()));
  const auto end = std::find(words.begin(), words.end(), "--");
  return words.first(static_cast<std::size_t>(end - words.begin()));
}

bool has(Words words, Names names) {
  return std::any_of(words.begin(), words.end(), [&](std::string_view word) {
    word = word.substr(0, word.starts_with("--") ? word.find('=') : std::string_view::npos);
    return std::find(names.begin(), names.end(), word) != names.end();
  });
}

/// Value of `--name VALUE` or `--name=VALUE`; the last one wins. Absent: not there, or it has none.
std::optional<std::string> value(Words words, Names names) {
  std::optional<std::string> found;
  for (std::size_t i = 0; i < words.size(); ++i) {
    for (std::string_view name : names) {
      const std::string_view word = words[i];
      if (word == name && i + 1 < words.size()) found = words[i + 1];
      else if (word.size() > name.size() && word.starts_with(name) && word[name.size()] == '=') found = word.substr(name.size() + 1);
    }
  }
  return found;
}

/// The first word that is no option: Codex's and opencode's subcommand. Values of options may come first, so known words only.
bool has_subcommand(Words words, Names names) {
  return std::any_of(words.begin(), words.end(), [&](std::string_view word) {
    return std::find(names.begin(), names.end(), word) != names.end();
  });
}

std::string format_of(AgentKind kind, Words words) {
  if (kind == AgentKind::opencode) return value(words, {"--format"}).value_or("");
  return value(words, kind == AgentKind::claude ? Names{"--output-format"} : Names{"--output-format", "-o"}).value_or("");
}

StdoutReport claude_report(Words words) {
  const std::string format = format_of(AgentKind::claude, words);
  if (!has(words, {"-p", "--print"})) return {StdoutUsage::none, StdoutSession::never};
  if (format == "json") return {StdoutUsage::at_end, StdoutSession::at_end};
  if (format != "stream-json") return {StdoutUsage::none, StdoutSession::never};
  return {has(words, {"--include-partial-messages"}) ? StdoutUsage::live : StdoutUsage::inputs, StdoutSession::at_start};
}

StdoutReport by_format(Words words, AgentKind kind, StdoutUsage streamed) {
  const std::string format = format_of(kind, words);
  if (format == "stream-json") return {streamed, StdoutSession::at_start};
  if (format == "json") return {StdoutUsage::at_end, StdoutSession::at_end};
  return {StdoutUsage::none, StdoutSession::never};
}

bool is_session_id(std::string_view text) {
  return text.size() >= 8 &&
         text.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-") == std::string_view::npos &&
         text.find_first_of("0123456789") != std::string_view::npos && text.front() != '-';
}

/// The word behind the subcommand `resume`.
std::optional<std::string> codex_resumed(Words words) {
  const auto at = std::find(words.begin(), words.end(), "resume");
  for (auto word = at; word != words.end(); ++word)
    if (word != at && is_session_id(*word)) return *word;
  return std::nullopt;
}

bool is_interactive(AgentKind kind, Words words) {
  switch (kind) {
    case AgentKind::claude: return !has(words, {"-p", "--print"});
    case AgentKind::codex: return !has_subcommand(words, {"exec", "e", "review"});
    case AgentKind::opencode: return !has_subcommand(words, {"run"});
    case AgentKind::gemini:
    case AgentKind::qwen:
      return has(words, {"-i", "--prompt-interactive"}) ||
             (!has(words, {"-p", "--prompt"}) && format_of(kind, words).empty());
    case AgentKind::other: break;
  }
  return false;
}

}  // namespace

StdoutReport stdout_report(const Detected& agent, Words argv) {
  const Words words = arguments(agent, argv);
  switch (agent.profile->kind) {
    case AgentKind::claude: return claude_report(words);
    case AgentKind::codex:
      if (has_subcommand(words, {"exec", "e"}) && has(words, {"--json", "--experimental-json"}))
        return {StdoutUsage::at_end, StdoutSession::at_start};
      return {StdoutUsage::none, StdoutSession::never};
    case AgentKind::gemini: return by_format(words, AgentKind::gemini, StdoutUsage::at_end);
    case AgentKind::qwen: return by_format(words, AgentKind::qwen, StdoutUsage::live);
    case AgentKind::opencode:
      if (has_subcommand(words, {"run"}) && format_of(AgentKind::opencode, words) == "json")
        return {StdoutUsage::live, StdoutSession::at_start};
      return {StdoutUsage::none, StdoutSession::never};
    case AgentKind::other: break;
  }
  return {};
}

std::optional<std::string> session_on_command_line(const Detected& agent, Words argv) {
  const Words words = arguments(agent, argv);
  std::optional<std::string> named;
  switch (agent.profile->kind) {
    case AgentKind::claude:
    case AgentKind::gemini:
    case AgentKind::qwen:
      named = value(words, {"--session-id"});
      if (!named && !has(words, {"--fork-session"})) named = value(words, {"--resume", "-r"});
      break;
    case AgentKind::codex: named = codex_resumed(words); break;
    case AgentKind::opencode:
      if (!has(words, {"--fork"})) named = value(words, {"--session", "-s"});
      break;
    case AgentKind::other: break;
  }
  if (named && !is_session_id(*named)) named.reset();
  return named;
}

bool may_resume(const Detected& agent, Words argv) {
  const Words words = arguments(agent, argv);
  const AgentKind kind = agent.profile->kind;
  if (is_interactive(kind, words)) return true;
  switch (kind) {
    case AgentKind::codex: return has_subcommand(words, {"resume", "fork"});
    case AgentKind::opencode: return has(words, {"-c", "--continue", "-s", "--session"});
    case AgentKind::claude:
    case AgentKind::gemini:
    case AgentKind::qwen: return has(words, {"-c", "--continue", "-r", "--resume", "--from-pr", "--session-id"});
    case AgentKind::other: break;
  }
  return false;
}

}  // namespace ts::agents
