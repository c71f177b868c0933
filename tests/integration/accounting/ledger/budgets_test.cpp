#include "accounting/base/text.hpp"
#include "accounting/ledger/books.hpp"
#include "accounting/ledger/budget_query.hpp"
#include "accounting/ledger/zones.hpp"
#include "fixture.hpp"
#include "race.hpp"
#include "raw_sqlite.hpp"

namespace ts::ledger {
namespace {

using namespace std::chrono_literals;

Budget budget_of(std::string name, std::int64_t limit, std::vector<std::string> scope = {},
                 std::string period = "month") {
  BudgetWords words;
  words.name = std::move(name);
  words.limit = std::to_string(limit);
  words.scope = std::move(scope);
  words.period = std::move(period);
  return budget_from(words).value();
}

/// A response of so many fresh tokens, and nothing else.
ResponseRow fresh(std::string id, Tokens tokens, UtcTime at = kNoon, Source source = Source::stream) {
  ResponseRow row;
  row.source = source;
  row.response_id = std::move(id);
  row.model = "claude-opus-4-1";
  row.counts.input = tokens;
  row.at = at;
  return row;
}

RunEnd end_of(Tokens tokens, Source ruling = Source::stream) {
  RunEnd end;
  end.ended = kNoon + 5min;
  end.ruling = ruling;
  end.totals.counts.input = tokens;
  end.by_model["claude-opus-4-1"] = end.totals;
  return end;
}

class LedgerBudgets : public LedgerTest {
 protected:
  LedgerBudgets() : all(Books::open(path(), OpenMode::write).value()) {}

  void record(const std::string& run, const std::vector<ResponseRow>& rows, UtcTime now = kNoon) {
    const auto done = all->runs().record({run}, rows, {}, now, kLongWait);
    ASSERT_TRUE(done.has_value()) << done.error().message;
  }
  [[nodiscard]] BudgetState state(const std::string& name, UtcTime now = kNoon) const {
    for (BudgetState& each : all->budgets().states(now).value())
      if (each.budget.name == name) return each;
    ADD_FAILURE() << name;
    return {};
  }
  void expect_sums_fit() const {
    for (const std::string& difference : all->budgets().verify().value()) ADD_FAILURE() << difference;
  }

