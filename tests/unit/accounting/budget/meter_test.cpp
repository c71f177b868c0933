#include "accounting/budget/meter.hpp"

#include <gtest/gtest.h>

#include "tests/support/usage_files.hpp"

namespace ts {
namespace {

UsageEvent event(std::string_view id, Tokens input, Tokens output, std::string_view session = "s", std::string_view model = "x") {
  UsageEvent e{.response_id = id, .model = model, .session = session, .counts = {}, .at = {}};
  e.counts.input = input;
  e.counts.output = output;
  return e;
}

SettlementEvent settlement(Tokens input, Tokens output, std::string_view model = "x", std::string_view id = "") {
  SettlementEvent e{.settlement_id = id, .session = "s", .model = model, .counts = {}};
  e.counts.input = input;
  e.counts.output = output;
  return e;
}

TokenCounts sum_of_models(const Meter& meter, Source source) {
  TokenCounts sum;
  for (const auto& [model, totals] : meter.models(source)) sum = sum + totals.counts;
  return sum;
}

TEST(Meter, NothingReportedIsNotZero) {
  const Meter meter;
  EXPECT_FALSE(meter.ruling());
  EXPECT_FALSE(meter.of(Source::stream));
  EXPECT_EQ(meter.totals(), Totals{});
  EXPECT_TRUE(meter.models(Source::gateway).empty());
}

TEST(Meter, CountsAResponseOnceWithItsHighestParts) {
  Meter meter;
  EXPECT_TRUE(meter.add(Source::stream, event("a", 10, 1)).changed);
  EXPECT_FALSE(meter.add(Source::stream, event("a", 10, 1)).changed);
  EXPECT_FALSE(meter.add(Source::stream, event("a", 5, 0)).changed);
  const MeterChange change = meter.add(Source::stream, event("a", 3, 50));
  EXPECT_TRUE(change.changed);
  EXPECT_EQ(change.response.input, 10);
  EXPECT_EQ(change.response.output, 50);
  EXPECT_EQ(meter.totals().requests, 1);
  EXPECT_EQ(meter.totals().counts.input, 10);
}

TEST(Meter, TheSameIdUnderTwoSessionsIsOneResponse) {
  Meter meter;
  meter.add(Source::transcript, event("a", 10, 5, "old"));
  meter.add(Source::transcript, event("a", 10, 5, "resumed"));
  EXPECT_EQ(meter.totals().counts.input, 10);
  EXPECT_EQ(meter.totals().requests, 1);
}

TEST(Meter, TheHighestSourceRulesAndTiesGoToTheBetter) {
  Meter meter;
  meter.add(Source::stream, event("a", 100, 0));
  meter.add(Source::gateway, event("z", 60, 0));
  EXPECT_EQ(meter.ruling(), Source::stream);
  meter.add(Source::gateway, event("y", 40, 0));
  EXPECT_EQ(meter.ruling(), Source::gateway);
  EXPECT_EQ(meter.totals().requests, 2);
}

TEST(Meter, ASettlementReplacesWhereItIsHigherPartByPart) {
  Meter meter;
  meter.add(Source::stream, event("a", 100, 1));
  meter.add(Source::stream, event("b", 7, 3, "another session"));
  meter.settle(Source::stream, settlement(60, 500));
  EXPECT_EQ(meter.totals().counts.input, 107);
  EXPECT_EQ(meter.totals().counts.output, 503);
  EXPECT_EQ(meter.totals().requests, 2);
  meter.settle(Source::stream, settlement(60, 500));
  meter.settle(Source::stream, settlement(10, 50));
  EXPECT_EQ(meter.totals().counts.output, 503);
  meter.settle(Source::stream, settlement(10, 50, "x", "1"));
  EXPECT_EQ(meter.totals().counts.output, 553);
  EXPECT_EQ(sum_of_models(meter, Source::stream), meter.totals().counts);
  // A response after the settlement counts once it is more than what the settlement knew.
  meter.add(Source::stream, event("c", 1000, 0));
  EXPECT_EQ(meter.totals().counts.input, 1107);
  EXPECT_EQ(sum_of_models(meter, Source::stream), meter.totals().counts);
}

TEST(Meter, ASettlementThatNamesTheModelDifferentlyDoesNotDouble) {
  Meter meter;
  meter.add(Source::stream, event("a", 100, 1, "s", "sonnet"));
  meter.settle(Source::stream, settlement(100, 40, "vendor/sonnet"));
  EXPECT_EQ(meter.totals().counts.input, 100);
  EXPECT_EQ(meter.totals().counts.output, 40);
  EXPECT_EQ(sum_of_models(meter, Source::stream), meter.totals().counts);
}

TEST(Meter, ASettlementWithoutTheKindsOfCacheWritesDoesNotDoubleThem) {
  Meter meter;
  UsageEvent e = event("a", 1, 1);
  e.counts.cache_write_1h = 70;
  e.counts.cache_write_5m = 30;
  meter.add(Source::stream, e);
  SettlementEvent s = settlement(1, 9);
  s.counts.cache_write_5m = 100;
  meter.settle(Source::stream, s);
  EXPECT_EQ(meter.totals().counts.cache_write_1h, 70);
  EXPECT_EQ(meter.totals().counts.cache_write_5m, 30);
}

TEST(Meter, ThePastDoesNotCount) {
  Meter meter;
  meter.note_past(Source::transcript, event("old", 1000, 10));
  EXPECT_FALSE(meter.of(Source::transcript));
  meter.add(Source::transcript, event("old", 1000, 10));
  EXPECT_EQ(meter.totals().counts, TokenCounts{});
  meter.add(Source::transcript, event("old", 1000, 15));
  meter.add(Source::transcript, event("new", 1, 1));
  EXPECT_EQ(meter.totals().counts.output, 6);
  EXPECT_EQ(meter.totals().requests, 1);

  Meter settled;
  settled.note_past(Source::stream, settlement(500, 50));
  settled.settle(Source::stream, settlement(520, 55));
  EXPECT_EQ(settled.totals().counts.input, 20);
  EXPECT_EQ(settled.totals().counts.output, 5);
}

TEST(Meter, HugeCountsSaturate) {
  Meter meter;
  for (int i = 0; i < 3000; ++i) {
    const std::string id = std::to_string(i);
    meter.add(Source::stream, event(id, kMaxTokens, kMaxTokens, id));
  }
  EXPECT_EQ(meter.totals().counts.input, kMaxTokens);
  meter.settle(Source::stream, settlement(kMaxTokens, kMaxTokens));
  EXPECT_EQ(meter.totals().counts.output, kMaxTokens);
}

TEST(Meter, EndlessSessionsAndModelsAreBounded) {
  Meter meter;
  for (int i = 0; i < 6000; ++i) {
    const std::string name = std::to_string(i);
    meter.add(Source::stream, event(name, 1, 1, name, name));
  }
  EXPECT_EQ(meter.totals().counts.input, 6000);
  meter.settle(Source::stream, settlement(1, 1));
  EXPECT_EQ(meter.totals().counts.input, 6000);
}

}  // namespace
}  // namespace ts
