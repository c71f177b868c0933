#include "taskfile/write/pad.hpp"

#include <gtest/gtest.h>

#include "tests/unit/taskfile/planned.hpp"

namespace ts::taskfile {
namespace {

using namespace planned;

TEST(Plan, PaddingOfTablesIsKept) {
  EXPECT_EQ(fields_of(written("| Field             | Value     |\n|-------------------|-----------|\n| **Actual Tokens** | -         |\n", actual_of("a", 245'134))),
            "| Field             | Value     |\n|-------------------|-----------|\n| **Actual Tokens** | 245,134   |\n\n");
  EXPECT_EQ(fields_of(written("| Field             | Value               |\n|-------------------|---------------------|\n| **Actual Tokens** | TBD (auto-captured) |\n", actual_of("a", 7))),
            "| Field             | Value               |\n|-------------------|---------------------|\n| **Actual Tokens** | 7                   |\n\n");
  EXPECT_EQ(fields_of(written("| a | b |\n|---|---|\n| **Actual Tokens** | |\n", actual_of("a", 7))), "| a | b |\n|---|---|\n| **Actual Tokens** | 7 |\n\n");
  EXPECT_EQ(fields_of(written("|a|b|\n|-|-|\n|Actual Tokens|X|\n", actual_of("a", 77))), "|a|b|\n|-|-|\n|Actual Tokens|77|\n\n");
}

TEST(Plan, AnEmptyCellMayHoldAWideBlank) {
  const std::string once = written("| a | b |\n|---|---|\n| Actual Tokens |\u2009|\n", actual_of("a", 7));
  EXPECT_EQ(fields_of(once), "| a | b |\n|---|---|\n| Actual Tokens |\u20097 |\n\n");
  EXPECT_TRUE(plan_of(once, actual_of("a", 7)).edits.empty());
}

}  // namespace
}  // namespace ts::taskfile
