#include "accounting/ledger/books.hpp"
#include "fixture.hpp"
#include "race.hpp"

// Who waits in front of the gate comes in turn.

namespace ts::ledger {
namespace {

using namespace std::chrono_literals;

constexpr auto kPlace = 10s;

class LedgerQueue : public LedgerTest {
 protected:
  LedgerQueue() : all(Books::open(path(), OpenMode::write).value()) {}

  void put(std::int64_t limit) {
    BudgetWords words;
    words.name = "team";
    words.limit = std::to_string(limit);
    ASSERT_TRUE(all->budgets().put(budget_from(words).value(), kNoon).has_value());
  }
  [[nodiscard]] GateAnswer admit(const GateRequest& request, UtcTime now = kNoon) const { return all->gate().admit(request, now).value(); }
  [[nodiscard]] Obstacle obstacle(const GateRequest& request, UtcTime now = kNoon) const {
    const GateAnswer answer = admit(request, now);
    return answer.verdict == Verdict::denied ? answer.obstacle : Obstacle::none;
  }
  void end(const std::string& run) const { ASSERT_TRUE(all->runs().finish({run}, sample_end(Outcome::completed)).has_value()); }

  std::unique_ptr<Books> all;
};

GateRequest asks(std::string run, std::int64_t cap) {
  GateRequest request;
  request.run = sample_start(std::move(run));
  request.run.cap = {cap, Formula::total, "command line"};
  request.reserve = reserve_of(request.run.cap);
  return request;
}
GateRequest waits(std::string run, std::int64_t cap) {
  GateRequest request = asks(std::move(run), cap);
  request.queue = kPlace;
  return request;
}
GateRequest waits_for(std::string run, const std::string& key) {
  GateRequest request = waits(std::move(run), 1);
  request.claim.emplace();
  request.claim->key = key;
  request.claim->owner.run = request.run.id.text;
  return request;
}

TEST_F(LedgerQueue, TheFirstToComeIsTheFirstToStart) {
  put(1'000'000);
  ASSERT_EQ(obstacle(asks("at work", 1'000'000)), Obstacle::none);
  EXPECT_EQ(obstacle(waits("first", 600'000)), Obstacle::budget);
  EXPECT_EQ(obstacle(waits("second", 600'000)), Obstacle::budget);
  end("at work");
  const GateAnswer no = admit(waits("second", 600'000));
  EXPECT_EQ(no.obstacle, Obstacle::queue);
  EXPECT_NE(no.reason.find("run first has waited since 2025-11-21T12:00:00.000Z and starts first (budget 'team'"), std::string::npos) << no.reason;
  EXPECT_EQ(obstacle(asks("a newcomer", 600'000)), Obstacle::queue) << "nor does somebody who doesn't wait";
  EXPECT_EQ(all->gate().ask(asks("a newcomer", 600'000), kNoon).value().obstacle, Obstacle::queue);
  EXPECT_EQ(obstacle(waits("first", 600'000)), Obstacle::none);
  end("first");
  EXPECT_EQ(obstacle(waits("second", 600'000)), Obstacle::none);
}

TEST_F(LedgerQueue, WhoNeedsMoreThanThereIsHoldsNobodyUp) {
  put(1'000'000);
  ASSERT_EQ(obstacle(asks("at work", 500'000)), Obstacle::none);
  EXPECT_EQ(obstacle(waits("large", 900'000)), Obstacle::budget);
  EXPECT_EQ(obstacle(asks("small", 400'000)), Obstacle::none);
}

TEST_F(LedgerQueue, WhoLeavesRoomForTheFirstNeedNotWaitForIt) {
  put(1'000'000);
  ASSERT_EQ(obstacle(asks("at work", 1'000'000)), Obstacle::none);
  EXPECT_EQ(obstacle(waits("first", 600'000)), Obstacle::budget);
  end("at work");
  EXPECT_EQ(obstacle(asks("small", 300'000)), Obstacle::none);
  EXPECT_EQ(obstacle(waits("first", 600'000)), Obstacle::none);
}

TEST_F(LedgerQueue, APlaceThatIsNotKeptIsLost) {
  put(1'000'000);
  ASSERT_EQ(obstacle(asks("at work", 1'000'000)), Obstacle::none);
  EXPECT_EQ(obstacle(waits("killed", 600'000)), Obstacle::budget);
  EXPECT_EQ(obstacle(waits("gives up", 600'000)), Obstacle::budget);
  EXPECT_EQ(obstacle(waits("killed", 600'000), kNoon + 5s), Obstacle::budget) << "kept for 10 s more";
  end("at work");
  ASSERT_TRUE(all->gate().leave_queue({"gives up"}).has_value());
  EXPECT_EQ(all->gate().waiting(kNoon + 14s).value().size(), 1U);
  EXPECT_EQ(obstacle(waits("third", 600'000), kNoon + 14s), Obstacle::queue);
  EXPECT_EQ(obstacle(waits("third", 600'000), kNoon + 15s), Obstacle::none);
}

TEST_F(LedgerQueue, AClaimGoesToWhoWaitedFirst) {
  ASSERT_EQ(obstacle(waits_for("owner", "TASK-1")), Obstacle::none);
  EXPECT_EQ(obstacle(waits_for("first", "TASK-1")), Obstacle::claim);
  EXPECT_EQ(obstacle(waits_for("second", "TASK-1")), Obstacle::claim);
  EXPECT_EQ(obstacle(waits_for("elsewhere", "TASK-2")), Obstacle::none);
  end("owner");
  EXPECT_EQ(obstacle(waits_for("second", "TASK-1")), Obstacle::queue);
  EXPECT_EQ(obstacle(waits_for("first", "TASK-1")), Obstacle::none);
  EXPECT_EQ(obstacle(waits_for("second", "TASK-1")), Obstacle::claim);
}

TEST_F(LedgerQueue, ACutCapWaitsForItsLeast) {
  put(1'000'000);
  ASSERT_EQ(obstacle(asks("at work", 990'000)), Obstacle::none);
  GateRequest modest = waits("modest", 600'000);
  modest.when_short = WhenShort::cut_cap;
  modest.least = 100'000;
  EXPECT_EQ(obstacle(modest), Obstacle::budget) << "10,000 are too little";
  end("at work");
  EXPECT_EQ(obstacle(asks("a newcomer", 950'000)), Obstacle::queue);
  EXPECT_EQ(obstacle(asks("a newcomer", 800'000)), Obstacle::none);
  EXPECT_EQ(admit(modest).verdict, Verdict::cut);
}

TEST_F(LedgerQueue, AllWhoWaitAreProvidedForInTheirOrder) {
  put(1'000'000);
  ASSERT_EQ(obstacle(asks("at work", 1'000'000)), Obstacle::none);
  EXPECT_EQ(obstacle(waits("first", 400'000)), Obstacle::budget);
  EXPECT_EQ(obstacle(waits("second", 400'000)), Obstacle::budget);
  end("at work");
  EXPECT_EQ(obstacle(asks("a newcomer", 400'000)), Obstacle::queue) << "one of the two could start, but not both";
  EXPECT_EQ(obstacle(asks("small", 150'000)), Obstacle::none);
  EXPECT_EQ(obstacle(waits("second", 400'000)), Obstacle::none);
  EXPECT_EQ(obstacle(waits("first", 400'000)), Obstacle::none);
}

TEST_F(LedgerQueue, WhoReservesNothingHasItsTurnToo) {
  put(1'000'000);
  ASSERT_EQ(obstacle(asks("at work", 1'000'000)), Obstacle::none);
  GateRequest endless = waits("endless", 1);
  endless.run.cap.limit.reset();
  endless.reserve = reserve_of(endless.run.cap);
  EXPECT_EQ(obstacle(endless), Obstacle::budget);
  end("at work");
  GateRequest greedy = asks("greedy", 2'000'000);
  greedy.when_short = WhenShort::cut_cap;
  EXPECT_EQ(obstacle(greedy), Obstacle::queue) << "it would take all there is";
  EXPECT_EQ(obstacle(endless), Obstacle::none);
}

TEST_F(LedgerQueue, WhoHasTheClaimsTokenWaitsOnlyForTheRest) {
  put(1'000'000);
  ClaimRequest by_hand;
  by_hand.key = "TASK-1";
  by_hand.owner.note = "by hand";
  by_hand.owner.pid_start_ticks = 7;
  const std::int64_t token = all->claims().take(by_hand, kNoon).value().claim.token;
  ASSERT_EQ(obstacle(asks("at work", 1'000'000)), Obstacle::none);
  GateRequest with_token = waits_for("with the token", "TASK-1");
  with_token.run.cap.limit = 600'000;
  with_token.reserve = reserve_of(with_token.run.cap);
  with_token.claim->handed_over = token;
  EXPECT_EQ(obstacle(with_token), Obstacle::budget);
  end("at work");
  EXPECT_EQ(obstacle(asks("a newcomer", 600'000)), Obstacle::queue);
  EXPECT_EQ(obstacle(with_token), Obstacle::none);
}

TEST_F(LedgerQueue, TheDeadDoNotWait) {
  put(1'000'000);
  ASSERT_EQ(obstacle(asks("at work", 1'000'000)), Obstacle::none);
  EXPECT_EQ(obstacle(waits("killed", 600'000)), Obstacle::budget);
  end("at work");
  GateRequest next = asks("next", 600'000);
  EXPECT_EQ(obstacle(next), Obstacle::queue);
  next.is_dead = [](const Owner& owner) { return owner.run == "killed"; };
  EXPECT_EQ(obstacle(next), Obstacle::none);
}

TEST_F(LedgerQueue, PlacesOfAClockThatWasPutBackAreNotKept) {
  put(1'000'000);
  ASSERT_EQ(obstacle(asks("at work", 1'000'000)), Obstacle::none);
  EXPECT_EQ(obstacle(waits("of the future", 600'000), kNoon + 4min), Obstacle::budget);
  EXPECT_EQ(obstacle(waits("first", 600'000)), Obstacle::budget);
  const auto line = all->gate().waiting(kNoon).value();
  ASSERT_EQ(line.size(), 1U);
  EXPECT_EQ(line[0].owner.run, "first");
  EXPECT_EQ(line[0].agent, "claude");
  EXPECT_EQ(line[0].task, "TASK-914");
  EXPECT_NE(line[0].reason.find("team"), std::string::npos);
}

TEST_F(LedgerQueue, SomebodyMayTellItToWaitNoLonger) {
  put(1'000'000);
  ASSERT_EQ(obstacle(asks("at work", 1'000'000)), Obstacle::none);
  EXPECT_EQ(all->gate().cancel_waiting({"run"}).error().code, Errc::not_found);
  EXPECT_FALSE(admit(waits("run", 600'000)).cancelled);
  ASSERT_TRUE(all->gate().cancel_waiting({"run"}).has_value());
  EXPECT_TRUE(admit(waits("run", 600'000)).cancelled);
  EXPECT_TRUE(all->gate().waiting(kNoon).value().empty());
}

TEST_F(LedgerQueue, NobodyWaitsForMoreThanThereEverIs) {
  put(1'000'000);
  const GateAnswer answer = admit(waits("run", 1'000'001));
  EXPECT_EQ(answer.verdict, Verdict::denied);
  EXPECT_TRUE(answer.never);
  EXPECT_FALSE(answer.ask_again) << "the next period helps no more than this one";
  EXPECT_NE(answer.reason.find("more than there ever is"), std::string::npos) << answer.reason;
  EXPECT_TRUE(all->gate().waiting(kNoon).value().empty());
}

TEST_F(LedgerQueue, TwentyProcessesStartInTheOrderOfTheirComing) {
  put(1000);
  ASSERT_EQ(obstacle(asks("at work", 1000)), Obstacle::none);
  constexpr int kRunners = 20;
  for (int i = 0; i < kRunners; ++i) ASSERT_EQ(obstacle(waits("run" + std::to_string(i), 600)), Obstacle::budget);
  ASSERT_TRUE(all->runs().finish({"at work"}, RunEnd{}).has_value());
  Race<kRunners> race(path());
  const auto statuses = race.run([&](Books& books, int child) {
    const std::string id = "run" + std::to_string(child);
    const auto deadline = std::chrono::steady_clock::now() + 60s;
    while (std::chrono::steady_clock::now() < deadline) {
      const auto seen = books.gate().ask(waits(id, 600), kNoon);
      if (seen.has_error()) return 2;
      if (seen.value().verdict == Verdict::denied) {
        std::this_thread::yield();
        continue;
      }
      const auto answer = books.gate().admit(waits(id, 600), kNoon);
      if (answer.has_error()) return 3;
      if (answer.value().verdict == Verdict::denied) return 7;
      // Everybody before it has started, nobody behind it.
      const auto runs = books.runs().list({});
      if (runs.has_error() || runs.value().size() != static_cast<std::size_t>(child) + 2) return 4;
      return books.runs().finish({id}, RunEnd{}).has_value() ? 0 : 5;
    }
    return 6;
  });
  EXPECT_EQ(std::count(statuses.begin(), statuses.end(), 0), kRunners);
}

}  // namespace
}  // namespace ts::ledger
