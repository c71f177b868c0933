#include "accounting/base/sprint.hpp"

#include <gtest/gtest.h>

namespace ts {
namespace {

TEST(SprintNames, AreOneForEachSprint) {
  for (const char* words : {"7", "SPRINT-7", "sprint-7", "Sprint 7", "sprint_7", "Sprint #7", "SPRINT7"}) EXPECT_EQ(sprint_named(words), "SPRINT-7") << words;
  EXPECT_EQ(sprint_named("028"), "SPRINT-028");
}

TEST(SprintNames, StayWhereTheyAreNoNumber) {
  for (const char* words : {"", "S12", "sprint", "sprint-", "Payments Q3", "SPRINT-12B", "sprint/082-ui", "7 and 8"}) EXPECT_EQ(sprint_named(words), words);
}

}  // namespace
}  // namespace ts
