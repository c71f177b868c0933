#include "accounting/budget/budget.hpp"

#include <gtest/gtest.h>

#include "accounting/budget/alert.hpp"

namespace ts {
namespace {

using namespace std::chrono_literals;

Spend spend_of(TokenCounts counts, std::int64_t requests = 0, std::int64_t pico = 0) {
  return {counts, requests, pico, 0};
}

TEST(Spends, AreMeasuredInEachWay) {
  const Spend spend = spend_of({1, 20, 300, 4000, 50'000, 7}, 9, 1'234'500'000);
  EXPECT_EQ(amount_of(spend, Measure::fresh), 50'321);
  EXPECT_EQ(amount_of(spend, Measure::total), 54'321);
  EXPECT_EQ(amount_of(spend, Measure::output), 50'000);
  EXPECT_EQ(amount_of(spend, Measure::requests), 9);
  EXPECT_EQ(amount_of(spend, Measure::usd), 1234) << "half-even";
  EXPECT_EQ(amount_of(spend_of({}, 0, 1'235'500'000), Measure::usd), 1236);
}

TEST(Spends, AddAndSubtractWithoutOverflow) {
  const Spend a = spend_of({10, 0, 0, 0, 5, 0}, 3, 100), b = spend_of({4, 0, 0, 0, 9, 0}, 1, 300);
  EXPECT_EQ(a - b + b, a);
  EXPECT_EQ((a - b).counts.output, -4);
  const Spend huge = spend_of({}, 0, INT64_MAX - 1);
  EXPECT_EQ((huge + a).cost_pico, INT64_MAX);
}

TEST(Scopes, CoverWhatFitsInEveryPart) {
  const Attribution whose{"/p", "S1", "TASK-1", "/p/t.md", "claude", "opus", "engineer", {{"team", "x"}}};
  const auto scope = [](std::vector<std::string> words) {
    BudgetWords budget;
    budget.name = "b";
    budget.limit = "1k";
    budget.scope = std::move(words);
    return budget_from(budget).value().scope;
  };
  EXPECT_TRUE(scope({}).covers(whose));
  EXPECT_TRUE(scope({"project=/p", "sprint=S1", "task=TASK-1", "agent=claude", "model=opus", "role=engineer",
                     "label.team=x"})
                  .covers(whose));
  EXPECT_TRUE(scope({"task=/p/t.md"}).covers(whose));
  EXPECT_EQ(scope({"sprint=7"}).sprint, "SPRINT-7") << "as task files' sprints are kept";
  for (const char* other : {"project=/q", "sprint=S2", "task=TASK-2", "agent=codex", "model=haiku",
                            "role=reviewer", "label.team=y", "label.no=x"})
    EXPECT_FALSE(scope({"project=/p", "sprint=S1"}).covers(whose) && scope({other}).covers(whose)) << other;
  Attribution unstarted = whose;
  unstarted.model.clear();
  EXPECT_TRUE(scope({"model=opus"}).may_cover(unstarted));
  EXPECT_FALSE(scope({"model=opus"}).covers(unstarted));
  EXPECT_FALSE(scope({"model=haiku"}).may_cover(whose));
}

TEST(BudgetWordsTest, AreUnderstood) {
  const auto read = [](std::string limit, std::string period = "") {
    BudgetWords words;
    words.name = "b";
    words.limit = std::move(limit);
    words.period = std::move(period);
    return budget_from(words).value();
  };
  EXPECT_EQ(read("1.5M").limit, 1'500'000);
  EXPECT_EQ(read("1.5M").measure, Measure::fresh);
  EXPECT_EQ(read("$50").limit, 50'000'000);
  EXPECT_EQ(read("$50").measure, Measure::usd);
  EXPECT_EQ(read("300 requests").limit, 300);
  EXPECT_EQ(read("300 requests").measure, Measure::requests);
  EXPECT_EQ(read("1 request").limit, 1);
  EXPECT_EQ(read("1 request").measure, Measure::requests);
  EXPECT_EQ(read("1k").period.kind, PeriodKind::month);
  EXPECT_EQ(read("1k", "total").period.kind, PeriodKind::total);
  EXPECT_EQ(read("1k", "30d").period, (PeriodRule{PeriodKind::rolling, 1, 24h * 30, "UTC"}));
  EXPECT_EQ(read("1k").thresholds, default_thresholds());
}

TEST(BudgetWordsTest, AreRefusedWithTheReason) {
  const BudgetWords good{"b", "1k", {}, "", {}, "", {}, {}};
  ASSERT_TRUE(budget_from(good).has_value());
  const auto refused = [&](auto change) {
    BudgetWords words = good;
    change(words);
    const auto budget = budget_from(words);
    EXPECT_TRUE(budget.has_error());
    return budget.has_error() ? budget.error().message : "";
  };
  for (const char* limit : {"0", "-5", "", "none", "4x", "12q", "$0", "$-1", "$5 requests", "5 request requests",
                            "9007199254740993", "10.000", "$2000000"})
    EXPECT_TRUE(refused([&](BudgetWords& w) { w.limit = limit; }).starts_with("budget 'b': ")) << limit;
  for (const auto& [limit, why] : {std::pair{"0", "it must be above 0"}, {"-5", "it is negative"}, {"-$5", "it is negative"}, {"", "it is empty"}, {"12q", "not a number"},
                                   {"none", "not a number"}, {"10.000", "decimal point"}, {"9007199254740993", "above 2^53"}, {"1.5 requests", "too many decimals"}})
    EXPECT_NE(refused([&, limit = limit](BudgetWords& w) { w.limit = limit; }).find(why), std::string::npos) << limit;
  EXPECT_NE(refused([](BudgetWords& w) {
              w.limit = "$5";
              w.measure = Measure::fresh;
            }).find("one unit only"),
            std::string::npos);
  refused([](BudgetWords& w) {
    w.limit = "5k";
    w.measure = Measure::usd;
  });
  refused([](BudgetWords& w) {
    w.limit = "5 requests";
    w.measure = Measure::total;
  });
  refused([](BudgetWords& w) { w.name = ""; });
  refused([](BudgetWords& w) { w.name = "a\nb"; });
  refused([](BudgetWords& w) { w.name = std::string(101, 'x'); });
  for (const char* period : {"year", "7", "20m", "rolling", "401d", "-1d"})
    refused([&](BudgetWords& w) { w.period = period; });
  refused([](BudgetWords& w) { w.reset_day = 32; });
  refused([](BudgetWords& w) {
    w.reset_day = 2;
    w.period = "day";
  });
  for (const char* scope : {"x=y", "project", "project=", "=a", "label.=x", "label=x"})
    refused([&](BudgetWords& w) { w.scope = {scope}; });
  refused([](BudgetWords& w) { w.scope = {"agent=a", "agent=b"}; });
  for (const int percent : {0, -1, 1001}) refused([&](BudgetWords& w) { w.thresholds = {percent}; });
  refused([](BudgetWords& w) { w.thresholds = {50, 50}; });
}

Budget limit_of(std::int64_t limit) {
  Budget budget;
  budget.name = "b";
  budget.limit = limit;
  return budget;
}

TEST(Alerts, AJumpRaisesOneThatNamesWhatItSkipped) {
  const AlertChange change = alert_change(limit_of(1000), 970, {});
  ASSERT_TRUE(change.raised.has_value());
  EXPECT_EQ(change.raised->percent, 95);
  EXPECT_EQ(change.skipped, (std::vector<int>{50, 75, 90}));
  const AlertChange again = alert_change(limit_of(1000), 970, {50, 75, 90, 95});
  EXPECT_FALSE(again.raised.has_value());
  EXPECT_TRUE(again.recovered.empty());
}

TEST(Alerts, AreExactAtTheEdge) {
  EXPECT_FALSE(alert_change(limit_of(1001), 500, {}).raised.has_value());
  EXPECT_EQ(alert_change(limit_of(1001), 501, {}).raised->percent, 50);
  EXPECT_EQ(alert_change(limit_of(1), 1, {}).raised->percent, 100);
  EXPECT_TRUE(reaches(kMaxTokens, 100, kMaxTokens));
  EXPECT_FALSE(reaches(kMaxTokens - 1, 100, kMaxTokens));
}

TEST(Alerts, ARaisedLimitRecoversAndArmsAgain) {
  const AlertChange recovery = alert_change(limit_of(2000), 970, {50, 75, 90, 95});
  EXPECT_FALSE(recovery.raised.has_value());
  ASSERT_EQ(recovery.recovered.size(), 4U);
  EXPECT_EQ(alert_change(limit_of(2000), 1500, {}).raised->percent, 75);
}

TEST(Amounts, SayTheirUnit) {
  EXPECT_EQ(describe_amount(1'500'000, Measure::fresh), "1,500,000 fresh tokens");
  EXPECT_EQ(describe_amount(50'000'000, Measure::usd), "$50.00");
  EXPECT_EQ(describe_amount(1, Measure::requests), "1 request");
  EXPECT_EQ(measure_of(Formula::usd), Measure::usd);
}

}  // namespace
}  // namespace ts