  std::unique_ptr<Books> all;
};

GateRequest request_of(std::string run, std::optional<std::int64_t> cap) {
  GateRequest request;
  request.run = sample_start(std::move(run));
  request.run.cap = {cap, Formula::fresh, "command line"};
  request.reserve = reserve_of(request.run.cap);
  return request;
}

TEST_F(LedgerBudgets, CountResponsesAsTheyGrowAndOnlyTheRulingSource) {
  ASSERT_TRUE(all->budgets().put(budget_of("all", 1000), kNoon).has_value());
  ASSERT_TRUE(all->runs().begin(sample_start("run")).has_value());
  record("run", {fresh("a", 100), fresh("b", 50)});
  EXPECT_EQ(state("all").used, 150);
  record("run", {fresh("a", 90), fresh("b", 70)});
  EXPECT_EQ(state("all").used, 170) << "highest of each";
  record("run", {fresh("a", 100, kNoon, Source::gateway)});
  EXPECT_EQ(state("all").used, 170) << "the lower source doesn't count";
  record("run", {fresh("b", 200, kNoon, Source::gateway)});
  EXPECT_EQ(state("all").used, 300) << "the gateway rules now";
  ASSERT_TRUE(all->runs().finish({"run"}, end_of(320, Source::gateway)).has_value());
  EXPECT_EQ(state("all").used, 320) << "the end says what counts";
  record("run", {fresh("late", 5000)});
  EXPECT_EQ(state("all").used, 320);
  expect_sums_fit();
}

TEST_F(LedgerBudgets, CountWhatEachScopeCovers) {
  for (const auto& [name, scope] :
       std::vector<std::pair<std::string, std::string>>{{"agent", "agent=claude"},
                                                        {"other", "agent=codex"},
                                                        {"model", "model=claude-opus-4-1"},
                                                        {"haiku", "model=haiku"},
                                                        {"label", "label.team=x"},
                                                        {"no label", "label.team=y"},
                                                        {"task", "task=TASK-914"},
                                                        {"file", "task=/work/tasks/TASK-914.md"}})
    ASSERT_TRUE(all->budgets().put(budget_of(name, 1000, {scope}), kNoon).has_value());
  ASSERT_TRUE(all->runs().begin(sample_start("run")).has_value());
  ResponseRow unnamed = fresh("a", 10);
  unnamed.model = "";
  record("run", {unnamed});
  EXPECT_EQ(state("model").used, 0);
  record("run", {fresh("a", 10)});
  for (const char* name : {"agent", "model", "label", "task", "file"})
    EXPECT_EQ(state(name).used, 10) << name;
  for (const char* name : {"other", "haiku", "no label"}) EXPECT_EQ(state(name).used, 0) << name;
  expect_sums_fit();
}

TEST_F(LedgerBudgets, CountInTheirOwnPeriods) {
  const UtcTime before_midnight = parse_rfc3339("2025-11-30T23:50:00Z").value(),
                after = before_midnight + 20min;
  ASSERT_TRUE(all->budgets().put(budget_of("month", 1000), kNoon).has_value());
  Budget berlin = budget_of("berlin", 1000);
  berlin.period.zone = "+01:00";
  ASSERT_TRUE(all->budgets().put(berlin, kNoon).has_value());
  ASSERT_TRUE(all->budgets().put(budget_of("day", 1000, {}, "24h"), kNoon).has_value());
  ASSERT_TRUE(all->budgets().put(budget_of("total", 1000, {}, "total"), kNoon).has_value());
  ASSERT_TRUE(all->runs().begin(sample_start("run")).has_value());
  record("run", {fresh("a", 100, before_midnight), fresh("b", 10, after)}, after);
  EXPECT_EQ(state("month", before_midnight).used, 100);
  EXPECT_EQ(state("month", after).used, 10);
  EXPECT_EQ(state("berlin", after).used, 110) << "December came an hour earlier";
  EXPECT_EQ(state("day", after).used, 110);
  EXPECT_EQ(state("day", before_midnight + 24h).used, 10) << "rolled out";
  EXPECT_EQ(state("total", after + 24h * 365).used, 110);
  expect_sums_fit();
}

TEST_F(LedgerBudgets, CostWhatTheirModelsCost) {
  BudgetWords words;
  words.name = "money";
  words.limit = "$1";
  ASSERT_TRUE(all->budgets().put(budget_from(words).value(), kNoon).has_value());
  ASSERT_TRUE(all->runs().begin(sample_start("run")).has_value());
  ResponseRow row = fresh("a", 1000), mystery = fresh("b", 777);
  mystery.model = "no-such-model";
  record("run", {row, mystery});
  const auto price = builtin_prices().cost(row.model, row.counts, row.at);
  ASSERT_TRUE(price.has_value());
  EXPECT_EQ(state("money").used, *price);
  EXPECT_EQ(state("money").spent.unpriced, 777) << "shown, never taken for $0";
}

TEST_F(LedgerBudgets, ApplyToThePastWhenTheyAreMadeOrChanged) {
  ASSERT_TRUE(all->runs().begin(sample_start("run")).has_value());
  record("run", {fresh("a", 100)});
  ASSERT_TRUE(all->budgets().put(budget_of("late", 1000), kNoon).has_value());
  EXPECT_EQ(state("late").used, 100);
  ASSERT_TRUE(all->budgets().put(budget_of("late", 1000, {"agent=codex"}), kNoon).has_value());
  EXPECT_EQ(state("late").used, 0);
  ASSERT_TRUE(all->budgets().put(budget_of("late", 1000, {}, "day"), kNoon).has_value());
  EXPECT_EQ(state("late").used, 100);
  expect_sums_fit();
  ASSERT_TRUE(all->budgets().remove("late").has_value());
  EXPECT_EQ(all->budgets().remove("late").error().code, Errc::not_found);
  EXPECT_TRUE(all->budgets().states(kNoon).value().empty());
}

TEST_F(LedgerBudgets, AreRefusedWithAZoneThatDoesNotExist) {
  Budget budget = budget_of("b", 10);
  for (const char* zone : {"Mars/Olympus", "../../etc/passwd", "/etc/passwd", "", "+25:00"}) {
    budget.period.zone = zone;
    EXPECT_EQ(all->budgets().put(budget, kNoon).error().code, Errc::invalid_argument) << zone;
  }
  budget.period.zone = "UTC";
  budget.limit = 0;
  EXPECT_EQ(all->budgets().put(budget, kNoon).error().code, Errc::invalid_argument);
}

TEST_F(LedgerBudgets, VerifyFindsWhatSomebodyChangedAndRebuildMendsIt) {
  ASSERT_TRUE(all->budgets().put(budget_of("all", 1000), kNoon).has_value());
  ASSERT_TRUE(all->runs().begin(sample_start("run")).has_value());
  record("run", {fresh("a", 100)});
  RawSqlite(path()).run("UPDATE budget_use SET input = input + 7");
  EXPECT_EQ(all->budgets().verify().value().size(), 1U);
  ASSERT_TRUE(all->budgets().rebuild().has_value());
  expect_sums_fit();
}

TEST_F(LedgerBudgets, FiftyProcessesRaceForRoomForTwenty) {
  ASSERT_TRUE(all->budgets().put(budget_of("team", 20 * 1000 + 999), kNoon).has_value());
  Race<50> race(path());
  const auto statuses = race.run([&](Books& books, int child) {
    const auto answer = books.gate().admit(request_of("run" + std::to_string(child), 1000), kNoon);
    if (answer.has_error()) return 3;
    const auto states = books.budgets().states(kNoon);
    if (states.has_error() || states.value()[0].headroom() < 0) return 4;
    return answer.value().verdict == Verdict::allowed ? 0 : 1;
  });
  EXPECT_EQ(std::count(statuses.begin(), statuses.end(), 0), 20);
  EXPECT_EQ(std::count(statuses.begin(), statuses.end(), 1), 30);
  EXPECT_EQ(all->runs().list({}).value().size(), 20U) << "who was denied left no row";
  EXPECT_EQ(state("team").reserved, 20'000);
}

TEST_F(LedgerBudgets, ReservationsShrinkWithSpendingAndGoWithTheEnd) {
  ASSERT_TRUE(all->budgets().put(budget_of("team", 10'000), kNoon).has_value());
  ASSERT_EQ(all->gate().admit(request_of("run", 6000), kNoon).value().verdict, Verdict::allowed);
  EXPECT_EQ(state("team").headroom(), 4000);
  record("run", {fresh("a", 2500)});
  EXPECT_EQ(state("team").used, 2500);
  EXPECT_EQ(state("team").reserved, 3500);
  EXPECT_EQ(state("team").headroom(), 4000);
  ASSERT_TRUE(all->runs().finish({"run"}, end_of(2600)).has_value());
  EXPECT_EQ(state("team").reserved, 0);
  EXPECT_EQ(state("team").headroom(), 7400);
}

TEST_F(LedgerBudgets, ReservationsOfACrashedRunExpire) {
  ASSERT_TRUE(all->budgets().put(budget_of("team", 10'000), kNoon).has_value());
  ASSERT_EQ(all->gate().admit(request_of("run", 6000), kNoon).value().verdict, Verdict::allowed);
  record("run", {}, kNoon + 100s);
  EXPECT_EQ(state("team", kNoon + 399s).reserved, 6000);
  EXPECT_EQ(state("team", kNoon + 400s).reserved, 0);
}

TEST_F(LedgerBudgets, TheGateSaysWhyAndWhatIsLeft) {
  ASSERT_TRUE(all->budgets().put(budget_of("team", 10'000), kNoon).has_value());
  ASSERT_TRUE(all->budgets().put(budget_of("codex", 1, {"agent=codex"}), kNoon).has_value());
  ASSERT_EQ(all->gate().admit(request_of("first", 6000), kNoon).value().verdict, Verdict::allowed);
  GateRequest request = request_of("second", 5000);
  GateAnswer answer = all->gate().ask(request, kNoon).value();
  EXPECT_EQ(answer.verdict, Verdict::denied);
  EXPECT_EQ(answer.obstacle, Obstacle::budget);
  EXPECT_EQ(answer.room, 4000);
  EXPECT_EQ(answer.budgets.size(), 1U) << "codex's budget is not in the way";
  for (const char* part : {"team", "4,000", "10,000", "6,000", "5,000", "November 2025"})
    EXPECT_NE(answer.reason.find(part), std::string::npos) << part << ": " << answer.reason;
  EXPECT_EQ(answer.ask_again, parse_rfc3339("2025-12-01T00:00:00Z").value());

  request.when_short = WhenShort::cut_cap;
  request.least = 4001;
  EXPECT_EQ(all->gate().ask(request, kNoon).value().verdict, Verdict::denied)
      << "too little to be worth a start";
  request.least = 1000;
  answer = all->gate().admit(request, kNoon).value();
  EXPECT_EQ(answer.verdict, Verdict::cut);
  EXPECT_EQ(answer.cap.limit, 4000);
  EXPECT_EQ(all->runs().find("second").value().start.cap, answer.cap);
  EXPECT_EQ(state("team").headroom(), 0);
  EXPECT_EQ(all->gate().ask(request_of("third", std::nullopt), kNoon).value().verdict, Verdict::denied)
      << "nothing is left";
  EXPECT_EQ(all->runs().list({}).value().size(), 2U);
}

TEST_F(LedgerBudgets, WhereABudgetOfAnotherUnitIsFullNoCapFits) {
  BudgetWords words;
  words.name = "requests";
  words.limit = "1 request";
  ASSERT_TRUE(all->budgets().put(budget_from(words).value(), kNoon).has_value());
  ASSERT_TRUE(all->runs().begin(sample_start("run")).has_value());
  record("run", {fresh("a", 100)});
  const GateAnswer answer = all->gate().ask(request_of("next", 500), kNoon).value();
  EXPECT_EQ(answer.verdict, Verdict::denied);
  EXPECT_EQ(answer.room, 0) << "though nothing is known of tokens a request";
}

TEST_F(LedgerBudgets, TheGateTakesTheClaimWithTheRun) {
  GateRequest first = request_of("first", 1000), second = request_of("second", 1000);
  for (GateRequest* request : {&first, &second}) {
    request->claim = ClaimRequest{};
    request->claim->key = "TASK-914";
    request->claim->owner.run = request->run.id.text;
  }
  ASSERT_EQ(all->gate().admit(first, kNoon).value().verdict, Verdict::allowed);
  const GateAnswer refused = all->gate().admit(second, kNoon).value();
  EXPECT_EQ(refused.verdict, Verdict::denied);
  EXPECT_EQ(refused.obstacle, Obstacle::claim);
  EXPECT_NE(refused.reason.find("first"), std::string::npos) << refused.reason;
  ASSERT_TRUE(all->gate().may_write_task({"first"}).has_value());

  const GateAnswer takeover = all->gate().admit(second, kNoon + 301s).value();
  ASSERT_EQ(takeover.verdict, Verdict::allowed);
  EXPECT_EQ(takeover.claim->taken_from->run, "first");
  EXPECT_EQ(all->gate().may_write_task({"first"}).error().code, Errc::conflict);
  EXPECT_EQ(all->runs().mark_task_written({"first"}).error().code, Errc::conflict);
  record("first", {fresh("a", 5)}, kNoon + 302s);
  EXPECT_TRUE(all->runs().finish({"first"}, end_of(5)).has_value())
      << "what was spent is recorded all the same";
  EXPECT_TRUE(all->gate().may_write_task({"second"}).has_value());
  ASSERT_TRUE(all->runs().finish({"second"}, end_of(5)).has_value());
  EXPECT_TRUE(all->runs().mark_task_written({"second"}).has_value()) << "after its end, with nobody after it";
}

TEST_F(LedgerBudgets, WhoKeptItsClaimToTheEndMayWriteAfterIt) {
  GateRequest first = request_of("first", 1000), second = request_of("second", 1000);
  for (GateRequest* request : {&first, &second}) {
    request->claim = ClaimRequest{};
    request->claim->key = "TASK-914";
    request->claim->owner.run = request->run.id.text;
  }
  ASSERT_EQ(all->gate().admit(first, kNoon).value().verdict, Verdict::allowed);
  ASSERT_TRUE(all->runs().finish({"first"}, end_of(5)).has_value());
  ASSERT_EQ(all->gate().admit(second, kNoon).value().verdict, Verdict::allowed);
  EXPECT_TRUE(all->gate().may_write_task({"first"}).has_value()) << "it was not taken over: the next one came after it";
  EXPECT_TRUE(all->gate().may_write_task({"second"}).has_value());
}

TEST_F(LedgerBudgets, TheGateTakesAllClaimsOrNone) {
  const auto claim_of = [](const std::string& key, const std::string& run) {
    ClaimRequest claim;
    claim.key = key;
    claim.owner.run = run;
    return claim;
  };
  ASSERT_TRUE(all->claims().take(claim_of("issue 2", "other"), kNoon).value().granted);
  GateRequest request = request_of("run", 1000);
  request.claim = claim_of("task", "run");
  request.also = {claim_of("issue 1", "run"), claim_of("issue 2", "run")};
  const GateAnswer denied = all->gate().admit(request, kNoon).value();
  EXPECT_EQ(denied.verdict, Verdict::denied);
  EXPECT_EQ(denied.claim->claim.owner.run, "other");
  EXPECT_EQ(all->claims().list().value().size(), 1U);
  request.also.pop_back();
  ASSERT_EQ(all->gate().admit(request, kNoon).value().verdict, Verdict::allowed);
  EXPECT_EQ(all->claims().list().value().size(), 3U);
  ASSERT_TRUE(all->runs().finish({"run"}, end_of(5)).has_value());
  EXPECT_EQ(all->claims().list().value().size(), 1U);
}

TEST_F(LedgerBudgets, ACapIsGivenToARunThatHasNone) {
  ASSERT_TRUE(all->budgets().put(budget_of("team", 4000), kNoon).has_value());
  GateRequest request = request_of("run", std::nullopt);
  request.when_short = WhenShort::cut_cap;
  const GateAnswer answer = all->gate().admit(request, kNoon).value();
  EXPECT_EQ(answer.verdict, Verdict::cut);
  EXPECT_EQ(answer.cap.limit, 4000);
  EXPECT_EQ(state("team").headroom(), 0);
  EXPECT_EQ(all->budgets().put(budget_of("TEAM", 4000), kNoon).error().code, Errc::invalid_argument);
}

TEST_F(LedgerBudgets, AClockThatJumpsBackForgetsNothing) {
  ASSERT_TRUE(all->budgets().put(budget_of("window", 10'000, {}, "5h"), kNoon).has_value());
  ASSERT_TRUE(all->budgets().put(budget_of("month", 10'000), kNoon).has_value());
  ASSERT_EQ(all->gate().admit(request_of("run", 1000), kNoon + 2h).value().verdict, Verdict::allowed);
  record("run", {fresh("a", 300, kNoon + 2h)}, kNoon + 2h);
  for (const auto now : {kNoon + 2h, kNoon, kNoon - 1h}) {
    const auto states = all->budgets().states(now).value();
    for (const BudgetState& s : states) EXPECT_EQ(s.used, 300) << s.budget.name;
    for (const BudgetState& s : states) EXPECT_EQ(s.reserved, 700) << "the lease ends later, never earlier";
  }
  record("run", {fresh("a", 500, kNoon + 2h)}, kNoon - 1h);
  ASSERT_TRUE(all->runs().finish({"run"}, end_of(500)).has_value());
  EXPECT_EQ(state("month").used, 500);
  expect_sums_fit();
}

TEST_F(LedgerBudgets, AFileOwnsItsBudgets) {
  Budgets& budgets = all->budgets();
  ASSERT_TRUE(budgets.put(budget_of("mine", 1), kNoon).has_value());
  using Names = std::vector<std::string>;
  EXPECT_EQ(budgets.put_from("/a.toml", {budget_of("month", 5), budget_of("day", 6)}, kNoon).value(), (Names{"month", "day"}));
  EXPECT_EQ(budgets.put_from("/a.toml", {budget_of("month", 5), budget_of("day", 6)}, kNoon).value(), Names{}) << "nothing to do";
  EXPECT_EQ(budgets.put(budget_of("month", 9), kNoon).error().code, Errc::conflict);
  EXPECT_EQ(budgets.remove("month").error().code, Errc::conflict);
  EXPECT_EQ(budgets.put_from("/b.toml", {budget_of("month", 9)}, kNoon).error().code, Errc::conflict);
  EXPECT_EQ(budgets.put_from("/b.toml", {budget_of("mine", 9)}, kNoon).error().code, Errc::conflict);
  EXPECT_EQ(budgets.differing_from("/a.toml", {budget_of("month", 7)}).value(), (Names{"month", "day"}));
  EXPECT_EQ(budgets.put_from("/a.toml", {budget_of("month", 7)}, kNoon).value().size(), 2U);
  EXPECT_EQ(state("month").budget.limit, 7);
  EXPECT_EQ(budgets.states(kNoon).value().size(), 2U) << "the one that the file no longer has is gone";
  EXPECT_EQ(budgets.files().value().size(), 1U);
  EXPECT_TRUE(budgets.put_from("/a.toml", {}, kNoon).has_value());
  EXPECT_TRUE(budgets.put(budget_of("month", 9), kNoon).has_value()) << "the name is free again";
}

TEST_F(LedgerBudgets, ExtendingReservesMoreOrSaysNo) {
  ASSERT_TRUE(all->budgets().put(budget_of("team", 10'000), kNoon).has_value());
  ASSERT_EQ(all->gate().admit(request_of("run", 6000), kNoon).value().verdict, Verdict::allowed);
  record("run", {fresh("a", 1000)});
  const auto cap = [](std::int64_t limit) { return Cap{limit, Formula::fresh, ""}; };
  ASSERT_TRUE(all->gate().change_cap({"run"}, cap(10'000), kNoon).has_value());
  EXPECT_EQ(state("team").headroom(), 0);
  EXPECT_EQ(all->gate().change_cap({"run"}, cap(10'001), kNoon).error().code, Errc::refused);
  ASSERT_TRUE(all->gate().change_cap({"run"}, cap(2000), kNoon).has_value());
  EXPECT_EQ(state("team").reserved, 1000);
  EXPECT_EQ(all->gate().change_cap({"nobody"}, cap(1), kNoon).error().code, Errc::not_found);
}

TEST_F(LedgerBudgets, WhatLiveRunsHaveReservedStaysSoWhenABudgetChanges) {
  ASSERT_TRUE(all->budgets().put(budget_of("team", 20'000), kNoon).has_value());
  ASSERT_EQ(all->gate().admit(request_of("run", 15'000), kNoon).value().verdict, Verdict::allowed);
  record("run", {fresh("a", 1000)});
  const auto changed = [&](const Budget& budget) {
    EXPECT_TRUE(all->budgets().put(budget, kNoon).has_value());
    return state(budget.name).reserved;
  };
  EXPECT_EQ(changed(budget_of("team", 30'000)), 14'000);
  EXPECT_EQ(changed(budget_of("team", 30'000, {}, "day")), 14'000) << "of another period";
  EXPECT_EQ(changed(budget_of("team", 30'000, {}, "5h")), 14'000);
  EXPECT_EQ(changed(budget_of("team", 30'000, {"agent=codex"})), 0) << "the run is none of its";
  EXPECT_EQ(changed(budget_of("team", 30'000, {"agent=claude"})), 14'000);
  EXPECT_EQ(changed(budget_of("late", 16'000)), 14'000) << "a budget that is younger than the run";
  Budget output = budget_of("team", 30'000);
  output.measure = Measure::output;
  EXPECT_EQ(changed(output), 15'000) << "no output yet";
  EXPECT_EQ(all->gate().ask(request_of("next", 2000), kNoon).value().verdict, Verdict::denied);
  record("run", {fresh("b", 4000)});
  EXPECT_EQ(state("late").reserved, 10'000);
  EXPECT_EQ(state("late", kNoon + 300s).reserved, 0) << "it ends with the run's lease";
  ASSERT_TRUE(all->runs().finish({"run"}, end_of(5000)).has_value());
  EXPECT_EQ(state("late").reserved, 0);
  EXPECT_EQ(changed(budget_of("after", 10'000)), 0) << "who has ended reserves nothing";
}

TEST_F(LedgerBudgets, ANewBudgetReservesForARunAndThoseInsideItOnce) {
  ASSERT_TRUE(all->budgets().put(budget_of("before", 90'000), kNoon).has_value());
  ASSERT_EQ(all->gate().admit(request_of("outer", 15'000), kNoon).value().verdict, Verdict::allowed);
  GateRequest inner = request_of("inner", 6000);
  inner.run.parent_run = "outer";
  ASSERT_EQ(all->gate().admit(inner, kNoon).value().verdict, Verdict::allowed);
  record("inner", {fresh("a", 1000)});
  ASSERT_TRUE(all->budgets().put(budget_of("after", 90'000), kNoon).has_value());
  for (const char* name : {"before", "after"}) EXPECT_EQ(state(name).used + state(name).reserved, 15'000) << name;
  ASSERT_TRUE(all->runs().finish({"inner"}, end_of(1000)).has_value());
  ASSERT_TRUE(all->budgets().put(budget_of("later", 90'000), kNoon).has_value());
  for (const char* name : {"before", "after", "later"}) EXPECT_EQ(state(name).used + state(name).reserved, 15'000) << name;
}

TEST_F(LedgerBudgets, HistoryIsZeroFilled) {
  ASSERT_TRUE(all->budgets().put(budget_of("all", 1000), kNoon).has_value());
  ASSERT_TRUE(all->runs().begin(sample_start("run")).has_value());
  record("run", {fresh("a", 100, kNoon), fresh("b", 30, kNoon + 49h)});
  const UtcTime start = parse_rfc3339("2025-11-20T00:00:00Z").value();
  const auto points = all->budgets().history("all", {start, start + 24h * 5}, 24h).value();
  std::string shown;
  for (const BudgetPoint& point : points) shown += std::to_string(point.spent.counts.input) + " ";
  EXPECT_EQ(shown, "0 100 0 30 0 ");
  EXPECT_EQ(all->budgets().history("none", {start, start + 24h}, 24h).error().code, Errc::not_found);
  EXPECT_EQ(all->budgets().history("all", {start, start - 24h}, 24h).error().code, Errc::invalid_argument);
}

TEST_F(LedgerBudgets, WhatABudgetCoversIsAskedOfReports) {
  ASSERT_TRUE(all->runs().begin(sample_start("run")).has_value());
  const auto at = [](const char* text) { return parse_rfc3339(text).value(); };
  record("run", {fresh("a", 1, at("2025-10-25T21:59:00Z")), fresh("b", 20, at("2025-10-25T22:01:00Z")), fresh("c", 300, at("2025-10-26T22:59:00Z")),
                 fresh("d", 4000, at("2025-10-26T23:00:00Z"))});
  const auto days = [&](const std::vector<std::string>& scope) {
    auto query = query_of(budget_of("b", 1000, scope), load_zone("Europe/Berlin").value()).value();
    query.by = {Dimension::day};
    std::string shown;
    for (const UsageRow& row : all->reports().usage(query).value())
      if (const Spend spend = spend_of(row.all); spend.counts.input != 0) shown += row.keys[0].substr(8) + ":" + std::to_string(spend.counts.input) + " ";
    return shown;
  };
  EXPECT_EQ(days({}), "25:1 26:320 27:4000 ");
  EXPECT_EQ(days({"agent=claude", "project=/work"}), "25:1 26:320 27:4000 ");
  EXPECT_EQ(days({"agent=codex"}), "");
  EXPECT_FALSE(query_of(budget_of("b", 1000, {"label.team=x"}), {}).has_value());
  EXPECT_FALSE(query_of(budget_of("b", 1000, {"task=TASK-1"}), {}).has_value());
}

/// Random runs, reports and ends: every sum equals what it is a sum of.
TEST_F(LedgerBudgets, SumsFitOverRandomLedgers) {
  ASSERT_TRUE(all->budgets().put(budget_of("all", 1'000'000), kNoon).has_value());
  ASSERT_TRUE(all->budgets().put(budget_of("agent", 1000, {"agent=claude"}, "day"), kNoon).has_value());
  ASSERT_TRUE(all->budgets().put(budget_of("rolling", 1000, {"model=m1"}, "2h"), kNoon).has_value());
  std::uint64_t seed = 5;
  const auto draw = [&](std::uint64_t n) {
    seed = seed * 6364136223846793005U + 1442695040888963407U;
    return static_cast<std::int64_t>((seed >> 33U) % n);
  };
  Tokens total = 0;
  for (int run = 0; run < 12; ++run) {
    RunStart start = sample_start("run" + std::to_string(run));
    start.agent = draw(2) == 0 ? "claude" : "codex";
    ASSERT_TRUE(all->runs().begin(start).has_value());
    for (int report = 0; report < 8; ++report) {
      std::vector<ResponseRow> rows;
      for (int i = 0; i < 4; ++i) {
        ResponseRow row = fresh("r" + std::to_string(draw(6)), draw(500), kNoon + draw(300) * 1min,
                                static_cast<Source>(draw(3)));
        row.model = draw(4) == 0 ? "" : "m" + std::to_string(draw(3));
        row.counts.output = draw(100);
        rows.push_back(row);
      }
      record(start.id.text, rows, kNoon + 6h);
    }
    RunEnd end = end_of(draw(5000), static_cast<Source>(draw(3)));
    end.totals.counts.output = draw(100);
    total += end.totals.counts.input + end.totals.counts.output;
    ASSERT_TRUE(all->runs().finish(start.id, end).has_value());
  }
  expect_sums_fit();
  EXPECT_EQ(state("all").used, total);
}

}  // namespace
}  // namespace ts::ledger
