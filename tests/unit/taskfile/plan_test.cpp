#include "taskfile/plan.hpp"

#include <gtest/gtest.h>

#include "tests/unit/taskfile/planned.hpp"

namespace ts::taskfile {
namespace {

using namespace planned;

TEST(Plan, FillsTheEngineersFieldsAndNothingElse) {
  const std::string after = fields_of(written(kTask, actual_of("7f3k2mabcd", 12'938)));
  EXPECT_EQ(after,
            "# TASK-914: Early reporting\n\n**Estimated Tokens:** ~8K-10K\n**Token Cap:** 40K\n\n## Implementation Summary (Engineer-Owned)\n\n"
            "```\nEngineer Agent ID: ddf52d8f\n```\n\n| Metric | Value |\n|--------|-------|\n| **Total Tokens** | 12,938 |\n| Duration | 192 seconds |\n"
            "| API Calls | 4 |\n| Cache Read | 46,800 |\n\n**Variance:** PM Est ~9K vs Actual 12,938 (29% over)\n\n"
            "| Metric | PM Estimate | Actual | Variance |\n|---|---|---|---|\n| **Tokens** | ~9K | 12,938 | +29% |\n| Duration | - | 3 min | - |\n\n"
            "## SR Engineer Review (SR-Owned)\n\n| Metric | Value |\n|--------|-------|\n| **Total Tokens** | X |\n| Duration | X seconds |\n\n");
}

TEST(Plan, ReviewersRunFillsTheReviewersRows) {
  const std::string after = fields_of(written(kTask, actual_of("7f3k2mabcd", 12'938), Role::reviewer));
  const std::size_t review = after.find("## SR Engineer Review");
  EXPECT_EQ(after.substr(0, review), kTask.substr(0, kTask.find("## SR Engineer Review")));
  EXPECT_NE(after.find("| **Total Tokens** | 12,938 |", review), std::string::npos);
}

TEST(Plan, TheSameRunTwiceIsAsOnce) {
  const std::string once = written(kTask, actual_of("7f3k2mabcd", 12'938));
  EXPECT_TRUE(plan_of(once, actual_of("7f3k2mabcd", 12'938)).edits.empty());
}

TEST(Plan, AnUnclosedFenceChangesNothingAboutThat) {
  const std::string text = "# T\n\n## Engineer Metrics\n\n```\n| a | b |\n**Actual Tokens:** TBD";
  const std::string once = written(text, actual_of("7f3k2mabcd", 12'938));
  EXPECT_TRUE(plan_of(once, actual_of("7f3k2mabcd", 12'938)).edits.empty());
}

TEST(Plan, SomebodyElsesValueStays) {
  const std::string text = "# T\n\n- **Actual Tokens**: ~15K (Est: 10K)\n";
  const EditPlan plan = plan_of(text, actual_of("aaaaaaaaaa", 12'938));
  ASSERT_EQ(plan.edits.size(), 1U);
  EXPECT_EQ(plan.edits[0].what, "runs");
  ASSERT_EQ(plan.notes.size(), 1U);
}

TEST(Plan, LineEndsAndMarkStay) {
  const std::string after = written("\xEF\xBB\xBF# T\r\n\r\n**Actual Tokens:** X\r\nlast line", actual_of("a", 7));
  EXPECT_TRUE(after.starts_with("\xEF\xBB\xBF# T\r\n\r\n**Actual Tokens:** 7\r\nlast line\r\n\r\n<!-- tracked-spawn:runs -->\r\n"));
  for (std::size_t at = after.find('\n'); at != std::string::npos; at = after.find('\n', at + 1)) EXPECT_EQ(after[at - 1], '\r');
}

}  // namespace
}  // namespace ts::taskfile
