#include "accounting/budget/decide.hpp"

#include <gtest/gtest.h>

#include <limits>

namespace ts {
namespace {

using std::chrono::seconds;

RunLimits capped(std::int64_t cap, OnCap action = OnCap::stop) {
  RunLimits limits;
  limits.cap = cap;
  limits.on_cap = action;
  return limits;
}

Observed spent(std::int64_t amount, int already_warned = 0) {
  Observed observed;
  observed.spent = amount;
  observed.already_warned = already_warned;
  return observed;
}

TEST(Decide, GoesOnBelowEveryThreshold) {
  EXPECT_EQ(decide(capped(1000), spent(499)), Decision(Continue{}));
  EXPECT_EQ(decide(RunLimits{}, spent(1'000'000)), Decision(Continue{}));
}

TEST(Decide, WarnsAtTheThresholdItself) {
  EXPECT_EQ(decide(capped(1000), spent(500)), Decision(Warn{50, {}, 1000, 500}));
  EXPECT_EQ(decide(capped(1000), spent(749, 50)), Decision(Continue{}));
  EXPECT_EQ(decide(capped(1000), spent(750, 50)), Decision(Warn{75, {}, 1000, 750}));
}

TEST(Decide, AJumpGivesOneWarningThatNamesWhatItSkipped) {
  EXPECT_EQ(decide(capped(1000), spent(970)), Decision(Warn{95, {50, 75, 90}, 1000, 970}));
  EXPECT_EQ(decide(capped(1000), spent(970, 50)), Decision(Warn{95, {75, 90}, 1000, 970}));
  EXPECT_EQ(decide(capped(1000), spent(970, 95)), Decision(Continue{}));
}

TEST(Decide, StopsAtTheCapWithoutAWarning) {
  EXPECT_EQ(decide(capped(1000), spent(999, 95)), Decision(Continue{}));
  EXPECT_EQ(decide(capped(1000), spent(1000, 95)), Decision(Stop{StopCause::cap, 1000, 1000}));
  EXPECT_EQ(decide(capped(1000), spent(5000)), Decision(Stop{StopCause::cap, 1000, 5000}));
}

TEST(Decide, HoldsIfAskedTo) {
  EXPECT_EQ(decide(capped(1000, OnCap::hold), spent(1000, 95)), Decision(Hold{1000, 1000}));
}

TEST(Decide, ReportsTheCapOnce) {
  EXPECT_EQ(decide(capped(1000, OnCap::report), spent(1200, 90)), Decision(Warn{100, {95}, 1000, 1200}));
  EXPECT_EQ(decide(capped(1000, OnCap::report), spent(1300, 100)), Decision(Continue{}));
}

TEST(Decide, WatchesTheClockAndIdleness) {
  RunLimits limits;
  limits.max_time = seconds(60);
  limits.max_idle = seconds(10);
  Observed observed;
  observed.elapsed = seconds(59);
  observed.idle = seconds(9);
  EXPECT_EQ(decide(limits, observed), Decision(Continue{}));
  observed.idle = seconds(10);
  EXPECT_EQ(decide(limits, observed), Decision(Stop{StopCause::idle, 10'000'000, 10'000'000}));
  observed.elapsed = seconds(61);
  EXPECT_EQ(decide(limits, observed), Decision(Stop{StopCause::time, 60'000'000, 61'000'000}));
}

TEST(Decide, TheCapIsTheFirstReason) {
  RunLimits limits = capped(1000);
  limits.max_time = seconds(1);
  Observed observed = spent(1000);
  observed.elapsed = seconds(5);
  EXPECT_EQ(decide(limits, observed), Decision(Stop{StopCause::cap, 1000, 1000}));
}

TEST(Decide, AHoldDoesNotOutliveTheTimeLimit) {
  RunLimits limits = capped(1000, OnCap::hold);
  limits.max_time = seconds(1);
  Observed observed = spent(1000);
  observed.elapsed = seconds(1);
  EXPECT_EQ(decide(limits, observed), Decision(Stop{StopCause::time, 1'000'000, 1'000'000}));
}

TEST(Decide, AnExtendedCapReArmsByTheCallersMemory) {
  EXPECT_EQ(decide(capped(2000), spent(1000, 0)), Decision(Warn{50, {}, 2000, 1000}));
}

TEST(Decide, HugeNumbersDoNotOverflow) {
  constexpr std::int64_t kHuge = std::numeric_limits<std::int64_t>::max();
  EXPECT_EQ(decide(capped(kHuge), spent(kHuge / 2)), Decision(Continue{}));
  EXPECT_EQ(decide(capped(kHuge), spent(kHuge)), Decision(Stop{StopCause::cap, kHuge, kHuge}));
}

TEST(Decide, NamesRoundTrip) {
  for (OnCap action : {OnCap::stop, OnCap::hold, OnCap::report}) EXPECT_EQ(on_cap_named(name_of(action)), action);
  EXPECT_EQ(on_cap_named("explode"), std::nullopt);
  EXPECT_EQ(name_of(StopCause::idle), "idle");
}

}  // namespace
}  // namespace ts
