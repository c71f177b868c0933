#include <csignal>

#include "accounting/ledger/books.hpp"
#include "fixture.hpp"
#include "race.hpp"

namespace ts::ledger {
namespace {

using namespace std::chrono_literals;

ClaimRequest request_of(std::string run, std::string key = "/work/tasks/TASK-914.md") {
  ClaimRequest request;
  request.key = std::move(key);
  request.owner = {std::move(run), "host-a", 4242, 77, "b00t", ""};
  return request;
}

class LedgerClaims : public LedgerTest {
 protected:
  [[nodiscard]] std::unique_ptr<Books> books() const { return Books::open(path(), OpenMode::write).value(); }
};

TEST_F(LedgerClaims, FiftyProcessesRaceForOneTask) {
  Race<50> race(path());
  const auto statuses = race.run([&](Books& books, int child) {
    const auto outcome = books.claims().take(request_of("run" + std::to_string(child)), kNoon);
    if (outcome.has_error()) return 2;
    if (outcome.value().granted) return 0;
    return outcome.value().claim.owner.run.starts_with("run") ? 1 : 3;  // refused, with the owner's name
  });
  EXPECT_EQ(std::count(statuses.begin(), statuses.end(), 0), 1);
  EXPECT_EQ(std::count(statuses.begin(), statuses.end(), 1), 49);
  EXPECT_EQ(books()->claims().list().value().size(), 1U);
}

TEST_F(LedgerClaims, AKilledOwnerIsReplacedAfterItsLeaseAndFencedOff) {
  const auto all = books();
  Race<1> owner(path());
  Claims& claims = all->claims();
  const pid_t child = in_child([&] {
    const auto own = Books::open(path(), OpenMode::write);
    const auto outcome = own.value()->claims().take(request_of("first"), kNoon);
    if (!outcome.value().granted) return 1;
    ::raise(SIGKILL);
    return 2;
  });
  EXPECT_EQ(wait_for(child), 128 + SIGKILL);
  const Claim first = claims.find("/work/tasks/TASK-914.md").value().value();

  const ClaimOutcome early = claims.take(request_of("second"), kNoon + 299s).value();
  EXPECT_FALSE(early.granted);
  EXPECT_EQ(early.claim, first);
  const ClaimOutcome late = claims.take(request_of("second"), kNoon + 300s).value();
  ASSERT_TRUE(late.granted);
  EXPECT_EQ(late.taken_from, first.owner);
  EXPECT_GT(late.claim.token, first.token);

  const auto fenced = claims.verify(first.key, first.token);
  ASSERT_TRUE(fenced.has_error());
  EXPECT_EQ(fenced.error().code, Errc::conflict);
  EXPECT_NE(fenced.error().message.find("second"), std::string::npos) << fenced.error().message;
  EXPECT_EQ(claims.renew(first.key, first.token, 300s, kNoon + 301s).error().code, Errc::conflict);
  EXPECT_TRUE(claims.release(first.key, first.token).has_value()) << "changes nothing";
  EXPECT_TRUE(claims.verify(first.key, late.claim.token).has_value());
}

TEST_F(LedgerClaims, ADeadOwnerIsReplacedAtOnce) {
  const auto all = books();
  ASSERT_TRUE(all->claims().take(request_of("first"), kNoon).value().granted);
  ClaimRequest request = request_of("second");
  request.is_dead = [](const Owner& owner) { return owner.run == "first"; };
  EXPECT_TRUE(all->claims().take(request, kNoon + 1s).value().granted);
}

TEST_F(LedgerClaims, AreRenewedByHeartbeatsAndFreedByTheEnd) {
  const auto all = books();
  ASSERT_TRUE(all->runs().begin(sample_start()).has_value());
  ASSERT_TRUE(all->claims().take(request_of("0123456789"), kNoon).value().granted);
  ASSERT_TRUE(all->runs().record({"0123456789"}, {}, {}, kNoon + 200s, kLongWait).has_value());
  EXPECT_FALSE(all->claims().take(request_of("other"), kNoon + 400s).value().granted);
  ASSERT_TRUE(all->runs().record({"0123456789"}, {}, {}, kNoon - 10h, kLongWait).has_value());
  EXPECT_FALSE(all->claims().take(request_of("other"), kNoon + 400s).value().granted)
      << "a clock that jumps back";
  ASSERT_TRUE(all->runs().finish({"0123456789"}, sample_end()).has_value());
  EXPECT_TRUE(all->claims().take(request_of("other"), kNoon + 400s).value().granted);
}

TEST_F(LedgerClaims, TheSameOwnerGetsItsOwnAgain) {
  const auto all = books();
  Claims& claims = all->claims();
  const Claim first = claims.take(request_of("first"), kNoon).value().claim;
  const ClaimOutcome again = claims.take(request_of("first"), kNoon + 10s).value();
  EXPECT_TRUE(again.granted);
  EXPECT_EQ(again.claim.token, first.token);
  EXPECT_EQ(again.claim.taken, first.taken);
  EXPECT_EQ(again.claim.expires, kNoon + 310s);
  EXPECT_EQ(claims.renew(first.key, first.token, 60s, kNoon).value().expires, kNoon + 310s) << "never back";

  ClaimRequest by_hand = request_of("", "issue 7");
  ASSERT_TRUE(claims.take(by_hand, kNoon).value().granted);
  EXPECT_TRUE(claims.take(by_hand, kNoon).value().granted);
  by_hand.owner.pid_start_ticks = 78;
  EXPECT_FALSE(claims.take(by_hand, kNoon).value().granted) << "the pid came round again";
  EXPECT_EQ(claims.list().value().size(), 2U);
}

TEST_F(LedgerClaims, GoOverToWhoeverKnowsTheToken) {
  const auto all = books();
  Claims& claims = all->claims();
  const Claim first = claims.take(request_of("first"), kNoon).value().claim;
  ClaimRequest request = request_of("second");
  request.handed_over = first.token + 1;
  EXPECT_FALSE(claims.take(request, kNoon).value().granted);
  request.handed_over = first.token;
  const ClaimOutcome taken = claims.take(request, kNoon).value();
  ASSERT_TRUE(taken.granted);
  EXPECT_EQ(taken.taken_from->run, "first");
  EXPECT_GT(taken.claim.token, first.token);
}

TEST_F(LedgerClaims, TokensRiseOverReleases) {
  const auto all = books();
  Claims& claims = all->claims();
  const Claim first = claims.take(request_of("first"), kNoon).value().claim;
  ASSERT_TRUE(claims.release(first.key, first.token).has_value());
  EXPECT_FALSE(claims.find(first.key).value().has_value());
  EXPECT_EQ(claims.verify(first.key, first.token).error().code, Errc::conflict);
  const ClaimOutcome second = claims.take(request_of("second"), kNoon).value();
  EXPECT_TRUE(second.granted);
  EXPECT_FALSE(second.taken_from.has_value());
  EXPECT_GT(second.claim.token, first.token);
  EXPECT_EQ(claims.revoke(first.key).value().value().owner.run, "second");
  EXPECT_FALSE(claims.revoke(first.key).value().has_value());
  EXPECT_EQ(claims.verify("never", 1).error().code, Errc::not_found);
  EXPECT_EQ(claims.take(request_of("x", ""), kNoon).error().code, Errc::invalid_argument);
}

}  // namespace
}  // namespace ts::ledger
