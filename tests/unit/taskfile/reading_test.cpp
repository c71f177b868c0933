#include "taskfile/reading.hpp"

#include <gtest/gtest.h>

#include "tests/unit/taskfile/read_text.hpp"

namespace ts::taskfile {
namespace {

using namespace reader_test;

TEST(Reading, EmptyFileSaysNothing) {
  const Reading reading = read_text("");
  EXPECT_EQ(reading.task_id, "");
  EXPECT_FALSE(reading.estimate);
  EXPECT_FALSE(reading.cap);
  EXPECT_EQ(reading.actual.state, FieldState::absent);
  EXPECT_TRUE(reading.ambiguities.empty());
}

TEST(Reading, ASprintHasOneNameHoweverItIsWritten) {
  const auto sprint_of = [](const std::string& words) { return read_text("# TASK-77: Move\n\n**Sprint:** " + words + "\n").sprint; };
  for (const char* words : {"7", "SPRINT-7", "Sprint 7", "sprint-7", "SPRINT-7 (spring)"}) EXPECT_EQ(sprint_of(words), "SPRINT-7") << words;
  EXPECT_EQ(sprint_of("Payments Q3"), "Payments Q3");
  EXPECT_EQ(sprint_of("Unassigned"), "");
}

TEST(Reading, HeaderGivesNamesEstimateAndCap) {
  const Reading reading = read_text(
      "# Task TASK-77: Move the parser\n\n**Sprint:** SPRINT-003 (spring)\n**Category:** `service`\n"
      "**Estimated Tokens:** ~8K-12K (service x 1.0)\n**Token Cap:** 48K (4x upper estimate)\n");
  EXPECT_EQ(reading.task_id, "TASK-77");
  EXPECT_EQ(reading.title, "Move the parser");
  EXPECT_EQ(reading.sprint, "SPRINT-003");
  EXPECT_EQ(reading.category, "service");
  ASSERT_TRUE(reading.estimate);
  EXPECT_EQ(reading.estimate->low, 8'000);
  EXPECT_EQ(reading.estimate->high, 12'000);
  EXPECT_EQ(reading.estimate->line, 5);
  ASSERT_TRUE(reading.cap);
  EXPECT_EQ(reading.cap->limit, 48'000);
  EXPECT_EQ(reading.cap->line, 6);
}

TEST(Reading, LineEndsAndMarksDoNotMatter) {
  for (const std::string end : {"\n", "\r\n", "\r"}) {
    const Reading reading = read_text("\xEF\xBB\xBF# TASK-5: x" + end + end + "**Estimated Tokens:** 5K  " + end + "**Actual Tokens:** X");
    EXPECT_EQ(reading.task_id, "TASK-5");
    EXPECT_EQ(reading.estimate->high, 5'000);
    EXPECT_EQ(reading.actual.line, 4);
  }
}

TEST(TaskId, IsFoundInNamesAndTitles) {
  EXPECT_EQ(task_id_in_name("TASK-914-early-reporting.md"), "TASK-914");
  EXPECT_EQ(task_id_in_name("TASK-1503C-type-fix-spec.md"), "TASK-1503C");
  EXPECT_EQ(task_id_in_name("ELAB-REPA-0520.md"), "ELAB-REPA-0520");
  EXPECT_EQ(task_id_in_name("TASK-407-badges~2.md"), "TASK-407");
  EXPECT_EQ(task_id_in_name("README.md"), "");
}

}  // namespace
}  // namespace ts::taskfile
