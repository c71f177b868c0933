#include "spawner/agents/profile.hpp"

#include <gtest/gtest.h>

#include "accounting/usage/dialects.hpp"

namespace ts::agents {
namespace {

using Argv = std::vector<std::string>;

struct Line {
  Argv argv;
  std::string_view agent;
  std::size_t program = 0;
};

TEST(Detect, RecognisesAgents) {
  const Line lines[] = {
      {{"claude", "-p", "x"}, "claude", 0},
      {{"/usr/local/bin/claude"}, "claude", 0},
      {{"./claude-2.1.197"}, "claude", 0},
      {{"claude.exe"}, "claude", 0},
      {{"npx", "@anthropic-ai/claude-code", "-p", "x"}, "claude", 1},
      {{"npx", "-y", "@anthropic-ai/claude-code@2.1.197", "-p", "x"}, "claude", 2},
      {{"npx", "--package", "@anthropic-ai/claude-code", "--", "claude", "-p"}, "claude", 4},
      {{"npm", "exec", "--", "@openai/codex", "exec"}, "codex", 3},
      {{"pnpm", "dlx", "@google/gemini-cli"}, "gemini", 2},
      {{"bunx", "opencode-ai@latest", "run"}, "opencode", 1},
      {{"bun", "x", "@qwen-code/qwen-code"}, "qwen", 2},
      {{"node", "/usr/lib/node_modules/@anthropic-ai/claude-code/cli.js", "-p"}, "claude", 1},
      {{"node", "--max-old-space-size=8192", "-r", "./hook.js", "/opt/@google/gemini-cli/dist/index.js"}, "gemini", 4},
      {{"/usr/bin/node", "/usr/bin/qwen"}, "qwen", 1},
      {{"deno", "run", "-A", "npm:@openai/codex@0.169.0"}, "codex", 3},
      {{"/opt/codex-x86_64-unknown-linux-musl", "exec"}, "codex", 0},
      {{"env", "-u", "X", "A=1", "B=2", "claude"}, "claude", 5},
      {{"timeout", "-k", "5", "10m", "nice", "-n", "5", "codex", "exec"}, "codex", 7},
      {{"stdbuf", "-oL", "opencode", "run"}, "opencode", 2},
  };
  for (const Line& line : lines) {
    const Detected found = detect(line.argv);
    EXPECT_EQ(found.profile->name, line.agent) << line.argv[0] << " " << line.argv.back();
    EXPECT_EQ(found.program, line.program) << line.argv[0] << " " << line.argv.back();
  }
}

TEST(Detect, LeavesOtherProgramsAlone) {
  const Argv lines[] = {{"true"}, {""}, {"claude-monitor"}, {"claudette"}, {"sh", "-c", "claude -p x"}, {"cat", "claude"}, {"npx", "cowsay"},
                        {"npx"}, {"node"}, {"node", "server.js"}, {"env"}, {"timeout", "5"}, {"git", "claude"}, {"npx", "@evil/claude"},
                        {"env", "env", "env", "env", "env", "env", "env", "env", "env", "env", "claude"}};
  for (const Argv& argv : lines) EXPECT_EQ(detect(argv).profile->kind, AgentKind::other) << argv[0];
  EXPECT_EQ(detect(Argv{}).profile->kind, AgentKind::other);
}

TEST(Profiles, NameDialectsThatExist) {
  for (const Profile& profile : all_profiles()) {
    EXPECT_EQ(profile_named(profile.name), &profile);
    EXPECT_NE(make_stream_dialect(profile.stream_dialect), nullptr) << profile.name;
    if (profile.store == TranscriptStore::files) {
      EXPECT_NE(make_transcript_dialect(profile.transcript_dialect), nullptr) << profile.name;
    }
  }
  EXPECT_EQ(profile_named("emacs"), nullptr);
}

TEST(Flags, SayWhatStdoutTells) {
  struct Row {
    Argv argv;
    StdoutUsage usage;
    StdoutSession session;
  };
  using enum StdoutUsage;
  using S = StdoutSession;
  const Row rows[] = {
      {{"claude", "-p", "x", "--output-format", "stream-json", "--verbose"}, inputs, S::at_start},
      {{"claude", "--print", "--output-format=stream-json", "--include-partial-messages", "x"}, live, S::at_start},
      {{"claude", "-p", "x", "--output-format", "json"}, at_end, S::at_end},
      {{"claude", "-p", "x"}, none, S::never},
      {{"claude"}, none, S::never},
      {{"claude", "-p", "--", "--output-format", "json"}, none, S::never},
      {{"codex", "exec", "--json", "x"}, at_end, S::at_start},
      {{"codex", "exec", "x"}, none, S::never},
      {{"gemini", "-o", "stream-json", "-p", "x"}, at_end, S::at_start},
      {{"qwen", "--output-format", "stream-json", "-p", "x"}, live, S::at_start},
      {{"opencode", "run", "--format", "json", "x"}, live, S::at_start},
      {{"opencode"}, none, S::never},
      {{"make"}, unknown, S::never},
  };
  for (const Row& row : rows) {
    const StdoutReport report = stdout_report(detect(row.argv), row.argv);
    EXPECT_EQ(report.usage, row.usage) << row.argv[0] << " " << row.argv.back();
    EXPECT_EQ(report.session, row.session) << row.argv[0] << " " << row.argv.back();
  }
}

TEST(Flags, FindTheSessionThatIsResumed) {
  const std::string id = "5440d3fb-757c-417b-8dfa-1932eaf88647";
  struct Row {
    Argv argv;
    std::optional<std::string> session;
    bool resumes = false;
  };
  const Row rows[] = {
      {{"claude", "-p", "x", "--resume", id}, id, true},
      {{"claude", "-p", "--resume=" + id, "x"}, id, true},
      {{"claude", "-p", "x", "--session-id", id}, id, true},
      {{"claude", "-p", "x", "--resume", id, "--fork-session"}, std::nullopt, true},
      {{"claude", "-p", "-c", "x"}, std::nullopt, true},
      {{"claude", "-p", "x"}, std::nullopt, false},
      {{"claude"}, std::nullopt, true},
      {{"claude", "--resume", "--model"}, std::nullopt, true},
      {{"codex", "exec", "resume", id, "more"}, id, true},
      {{"codex", "exec", "resume", "--last", "more"}, std::nullopt, true},
      {{"codex", "exec", "more"}, std::nullopt, false},
      {{"gemini", "-p", "x", "--resume", "latest"}, std::nullopt, true},
      {{"opencode", "run", "-s", "ses_e00904256ffeF7lkRhxQsv1ufS", "x"}, "ses_e00904256ffeF7lkRhxQsv1ufS", true},
      {{"opencode", "run", "x"}, std::nullopt, false},
      {{"true"}, std::nullopt, false},
  };
  for (const Row& row : rows) {
    const Detected agent = detect(row.argv);
    EXPECT_EQ(session_on_command_line(agent, row.argv), row.session) << row.argv[0] << " " << row.argv.back();
    EXPECT_EQ(may_resume(agent, row.argv), row.resumes) << row.argv[0] << " " << row.argv.back();
  }
}

TEST(Transcripts, PlacesFollowTheEnvironment) {
  const Environment home = {{"HOME", "/h"}};
  EXPECT_EQ(transcript_places(*profile_named("claude"), home).at(0).root, "/h/.claude/projects");
  EXPECT_EQ(transcript_places(*profile_named("claude"), {{"HOME", "/h"}, {"CLAUDE_CONFIG_DIR", "/c"}}).at(0).root, "/c/projects");
  EXPECT_EQ(transcript_places(*profile_named("claude"), {{"HOME", "/h"}, {"CLAUDE_CONFIG_DIR", ""}}).at(0).root, "/h/.claude/projects");
  EXPECT_EQ(transcript_places(*profile_named("codex"), {{"CODEX_HOME", "/x"}}).at(0).root, "/x/sessions");
  EXPECT_EQ(transcript_places(*profile_named("gemini"), home).at(0).root, "/h/.gemini/tmp");
  EXPECT_EQ(transcript_places(*profile_named("qwen"), home).at(0).root, "/h/.qwen/projects");
  const auto opencode = transcript_places(*profile_named("opencode"), {{"HOME", "/h"}, {"XDG_DATA_HOME", "/d"}}).at(0);
  EXPECT_EQ(opencode.root + "/" + opencode.database, "/d/opencode/opencode.db");
  const auto named = transcript_places(*profile_named("opencode"), {{"OPENCODE_DB", "/var/x.db"}}).at(0);
  EXPECT_EQ(named.root + "/" + named.database, "/var/x.db");
  EXPECT_TRUE(transcript_places(*profile_named("claude"), {}).empty());
  EXPECT_TRUE(transcript_places(*profile_named("other"), home).empty());
}

TEST(Transcripts, PathsTellSessions) {
  using L = TranscriptLayout;
  const std::string id = "5440d3fb-757c-417b-8dfa-1932eaf88647";
  EXPECT_EQ(session_of_path(L::claude, "-home-p/" + id + ".jsonl"), id);
  EXPECT_EQ(session_of_path(L::claude, "-home-p/" + id + "/subagents/agent-a1.jsonl"), id);
  EXPECT_EQ(session_of_path(L::claude, "-home-p/agent-a1.jsonl"), std::nullopt);
  EXPECT_EQ(session_of_path(L::codex, "2026/11/21/rollout-2026-11-21T18-47-38-" + id + ".jsonl"), id);
  EXPECT_EQ(session_of_path(L::codex, "2026/11/21/rollout-x.jsonl"), std::nullopt);
  EXPECT_EQ(session_of_path(L::qwen, "-home-p/chats/" + id + ".jsonl"), id);
  EXPECT_EQ(session_of_path(L::gemini, "p/chats/session-2026-11-21T18-47-b901ce29.jsonl"), std::nullopt);
  EXPECT_TRUE(is_transcript(L::claude, "-p/x.jsonl"));
  EXPECT_FALSE(is_transcript(L::claude, "-p/x.json"));
  EXPECT_FALSE(is_transcript(L::claude, "history.jsonl"));
  EXPECT_FALSE(is_transcript(L::codex, "2026/11/21/notes.jsonl"));
  EXPECT_TRUE(is_transcript(L::gemini, "p/chats/session-1.jsonl"));
  EXPECT_FALSE(is_transcript(L::gemini, "p/logs/x.jsonl"));
  EXPECT_FALSE(is_transcript(L::none, "a/b/c.jsonl"));
}

TEST(Resume, QuotesWhatAShellWouldRead) {
  EXPECT_EQ(resume_command(*profile_named("claude"), "ddf5-1"), "claude --resume ddf5-1");
  EXPECT_EQ(resume_command(*profile_named("codex"), "a b'c"), "codex exec resume 'a b'\\''c'");
  EXPECT_EQ(resume_command(*profile_named("other"), "x"), std::nullopt);
  EXPECT_EQ(resume_command(*profile_named("claude"), ""), std::nullopt);
}

TEST(Environment, LastValueWins) {
  const char* words[] = {"A=1", "B", "=x", "A=2=3", nullptr};
  EXPECT_EQ(environment_from(words), (Environment{{"A", "2=3"}}));
  EXPECT_TRUE(environment_from(nullptr).empty());
}

}  // namespace
}  // namespace ts::agents
