#include <gtest/gtest.h>

#include "tests/unit/taskfile/read_text.hpp"

namespace ts::taskfile {
namespace {

using namespace reader_test;

TEST(Entries, FormsOfAPair) {
  for (const char* line : {"**Estimated Tokens: ~8K**", "**Estimated Tokens: ~8K** (two files)", "**Sprint:** S-1 \u00b7 **Estimated Tokens:** ~8K \u00b7 **Category:** ui",
                           "Turns: 4-6, Tokens: ~8K, Time: 1h", "**\U0001F4CA Estimated Tokens:** ~8K", "**\u26a0\ufe0f Estimated Tokens:** ~8K", "## Estimated Tokens: ~8K",
                           "**Estimated Tokens:**\n~8K", "**Estimated Tokens:**\n\n- ~8K"})
    EXPECT_EQ(high_of("# T\n\n" + std::string(line) + "\n"), 8'000) << line;
}

TEST(Entries, WhatIsNoPair) {
  EXPECT_EQ(high_of("# T: Estimated Tokens: 8K\n"), -1);
  EXPECT_EQ(high_of("# T\n\n```\n## Estimated Tokens: 8K\n```\n"), -1);
  EXPECT_EQ(high_of("# T\n\nGiven a user, Tokens: 8K, and a list\n"), -1);
}

TEST(Entries, AValueInsideItsMarksIsWrittenThere) {
  const Reading reading = read_text("# T\n\n**Actual Tokens: ~XK**\n");
  ASSERT_EQ(reading.fields.size(), 1U);
  EXPECT_EQ(reading.fields[0].text, "~XK");
}

}  // namespace
}  // namespace ts::taskfile
