#include "spawner/tail/belonging.hpp"

#include <gtest/gtest.h>

#include "spawner/tail/head.hpp"

namespace ts::tail {
namespace {

using B = Belonging;

Evidence in_run_folder() {
  Evidence e;
  e.cwd_known = true;
  e.cwd_ours = true;
  return e;
}

TEST(Belonging, FolderAloneIsEnoughWhereNothingSpeaksAgainstIt) {
  EXPECT_EQ(decide_belonging(in_run_folder()), B::by_folder);
  EXPECT_EQ(decide_belonging({}), B::undecided);
  Evidence elsewhere;
  elsewhere.cwd_known = true;
  EXPECT_EQ(decide_belonging(elsewhere), B::foreign);
}

TEST(Belonging, StrongEvidenceBeatsAll) {
  Evidence e;
  e.claimed_strongly = true;
  e.existed = true;
  e.cwd_known = true;
  e.open_in_tree = true;
  EXPECT_EQ(decide_belonging(e), B::by_open);
  e.parent_ours = true;
  EXPECT_EQ(decide_belonging(e), B::by_parent);
  e.named = true;
  EXPECT_EQ(decide_belonging(e), B::by_name);
}

TEST(Belonging, AnotherRunsClaimBeatsTheFolder) {
  Evidence e = in_run_folder();
  e.claimed_weakly = true;
  EXPECT_EQ(decide_belonging(e), B::foreign);
  e = in_run_folder();
  e.claimed_strongly = true;
  EXPECT_EQ(decide_belonging(e), B::foreign);
}

TEST(Belonging, OlderSessionsNeedAResume) {
  Evidence e = in_run_folder();
  e.existed = true;
  EXPECT_EQ(decide_belonging(e), B::foreign);
  e.resumable = true;
  EXPECT_EQ(decide_belonging(e), B::by_folder);
}

TEST(Belonging, ASecondSessionNeedsASecondAgent) {
  Evidence e = in_run_folder();
  e.session_known = true;
  EXPECT_EQ(decide_belonging(e), B::foreign);
  e.nested = true;
  EXPECT_EQ(decide_belonging(e), B::by_folder);
  e = in_run_folder();
  e.has_other_weak = true;
  EXPECT_EQ(decide_belonging(e), B::foreign);
  e.interactive = true;
  EXPECT_EQ(decide_belonging(e), B::by_folder);
}

TEST(Belonging, WaitsForTheNameThatStdoutWillGive) {
  Evidence e = in_run_folder();
  e.name_expected = true;
  EXPECT_EQ(decide_belonging(e), B::undecided);
}

TEST(Head, FindsWhatTheFirstLinesSay) {
  const TranscriptHead head = read_head(
      "{\"type\":\"queue\",\"sessionId\":\"s1\",\"content\":\"a \\\"cwd\\\":\\\"/evil\\\" text\"}\n"
      "{\"cwd\": \"/home/a\\\"b\\\\c\",\"sessionId\":\"s2\",\"parent_thread_id\":\"not in the first line\"}\n");
  EXPECT_EQ(head.session, "s1");
  EXPECT_EQ(head.cwd, "/home/a\"b\\c");
  EXPECT_EQ(head.parent, "");
  EXPECT_EQ(read_head("{\"parent_thread_id\":null,\"forked_from_id\":\"p\"").parent, "p");
}

TEST(Head, CutAnywhereSaysNothingWrong) {
  const std::string whole = R"({"sessionId":"abc","cwd":"/home/x"})";
  for (std::size_t n = 0; n <= whole.size(); ++n) {
    const TranscriptHead head = read_head(std::string_view(whole).substr(0, n));
    EXPECT_TRUE(head.session.empty() || head.session == "abc");
    EXPECT_TRUE(head.cwd.empty() || head.cwd == "/home/x");
  }
}

TEST(Head, ProjectFoldersStandForPaths) {
  using L = agents::TranscriptLayout;
  EXPECT_TRUE(project_folder_is(L::claude, "-home-dev-my-project/x.jsonl", "/home/dev/my.project"));
  EXPECT_FALSE(project_folder_is(L::claude, "-home-dev-project/x.jsonl", "/home/dev/projec"));
  EXPECT_TRUE(project_folder_is(L::gemini, sha256_hex("/home/dev/project") + "/chats/x.jsonl", "/home/dev/project"));
  EXPECT_EQ(sha256_hex("/home/dev/project"), "1afbf223bb0b58ba08766ec87173ebd68e0507d66983531a95b52ff9b529c7db");
  EXPECT_FALSE(project_folder_is(L::codex, "2026/x.jsonl", "2026"));
}

}  // namespace
}  // namespace ts::tail
