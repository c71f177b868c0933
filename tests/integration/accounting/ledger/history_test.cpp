#include "accounting/ledger/spent_runs.hpp"
#include "fixture.hpp"

namespace ts::ledger {
namespace {

using namespace std::chrono_literals;

/// Six runs: two of a reviewer, one that is still running, one that no meter saw.
class History : public LedgerTest {
 protected:
  History() {
    const auto ledger = open();
    for (int i = 0; i < 6; ++i) {
      RunStart start = sample_start("000000000" + std::to_string(i));
      start.started += i * 1min;
      start.category = i == 3 ? "d'oh \"docs\"" : "service";
      if (i % 3 == 2) start.role = "sr-engineer";
      EXPECT_TRUE(ledger->begin(start).has_value());
      if (i == 4) continue;
      RunEnd end = sample_end(i == 0 ? Outcome::completed : Outcome::cap);
      end.totals.counts.input += i;
      if (i == 1) end.ruling.reset();
      if (i == 1) end.cost.reset();
      EXPECT_TRUE(ledger->finish(start.id, end).has_value());
    }
  }
};

TEST_F(History, PastRunsAreNewestFirstWithAllThatWasKept) {
  const auto ledger = open(OpenMode::read);
  const auto all = ledger->past_runs({}).value();
  ASSERT_EQ(all.size(), 6U);
  EXPECT_EQ(all[0].id.text, "0000000005");
  EXPECT_EQ(all[1].ended, std::nullopt);
  EXPECT_EQ(all[1].outcome, Outcome::running);
  EXPECT_FALSE(all[1].metered);
  EXPECT_EQ(all[2].category, "d'oh \"docs\"");
  EXPECT_EQ(all[2].task_title, sample_start().task_title);
  EXPECT_EQ(all[2].estimate.high, 10'000);
  EXPECT_EQ(all[2].cap.limit, 40'000);
  EXPECT_EQ(all[2].cost, 34'293);
  EXPECT_EQ(all[2].totals.counts.input, 19);
  EXPECT_EQ(all[2].totals.requests, 4);
  EXPECT_EQ(all[4].cost, std::nullopt);
  EXPECT_FALSE(all[4].metered);
  HistoryFilter filter;
  filter.role = "engineer";
  filter.ended_only = true;
  filter.newest = 2;
  const auto some = ledger->past_runs(filter).value();
  ASSERT_EQ(some.size(), 2U);
  EXPECT_EQ(some[0].id.text + some[1].id.text, "00000000030000000001");
}

TEST_F(History, SpentRunsSayTheSameInFewerWords) {
  for (const std::string role : {"engineer", "sr-engineer", "nobody's"}) {
    HistoryFilter filter;
    filter.role = role;
    filter.ended_only = true;
    const auto past = open(OpenMode::read)->past_runs(filter).value();
    const auto spent = spent_runs(path(), role).value();
    ASSERT_EQ(spent.size(), past.size()) << role;
    for (std::size_t i = 0; i < past.size(); ++i) {
      EXPECT_EQ(spent[i].id.text, past[i].id.text);
      EXPECT_EQ(spent[i].agent, past[i].agent);
      EXPECT_EQ(spent[i].role, past[i].role);
      EXPECT_EQ(spent[i].category, past[i].category);
      EXPECT_EQ(spent[i].ended, past[i].ended);
      EXPECT_EQ(spent[i].outcome, past[i].outcome);
      EXPECT_EQ(spent[i].metered, past[i].metered);
      EXPECT_EQ(spent[i].totals.counts, past[i].totals.counts);
    }
  }
  EXPECT_EQ(spent_runs(path(), "engineer", 2).value().size(), 2U);
}

TEST_F(LedgerTest, SpentRunsOfNoLedgerMakeNone) {
  EXPECT_EQ(spent_runs(path(), "engineer").error().code, open_ledger(path(), OpenMode::read).error().code);
  EXPECT_FALSE(std::filesystem::exists(path()));
}

}  // namespace
}  // namespace ts::ledger
