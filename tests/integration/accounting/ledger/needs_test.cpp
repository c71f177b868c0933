#include "accounting/ledger/books.hpp"
#include "fixture.hpp"
#include "race.hpp"

// Caps in one unit under budgets in another: past runs give the rate.

namespace ts::ledger {
namespace {

using namespace std::chrono_literals;

class LedgerNeeds : public LedgerTest {
 protected:
  LedgerNeeds() : all(Books::open(path(), OpenMode::write).value()) {}

  void put(const std::string& limit) {
    BudgetWords words;
    words.name = "team";
    words.limit = limit;
    words.scope = {"sprint=S2"};
    ASSERT_TRUE(all->budgets().put(budget_from(words).value(), kNoon).has_value());
  }
  /// A run of the sprint before, so that it is not in the budget.
  void past_run(const std::string& id, Tokens fresh, std::optional<MicroUsd> cost, const std::string& agent = "claude") {
    RunStart start = sample_start(id);
    start.started = kNoon - 24h;
    start.agent = agent;
    ASSERT_TRUE(all->runs().begin(start).has_value());
    RunEnd end = sample_end(Outcome::completed);
    end.ended = kNoon - 23h;
    end.totals = {};
    end.totals.counts.input = fresh;
    end.totals.requests = 10;
    end.cost = cost;
    end.unpriced_models.clear();
    if (!cost) end.unpriced_models = {"nobody-1"};
    end.by_model = {{"claude-opus-4", end.totals}};
    ASSERT_TRUE(all->runs().finish({id}, end).has_value());
  }
  [[nodiscard]] BudgetState state() const { return all->budgets().states(kNoon).value().at(0); }

