#include "accounting/budget/percentile.hpp"

#include <gtest/gtest.h>

namespace ts {
namespace {

TEST(Percentile, IsTheNearestRank) {
  EXPECT_FALSE(percentile({}, 50));
  EXPECT_EQ(percentile({7}, 1), 7);
  EXPECT_EQ(percentile({7}, 100), 7);
  EXPECT_EQ(percentile({3, 1, 2, 4}, 50), 2);
  EXPECT_EQ(percentile({3, 1, 2, 4}, 51), 3);
  EXPECT_EQ(percentile({3, 1, 2, 4}, 75), 3);
  EXPECT_EQ(percentile({3, 1, 2, 4}, 90), 4);
}

TEST(Percentile, Spread) {
  EXPECT_FALSE(spread_of({}));
  EXPECT_EQ(spread_of({10, 9, 8, 7, 6, 5, 4, 3, 2, 1}), (Spread{10, 5, 8, 9, 10}));
}

TEST(Percentile, RoundedUpToTwoDigits) {
  EXPECT_EQ(rounded_up(0), 0);
  EXPECT_EQ(rounded_up(99), 99);
  EXPECT_EQ(rounded_up(101), 110);
  EXPECT_EQ(rounded_up(180'000), 180'000);
  EXPECT_EQ(rounded_up(180'001), 190'000);
}

}  // namespace
}  // namespace ts
