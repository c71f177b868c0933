#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace ts::agents {

/// The agents that are known by name. Stored by name.
enum class AgentKind { claude, codex, gemini, opencode, qwen, other };

/// What the agent prints about usage, by its flags. It bounds how far a cap can overshoot if stdout is the only meter.
enum class StdoutUsage {
  live,     ///< each response as it ends
  inputs,   ///< inputs live, outputs only at the end
  at_end,   ///< everything only at the end: from stdout alone no cap can act in time
  none,     ///< never
  unknown,  ///< not an agent that we know: whatever it prints is looked at
};

/// When stdout says which session the agent is in.
enum class StdoutSession { at_start, at_end, never };

/// What is known about stdout before the launch.
struct StdoutReport {
  StdoutUsage usage = StdoutUsage::unknown;
  StdoutSession session = StdoutSession::never;
};

/// How the agent keeps what it did.
enum class TranscriptStore {
  files,        ///< growing JSON-lines files below a folder
  opencode_db,  ///< opencode's SQLite database
  none,         ///< nothing that we know of
};

/// How transcript files are laid out below the root: what a file's path says about its session.
enum class TranscriptLayout { claude, codex, gemini, qwen, none };

/// How the agent is pointed at another base URL.
enum class GatewayWire { none, env_url, config_argument, opencode_config };

/// Data for the gateway. Source: design/agents.md, "The gateway", verified with the real CLIs.
struct GatewayWiring {
  GatewayWire wire = GatewayWire::none;
  std::string_view env_name;  ///< env_url, opencode_config: the variable
  std::string_view argument;  ///< config_argument: `KEY` of `-c KEY="URL"`, put after the program word
  std::string_view suffix;    ///< put behind the base URL
  std::string_view api;       ///< shape of the provider's API: anthropic, openai, google
};

/// Everything that is particular to one agent, as data: one row of one table.
/// Lifetime: rows are static.
struct Profile {
  AgentKind kind = AgentKind::other;
  std::string_view name;                ///< claude, codex, gemini, opencode, qwen, other
  std::string_view title;               ///< "Claude Code"
  std::string_view stream_dialect;      ///< for make_stream_dialect()
  std::string_view transcript_dialect;  ///< for make_transcript_dialect(); empty: no transcripts
  TranscriptStore store = TranscriptStore::none;
  TranscriptLayout layout = TranscriptLayout::none;
  std::string_view resume_command;      ///< with {session}; empty: it can't be resumed
  std::string_view version_argument;    ///< empty: not asked
  GatewayWiring gateway;
  bool stdout_holds_past = false;       ///< a resumed session's totals on stdout hold what it had spent before the launch
};

/// Variables of the environment that the agent will get.
using Environment = std::map<std::string, std::string, std::less<>>;

/// From `NAME=VALUE` words such as `environ`. The last one of a name wins.
[[nodiscard]] Environment environment_from(const char* const* words);

/// What a command line is.
struct Detected {
  const Profile* profile = nullptr;  ///< never null
  std::size_t program = 0;           ///< index in argv of the agent's own program word (`npx claude` → 1)
};

/// Recognises the agent by argv: its base name with or without version or suffix, a script path run by node, bun or deno,
/// a package run by npx, bunx, pnpm dlx, yarn dlx or uvx, each also behind env, nice, timeout, nohup, stdbuf, setsid, exec wrappers.
/// `other` for everything else, shells included.
[[nodiscard]] Detected detect(std::span<const std::string> argv);

/// Absent: no profile has that name.
[[nodiscard]] const Profile* profile_named(std::string_view name);

/// All rows, `other` last.
[[nodiscard]] std::span<const Profile> all_profiles();

/// What stdout will tell with these flags.
[[nodiscard]] StdoutReport stdout_report(const Detected& agent, std::span<const std::string> argv);

/// A session that the command line names (`--resume ID`, `--session-id ID`, `exec resume ID`). Absent: none is named.
[[nodiscard]] std::optional<std::string> session_on_command_line(const Detected& agent, std::span<const std::string> argv);

/// Whether the agent may go on with an older session: a resume or continue flag stands there, or it is interactive.
[[nodiscard]] bool may_resume(const Detected& agent, std::span<const std::string> argv);

/// A folder with transcripts: `root` absolute, `suffix` of the files' names, levels of folders below `root` that matter.
struct TranscriptPlace {
  std::string root;
  std::string suffix;     ///< ".jsonl"
  std::string database;   ///< opencode_db: file name below root; else empty
  int depth = 0;          ///< folders below root that are looked into
};

/// Where the agent keeps its transcripts, given its environment. Empty: nowhere that we know of, or HOME isn't set.
[[nodiscard]] std::vector<TranscriptPlace> transcript_places(const Profile& profile, const Environment& env);

/// The session of a transcript by its path relative to the root; sub-agents' files give their parent session.
/// Absent: the path doesn't say.
[[nodiscard]] std::optional<std::string> session_of_path(TranscriptLayout layout, std::string_view relative);

/// True if `relative` has the shape of a transcript of that layout (others below the same root are not looked at).
[[nodiscard]] bool is_transcript(TranscriptLayout layout, std::string_view relative);

/// The command that goes on with the session, words quoted for a shell where needed. Absent: it can't be resumed.
[[nodiscard]] std::optional<std::string> resume_command(const Profile& profile, std::string_view session);

}  // namespace ts::agents
