#include "taskfile/plan.hpp"

#include <gtest/gtest.h>

namespace ts::taskfile {
namespace {

TEST(Diff, IsWhatPatchExpects) {
  EXPECT_EQ(unified_diff("a\nb\nc\n", "a\nB\nc\n", "t.md"), "--- a/t.md\n+++ b/t.md\n@@ -1,3 +1,3 @@\n a\n-b\n+B\n c\n");
  EXPECT_EQ(unified_diff("a", "a\nb\n", "t.md"), "--- a/t.md\n+++ b/t.md\n@@ -1 +1,2 @@\n-a\n\\ No newline at end of file\n+a\n+b\n");
  EXPECT_EQ(unified_diff("", "a\n", "t.md"), "--- a/t.md\n+++ b/t.md\n@@ -0,0 +1 @@\n+a\n");
  EXPECT_EQ(unified_diff("a\n", "a\n", "t.md"), "");
}

}  // namespace
}  // namespace ts::taskfile