  std::unique_ptr<Books> all;
};

GateRequest request_of(std::string run, std::optional<std::int64_t> cap, Formula formula = Formula::fresh) {
  GateRequest request;
  request.run = sample_start(std::move(run));
  request.run.sprint = "S2";
  request.run.cap = {cap, formula, "command line"};
  request.reserve = reserve_of(request.run.cap);
  return request;
}

TEST_F(LedgerNeeds, ACapInTokensReservesDollarsAtTheRateOfPastRuns) {
  past_run("one", 10'000, 1'500'000);
  past_run("two", 30'000, 6'500'000);
  past_run("another agent's", 10, 900'000'000, "codex");
  past_run("without a price", 1'000'000, std::nullopt);
  put("$10");
  ASSERT_EQ(all->gate().admit(request_of("first", 20'000), kNoon).value().verdict, Verdict::allowed);
  EXPECT_EQ(state().reserved, 4'000'000) << "$8 for 40,000";
  ASSERT_EQ(all->gate().admit(request_of("second", 20'000), kNoon).value().verdict, Verdict::allowed);
  const GateAnswer no = all->gate().admit(request_of("third", 20'000), kNoon).value();
  EXPECT_EQ(no.verdict, Verdict::denied);
  EXPECT_EQ(no.room, 10'000) << "$2, in the cap's unit";
  for (const char* part : {"$2.00 left of $10.00", "$8.00 of it reserved", "may need $4.00", "last 2 runs"})
    EXPECT_NE(no.reason.find(part), std::string::npos) << part << ": " << no.reason;
  ASSERT_TRUE(all->runs().finish({"first"}, sample_end(Outcome::completed)).has_value());
  EXPECT_EQ(state().reserved, 4'000'000) << "its reservation is given back";
}

TEST_F(LedgerNeeds, ACapIsCutToWhatTheDollarsAllow) {
  past_run("one", 40'000, 8'000'000);
  put("$3");
  GateRequest request = request_of("run", 20'000);
  request.when_short = WhenShort::cut_cap;
  const GateAnswer answer = all->gate().admit(request, kNoon).value();
  EXPECT_EQ(answer.verdict, Verdict::cut);
  EXPECT_EQ(answer.cap.limit, 15'000);
  EXPECT_EQ(state().headroom(), 0);

  put("$4");
  GateRequest endless = request_of("endless", std::nullopt);
  endless.when_short = WhenShort::cut_cap;
  EXPECT_EQ(all->gate().admit(endless, kNoon).value().cap.limit, 5'000);
  EXPECT_EQ(state().headroom(), 0);
}

TEST_F(LedgerNeeds, ACapInDollarsReservesTokensAndRequests) {
  past_run("one", 40'000, 8'000'000);
  put("100k");
  ASSERT_EQ(all->gate().admit(request_of("first", 8'000'000, Formula::usd), kNoon).value().verdict, Verdict::allowed);
  EXPECT_EQ(state().reserved, 40'000);
  put("21 requests");
  EXPECT_EQ(all->gate().admit(request_of("second", 8'000'000, Formula::usd), kNoon).value().verdict, Verdict::allowed);
  EXPECT_EQ(state().reserved, 20) << "the first one's too";
  EXPECT_EQ(all->gate().ask(request_of("third", 16'000'000, Formula::usd), kNoon).value().verdict, Verdict::denied);
}

TEST_F(LedgerNeeds, WithoutPastRunsNothingIsReservedInOtherUnits) {
  past_run("another agent's", 10, 900'000'000, "codex");
  past_run("without a price", 1'000'000, std::nullopt);
  put("$3");
  EXPECT_EQ(all->gate().admit(request_of("run", 20'000), kNoon).value().verdict, Verdict::allowed);
  EXPECT_EQ(state().reserved, 0);
}

TEST_F(LedgerNeeds, TooLittleIsNothingToGoBy) {
  past_run("interrupted", 1'999, 60'000'000);
  put("$3");
  EXPECT_EQ(all->gate().admit(request_of("run", 20'000), kNoon).value().verdict, Verdict::allowed) << "it would be $600";
  EXPECT_EQ(state().reserved, 0);
}

TEST_F(LedgerNeeds, RefusedRunsDoNotMakeItForgetThePast) {
  past_run("one", 40'000, 8'000'000);
  for (int i = 0; i < 120; ++i) {
    RunStart start = sample_start("refused" + std::to_string(i));
    start.started = kNoon - 1h;
    ASSERT_TRUE(all->runs().begin(start).has_value());
    RunEnd end;
    end.ended = kNoon;
    end.outcome = Outcome::refused;
    ASSERT_TRUE(all->runs().finish(start.id, end).has_value());
  }
  put("$3");
  EXPECT_EQ(all->gate().admit(request_of("run", 20'000), kNoon).value().verdict, Verdict::denied);
}

TEST_F(LedgerNeeds, RunsWithoutAPriceTellTokensAndRequests) {
  past_run("without a price", 40'000, std::nullopt);
  put("21 requests");
  EXPECT_EQ(all->gate().admit(request_of("run", 80'000), kNoon).value().verdict, Verdict::allowed);
  EXPECT_EQ(state().reserved, 20);
}

TEST_F(LedgerNeeds, ARunWithinARunTakesOfWhatThatHasReserved) {
  past_run("one", 40'000, 8'000'000);
  for (const char* limit : {"22k", "$4.40"}) {
    SCOPED_TRACE(limit);
    const std::string outer = std::string("outer ") + limit, inner_id = std::string("inner ") + limit;
    put(limit);
    ASSERT_EQ(all->gate().admit(request_of(outer, 20'000), kNoon).value().verdict, Verdict::allowed);
    const std::int64_t whole = state().reserved;
    GateRequest inner = request_of(inner_id, 18'000);
    EXPECT_EQ(all->gate().ask(inner, kNoon).value().verdict, Verdict::denied) << "a stranger's";
    inner.run.parent_run = outer;
    ASSERT_EQ(all->gate().admit(inner, kNoon).value().verdict, Verdict::allowed);
    EXPECT_EQ(state().reserved, whole) << "moved, not taken again";
    ASSERT_TRUE(all->runs().finish({inner_id}, RunEnd{}).has_value());
    EXPECT_EQ(state().reserved, whole) << "and given back";
    ASSERT_TRUE(all->runs().finish({outer}, RunEnd{}).has_value());
    EXPECT_EQ(state().reserved, 0);
  }
}

TEST_F(LedgerNeeds, AnExtensionReservesOnlyWhatItAdds) {
  put("$4");
  ASSERT_EQ(all->gate().admit(request_of("run", 15'000), kNoon).value().verdict, Verdict::allowed);
  EXPECT_EQ(state().reserved, 0) << "no rate yet";
  past_run("one", 40'000, 8'000'000);
  ASSERT_TRUE(all->gate().change_cap({"run"}, {16'000, Formula::fresh, ""}, kNoon).has_value());
  EXPECT_EQ(state().reserved, 200'000);
}

TEST_F(LedgerNeeds, ExtendingReservesMoreDollarsOrSaysNo) {
  past_run("one", 40'000, 8'000'000);
  put("$10");
  ASSERT_EQ(all->gate().admit(request_of("run", 20'000), kNoon).value().verdict, Verdict::allowed);
  ASSERT_TRUE(all->gate().change_cap({"run"}, {50'000, Formula::fresh, ""}, kNoon).has_value());
  EXPECT_EQ(state().headroom(), 0);
  const auto no = all->gate().change_cap({"run"}, {50'001, Formula::fresh, ""}, kNoon);
  ASSERT_TRUE(no.has_error());
  EXPECT_EQ(no.error().code, Errc::refused);
  EXPECT_NE(no.error().message.find("last 1 run)"), std::string::npos) << no.error().message;
}

TEST_F(LedgerNeeds, FiftyProcessesWithCapsInTokensRaceForDollarsForTwenty) {
  past_run("one", 40'000, 8'000'000);
  put("$80.99");
  Race<50> race(path());
  const auto statuses = race.run([&](Books& books, int child) {
    const auto answer = books.gate().admit(request_of("run" + std::to_string(child), 20'000), kNoon);
    if (answer.has_error()) return 3;
    const auto states = books.budgets().states(kNoon);
    if (states.has_error() || states.value()[0].headroom() < 0) return 4;
    return answer.value().verdict == Verdict::allowed ? 0 : 1;
  });
  EXPECT_EQ(std::count(statuses.begin(), statuses.end(), 0), 20);
  EXPECT_EQ(std::count(statuses.begin(), statuses.end(), 1), 30);
  EXPECT_EQ(state().reserved, 80'000'000);
}

}  // namespace
}  // namespace ts::ledger
