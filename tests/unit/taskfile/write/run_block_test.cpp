#include "taskfile/write/run_block.hpp"

#include <gtest/gtest.h>

#include "tests/unit/taskfile/planned.hpp"

namespace ts::taskfile {
namespace {

using namespace planned;

TEST(Plan, AttemptsAddUpInFieldsAndBlock) {
  const std::string once = written(kTask, actual_of("aaaaaaaaaa", 12'938));
  const EditPlan plan = plan_of(once, actual_of("bbbbbbbbbb", 30'000));
  EXPECT_EQ(plan.task_count, 42'938);
  ASSERT_TRUE(plan.incident);
  EXPECT_EQ(plan.incident->estimate_high, 10'000);
  const std::string twice = apply(document_of(once), plan);
  EXPECT_NE(twice.find("| **Total Tokens** | 42,938 |"), std::string::npos);
  EXPECT_NE(twice.find("| Duration | 384 seconds |"), std::string::npos);
  EXPECT_NE(twice.find("Actual 42,938 (329% over)"), std::string::npos);
  EXPECT_NE(twice.find("INCIDENT: above 4x"), std::string::npos);
  EXPECT_EQ(twice.find("tracked-spawn:runs", twice.find("tracked-spawn:runs") + 1), twice.rfind("tracked-spawn:runs"));
  EXPECT_EQ(plan_of(twice, actual_of("aaaaaaaaaa", 12'938)).edits.size(), 0U);
}

TEST(Plan, ShortDurationsAddUpBeforeTheyAreRounded) {
  std::string text = kTask;
  const std::pair<const char*, int> runs[] = {{"aaaaaaaaaa", 1470}, {"bbbbbbbbbb", 1950}, {"cccccccccc", 210}};
  for (const auto& [run, ms] : runs) {
    Actual actual = actual_of(run, 100);
    actual.duration = std::chrono::milliseconds(ms);
    text = written(text, actual);
  }
  EXPECT_NE(text.find("| Duration | 4 seconds |"), std::string::npos) << text;
  for (const char* cell : {"| 1.47 s |", "| 1.95 s |", "| 0.21 s |"}) EXPECT_NE(text.find(cell), std::string::npos) << text;
  Actual again = actual_of("cccccccccc", 100);
  again.duration = std::chrono::milliseconds(210);
  EXPECT_TRUE(plan_of(text, again).edits.empty());
  again.duration = std::chrono::milliseconds(59'996);
  text = written(text, again);
  EXPECT_NE(text.find("| 1m 00s |"), std::string::npos) << text;
  EXPECT_NE(text.find("| Duration | 63 seconds |"), std::string::npos) << text;
}

TEST(Plan, NewFiguresOfARunReplaceItsRow) {
  const std::string once = written(kTask, actual_of("aaaaaaaaaa", 12'938));
  const std::string twice = written(once, actual_of("aaaaaaaaaa", 13'000));
  EXPECT_NE(twice.find("| **Total Tokens** | 13,000 |"), std::string::npos);
  EXPECT_EQ(twice.find("12,938"), std::string::npos);
}

TEST(Plan, ReviewersRunsDoNotCountForTheEngineer) {
  const std::string once = written(kTask, actual_of("aaaaaaaaaa", 12'938), Role::reviewer);
  EXPECT_EQ(plan_of(once, actual_of("bbbbbbbbbb", 1'000)).task_count, 1'000);
}

TEST(Plan, RefusesConflictsAndDamagedBlocks) {
  const auto error_of = [](const std::string& text) {
    const Document document = document_of(text);
    return plan_actual(document, read(document), actual_of("a", 7), Role::engineer).error().code;
  };
  EXPECT_EQ(error_of("# T\n<<<<<<< HEAD\nx\n=======\ny\n>>>>>>> other\n"), Errc::conflict);
  const std::string good = written(kTask, actual_of("a", 7));
  std::string no_end = good;
  no_end.erase(no_end.find("<!-- /tracked-spawn:runs -->"));
  EXPECT_EQ(error_of(no_end), Errc::corrupt);
  std::string no_number = good;
  no_number.replace(no_number.find("| fresh | 7 |"), 13, "| fresh | seven |");
  EXPECT_EQ(error_of(no_number), Errc::corrupt);
  EXPECT_EQ(error_of(good + good), Errc::corrupt);
}

TEST(Plan, MarkersThatAreQuotedInAFenceAreNoBlock) {
  const std::string quoted = "# T\n\nThe block looks so:\n\n```\n<!-- tracked-spawn:runs -->\n### Measured runs\n<!-- /tracked-spawn:runs -->\n```\n\n**Actual Tokens:** TBD\n";
  const std::string after = written(quoted, actual_of("a", 7));
  EXPECT_TRUE(after.starts_with(quoted.substr(0, quoted.find("TBD"))));
  EXPECT_EQ(after.find("**Actual Tokens:** 7\n"), quoted.find("**Actual Tokens:** TBD\n"));
  EXPECT_TRUE(plan_of(after, actual_of("a", 7)).edits.empty());
  EXPECT_EQ(plan_of(after, actual_of("b", 8)).task_count, 15) << "the block behind it is found again";
}

TEST(Plan, HostileNamesStayInTheirCells) {
  Actual actual = actual_of("a", 7);
  actual.agent = "x | y\n--> <!-- /tracked-spawn:runs -->";
  actual.model = std::string(5000, 'm');
  const std::string after = written("# T\n", actual);
  EXPECT_TRUE(plan_of(after, actual).edits.empty());
}

}  // namespace
}  // namespace ts::taskfile
