#include "accounting/budget/exchange.hpp"

#include <gtest/gtest.h>

#include "accounting/base/units.hpp"

namespace ts {
namespace {

Spend spend(Tokens input, Tokens read, std::int64_t micro_usd, std::int64_t requests) {
  Spend spent;
  spent.counts.input = input;
  spent.counts.cache_read = read;
  spent.cost_pico = micro_usd * 1'000'000;
  spent.requests = requests;
  return spent;
}

TEST(Exchange, GoesByWhatWasSpent) {
  const Exchange rate{spend(10'000, 90'000, 2'000'000, 25)};
  EXPECT_EQ(rate.at_most(20'000, Measure::fresh, Measure::usd), 4'000'000);
  EXPECT_EQ(rate.at_most(20'000, Measure::fresh, Measure::total), 200'000);
  EXPECT_EQ(rate.at_most(4'000'000, Measure::usd, Measure::requests), 50);
  EXPECT_EQ(rate.at_least(3'000'000, Measure::usd, Measure::fresh), 15'000);
  EXPECT_EQ(rate.at_most(0, Measure::usd, Measure::fresh), 0);
}

TEST(Exchange, ThereAndBackStaysWithin) {
  const Exchange rate{spend(7, 0, 3, 0)};
  for (std::int64_t room = 1; room < 100; ++room) {
    const std::int64_t cap = rate.at_least(room, Measure::usd, Measure::fresh).value();
    EXPECT_LE(rate.at_most(cap, Measure::fresh, Measure::usd).value(), room);
  }
  EXPECT_EQ(rate.at_most(1, Measure::fresh, Measure::usd), 1) << "rounded up";
  EXPECT_EQ(rate.at_least(1, Measure::usd, Measure::fresh), 2) << "rounded down";
}

TEST(Exchange, IsNoneWhereNothingWasSpent) {
  const Exchange rate{spend(7, 0, 0, 0)};
  EXPECT_FALSE(rate.at_most(1, Measure::fresh, Measure::usd));
  EXPECT_FALSE(rate.at_most(1, Measure::usd, Measure::fresh));
  EXPECT_FALSE(rate.at_least(-1, Measure::fresh, Measure::fresh)) << "a budget that is overdrawn has room for nothing";
}

TEST(Exchange, StopsAtTheLargestCount) {
  const Exchange rate{spend(1, 0, 9'000'000'000'000, 0)};
  EXPECT_EQ(rate.at_most(kMaxTokens, Measure::fresh, Measure::usd), kMaxTokens);
}

}  // namespace
}  // namespace ts
