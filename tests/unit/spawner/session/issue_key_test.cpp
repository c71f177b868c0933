#include "spawner/session/issue_key.hpp"

#include <gtest/gtest.h>

namespace ts::session {
namespace {

TEST(IssueKey, IsOneForEveryWayToWriteAnIssue) {
  for (const char* word : {"https://github.com/o/r/issues/5", "https://github.com/o/r/issues/5/", "HTTPS://GitHub.com/O/R/issues/5", "http://www.github.com/o/r/issues/5?x=1",
                           "https://github.com/o/r/issues/5#issuecomment-9", "https://github.com/o/r/pull/5/files", "o/r#5", "O/R#005"})
    EXPECT_EQ(issue_key(word), "o/r#5") << word;
}

TEST(IssueKey, KeepsOthersApart) {
  EXPECT_EQ(issue_key("o/r#6"), "o/r#6");
  EXPECT_EQ(issue_key("other/r#5"), "other/r#5");
  EXPECT_EQ(issue_key("#5"), "#5");
  EXPECT_EQ(issue_key("PROJ#5"), "PROJ#5") << "no repository: the name may be told apart by its case";
  EXPECT_EQ(issue_key("o/r#abc"), "o/r#abc");
  EXPECT_EQ(issue_key("o/r#0"), "o/r#0");
  EXPECT_EQ(issue_key("https://gitlab.com/G/P/-/issues/5"), "https://gitlab.com/G/P/-/issues/5") << "elsewhere the path may be told apart by its case";
  EXPECT_EQ(issue_key("https://Tracker.example/PROJ-7/"), "https://tracker.example/PROJ-7");
  EXPECT_EQ(issue_key("https://github.com/o/r"), "https://github.com/o/r");
  EXPECT_EQ(issue_key("https://"), "https://");
  EXPECT_EQ(issue_key("https://github.com/o/r/issues/99999999999999999999"), "https://github.com/o/r/issues/99999999999999999999");
}

}  // namespace
}  // namespace ts::session
