#include "spawner/loop/nested_runs.hpp"

#include <gtest/gtest.h>

namespace ts::loop {
namespace {

using control::DrawRequest;

TEST(NestedRuns, ALeaseIsNobodyElses) {
  NestedRuns runs;
  EXPECT_EQ(runs.draw({"a", 0, 100'000, false}, 400'000, {}), 100'000);
  EXPECT_EQ(runs.reserved(), 100'000);
  EXPECT_EQ(runs.draw({"b", 0, std::nullopt, false}, 300'000, {}), 150'000);  // half of what is free
  EXPECT_EQ(runs.draw({"c", 0, std::nullopt, false}, 15'000, {}), 15'000);    // unless that is little
  EXPECT_EQ(runs.draw({"d", 0, 5'000, false}, 0, {}), 0);
  EXPECT_EQ(runs.reserved(), 265'000);
}

TEST(NestedRuns, WhatIsSpentLeavesTheLeaseAndTheRestGoesBackAtTheEnd) {
  NestedRuns runs;
  EXPECT_EQ(runs.draw({"a", 0, 10'000, false}, 50'000, {}), 10'000);
  EXPECT_EQ(runs.draw({"a", 4'000, 10'000, false}, 40'000, {}), 10'000);
  EXPECT_EQ(runs.reserved(), 6'000);
  EXPECT_EQ(runs.draw({"a", 3'000, 30'000, false}, 40'000, {}), 30'000);  // an older number, and more is wanted
  EXPECT_EQ(runs.reserved(), 26'000);
  EXPECT_EQ(runs.draw({"a", 9'000, std::nullopt, true}, 0, {}), 30'000);
  EXPECT_EQ(runs.reserved(), 0);
}

TEST(NestedRuns, AKilledRunsLeaseGoesBack) {
  using std::chrono::seconds;
  NestedRuns runs;
  const MonoTime start{};
  EXPECT_EQ(runs.draw({"a", 0, 10'000, false}, 50'000, start), 10'000);
  EXPECT_EQ(runs.draw({"b", 0, 10'000, false}, 40'000, start), 10'000);
  EXPECT_EQ(runs.draw({"b", 500, 10'000, false}, 40'000, start + seconds(20)), 10'000);
  runs.expire(start + seconds(31));
  EXPECT_EQ(runs.reserved(), 9'500);
}

TEST(NestedRuns, WhatIsSpentBeyondALeaseWasNotGranted) {
  NestedRuns runs;
  EXPECT_EQ(runs.draw({"a", 0, 10'000, false}, 50'000, {}), 10'000);
  EXPECT_EQ(runs.draw({"a", 16'000, 40'000, false}, 0, {}), 10'000);
  EXPECT_EQ(runs.draw({"a", 16'000, 16'000, false}, 5'000, {}), 10'000);      // no more is wanted than was spent
  EXPECT_EQ(runs.reserved(), 0);
  EXPECT_EQ(runs.draw({"a", 16'000, 40'000, false}, 5'000, {}), 21'000);      // there is more by now: what was spent came out of the same cap
  EXPECT_EQ(runs.reserved(), 5'000);
  EXPECT_EQ(runs.draw({"a", 30'000, std::nullopt, true}, 0, {}), 21'000);
}

TEST(NestedRuns, OddNumbersDoNoHarm) {
  NestedRuns runs;
  EXPECT_EQ(runs.draw({"a", 0, -5, false}, 1'000, {}), 0);
  EXPECT_EQ(runs.draw({"a", 70'000, 10, false}, -3'000, {}), 0);  // more than it had: it is spent all the same
  EXPECT_EQ(runs.reserved(), 0);
}

}  // namespace
}  // namespace ts::loop
