#include "taskfile/text/quantity.hpp"

#include <gtest/gtest.h>

namespace ts::taskfile {
namespace {

using Unit = Quantity::Unit;

struct Case {
  const char* text;
  Tokens low;
  Tokens high;
};

TEST(Quantities, ReadsTheFirstAsPeopleWriteIt) {
  const Case cases[] = {
      {"~40K", 40'000, 40'000},
      {"~40K (raw), ~20K with 0.50x", 40'000, 40'000},
      {"8K-12K", 8'000, 12'000},
      {"20-30K", 20'000, 30'000},
      {"~15-~20K", 15'000, 20'000},
      {"10k\u201315k", 10'000, 15'000},
      {"10K \u2014 15K", 10'000, 15'000},
      {"10K to 15K", 10'000, 15'000},
      {"10K..15K", 10'000, 15'000},
      {"30K-20K", 20'000, 30'000},
      {"1,500", 1'500, 1'500},
      {"1,500-2,500 tokens", 1'500, 2'500},
      {"15000", 15'000, 15'000},
      {"1.5M", 1'500'000, 1'500'000},
      {"1.5 million tokens", 1'500'000, 1'500'000},
      {"2.5K", 2'500, 2'500},
      {"10 000", 10'000, 10'000},
      {"10\u00a0000 tokens", 10'000, 10'000},
      {"10\u202f000\u201315\u202f000", 10'000, 15'000},
      {"1'250'000", 1'250'000, 1'250'000},
      {"1.250.000", 1'250'000, 1'250'000},
      {"0 (no code change)", 0, 0},
      {"~50K \u00d7 0.5 = ~25K", 50'000, 50'000},
      {"99999999999999999999", kMaxTokens, kMaxTokens},
      {"2.500000000000000000000001K", 2'500, 2'500},
      {"\u200f20K\u200f", 20'000, 20'000},
      {"between 20K and 30K", 20'000, 30'000},
      {"between ~20K and ~30K tokens", 20'000, 30'000},
      {"~1.5m tokens", 1'500'000, 1'500'000},
      {"25kt", 25'000, 25'000},
  };
  for (const Case& c : cases) {
    const auto found = quantities(c.text);
    ASSERT_FALSE(found.empty()) << c.text;
    EXPECT_EQ(found[0].low, c.low) << c.text;
    EXPECT_EQ(found[0].high, c.high) << c.text;
    EXPECT_NE(found[0].unit, Unit::other) << c.text;
    EXPECT_EQ(found[0].doubt, "") << c.text;
  }
}

TEST(Quantities, LeavesOutWhatWasStruckOrReplaced) {
  for (const char* text : {"~~8K~~ 12K", "~~~8K~~ ~12K (more tests)", "8K \u2192 12K", "~8K -> ~12K", "**8K** => **12K**", "8K tokens \u2192 12K tokens"}) {
    const auto found = quantities(text);
    ASSERT_EQ(found.size(), 1U) << text;
    EXPECT_EQ(found[0].high, 12'000) << text;
  }
  EXPECT_TRUE(quantities("~~8K~~").empty());
  EXPECT_EQ(quantities("~8K (0.5x -> ~4K)")[0].high, 8'000);
  EXPECT_EQ(quantities("4-6 turns -> 20K").size(), 2U);
  EXPECT_EQ(quantities("~~~\nno mark ~~ 8K").size(), 1U);
}

TEST(Quantities, DoubtsWhatHasTwoReadings) {
  for (const char* text : {"10.000", "10.000 tokens", "10.000-12.000", "10,5", "1,50"}) {
    const auto found = quantities(text);
    ASSERT_EQ(found.size(), 1U) << text;
    EXPECT_NE(found[0].doubt, "") << text;
  }
}

TEST(Quantities, KnowsOtherUnits) {
  for (const char* text : {"4-6 turns", "15 min", "~15m", "2h", "30%", "5 files", "4x", "4 x", "3 phases", "x 0.5", "\u00d7 1.5", "100 lines", "7 days", "40Kb", "600K rows", "500K messages", "x ~5K"}) {
    const auto found = quantities(text);
    ASSERT_FALSE(found.empty()) << text;
    EXPECT_EQ(found[0].unit, Unit::other) << text;
  }
  EXPECT_EQ(quantities("~20K tokens")[0].unit, Unit::tokens);
}

TEST(Quantities, LeavesIdsDatesAndWordsAlone) {
  for (const char* text : {"", "none", "TASK-914", "2026-01-05", "v2.1", "SPRINT-028", "#322", "abc123", "$5", "path/12", "T12K", "XK", "~XK"})
    EXPECT_TRUE(quantities(text).empty()) << text;
}

TEST(Quantities, GivesTheBytesItRead) {
  const auto found = quantities("PM Est ~20K vs Actual ~15K");
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[0].begin, 7U);
  EXPECT_EQ(found[0].end, 11U);
  EXPECT_EQ(found[1].low, 15'000);
}

}  // namespace
}  // namespace ts::taskfile
