#include "spawner/gateway/balance.hpp"

#include <gtest/gtest.h>

#include <random>
#include <vector>

namespace ts::gateway {
namespace {

Ask asking(std::int64_t input, Tokens output) { return {input, output, 16, 1'000'000}; }

TEST(Balance, WithoutACapEverythingLeavesUnlimited) {
  Balance balance;
  const auto verdict = balance.weigh(asking(1'000'000, 32'000), std::nullopt);
  ASSERT_TRUE(std::holds_alternative<Admit>(verdict));
  EXPECT_EQ(std::get<Admit>(verdict).output, kMaxTokens);
  EXPECT_EQ(balance.reserved(), 0);
}

TEST(Balance, ALoneRequestGetsWhatIsLeft) {
  Balance balance;
  const auto verdict = balance.weigh(asking(1000, 32'000), 5000);
  ASSERT_TRUE(std::holds_alternative<Admit>(verdict));
  EXPECT_EQ(std::get<Admit>(verdict).output, 4000);
  EXPECT_EQ(std::get<Admit>(verdict).reserved, 5000);
  EXPECT_EQ(balance.available(5000), 0);
}

TEST(Balance, ParallelRequestsShareAndTheRestWaits) {
  Balance balance;
  int admitted = 0;
  std::vector<std::uint64_t> tickets;
  for (;;) {
    const auto verdict = balance.weigh(asking(500, 32'000), 60'000);
    if (!std::holds_alternative<Admit>(verdict)) {
      EXPECT_TRUE(std::holds_alternative<Wait>(verdict));
      break;
    }
    tickets.push_back(std::get<Admit>(verdict).ticket);
    ASSERT_LT(++admitted, 100);
  }
  EXPECT_GE(admitted, 3);
  EXPECT_LE(balance.reserved(), 60'000);
  for (const auto ticket : tickets) balance.settle(ticket, 0);
  EXPECT_EQ(balance.reserved(), 0);
}

TEST(Balance, RefusesWhatNobodyCanMakeRoomFor) {
  Balance balance;
  const auto none = balance.weigh(asking(5000, 100), 4999);
  ASSERT_TRUE(std::holds_alternative<Refuse>(none));
  EXPECT_EQ(std::get<Refuse>(none).needed, 5016);
  EXPECT_EQ(std::get<Refuse>(none).left, 4999);
  const auto first = balance.weigh(asking(1000, 1000), 10'000);
  ASSERT_TRUE(std::holds_alternative<Admit>(first));
  EXPECT_TRUE(std::holds_alternative<Refuse>(balance.weigh(asking(20'000, 10), 10'000)));
  EXPECT_TRUE(std::holds_alternative<Refuse>(Balance{}.weigh(asking(0, 10), 0)));
  EXPECT_TRUE(std::holds_alternative<Refuse>(Balance{}.weigh(asking(0, 10), -5)));
}

TEST(Balance, WhatIsPromisedToOthersIsWaitedFor) {
  Balance balance;
  balance.promise(9000);
  const Ask ask{100, 4000, 500, 1'000'000};
  EXPECT_TRUE(std::holds_alternative<Wait>(balance.weigh(ask, 9400)));    // it may come back
  EXPECT_TRUE(std::holds_alternative<Refuse>(balance.weigh(ask, 500)));   // even then it is not enough
  balance.promise(0);
  EXPECT_TRUE(std::holds_alternative<Admit>(balance.weigh(ask, 9400)));
}

TEST(Balance, CountedPartsAreNotTakenTwice) {
  Balance balance;
  const auto ticket = std::get<Admit>(balance.weigh(asking(1000, 1000), 10'000)).ticket;
  EXPECT_EQ(balance.available(10'000), 8000);
  balance.counted(ticket, 1000);  // left has moved to 9000
  EXPECT_EQ(balance.available(9000), 8000);
  balance.counted(ticket, 3000);  // more than reserved
  EXPECT_EQ(balance.available(7000), 7000);
  balance.settle(ticket, 0);
  balance.settle(ticket, 500);  // gone: nothing happens
  EXPECT_EQ(balance.available(7000), 7000);
}

TEST(Balance, WhatMayHaveBeenBilledIsNotGivenOutAgain) {
  Balance balance;
  const auto ticket = std::get<Admit>(balance.weigh(asking(1000, 1000), 10'000)).ticket;
  balance.settle(ticket, 700);
  EXPECT_EQ(balance.available(10'000), 9300);
  EXPECT_EQ(balance.unconfirmed(), 700);
}

TEST(Balance, GrowsOnlyWithinWhatIsLeft) {
  Balance balance;
  const auto ticket = std::get<Admit>(balance.weigh(asking(1000, 1000), 10'000)).ticket;
  EXPECT_FALSE(balance.grow(ticket, 8001, 10'000));
  EXPECT_TRUE(balance.grow(ticket, 8000, 10'000));
  EXPECT_EQ(balance.available(10'000), 0);
  EXPECT_FALSE(balance.grow(99, 1, 10'000));
}

TEST(Balance, MoneyBuysOutputAtItsPrice) {
  Balance balance;  // $15 a million output tokens, 6000 micro-USD left after the input
  const auto verdict = balance.weigh({4000, 32'000, 16, 15'000'000}, 10'000);
  ASSERT_TRUE(std::holds_alternative<Admit>(verdict));
  EXPECT_EQ(std::get<Admit>(verdict).output, 400);
  const auto free = Balance{}.weigh({10, 32'000, 16, 0}, 10);  // output isn't counted
  EXPECT_EQ(std::get<Admit>(free).output, 32'000);
}

// Any order of admissions and settlements with bills up to the reservation: the sum of the bills stays within the cap.
TEST(Balance, BillsNeverPassTheCapIfPredictionsHold) {
  for (unsigned seed = 0; seed < 200; ++seed) {
    std::mt19937 random(seed);
    const std::int64_t cap = 5000 + static_cast<std::int64_t>(random() % 100'000);
    std::int64_t billed = 0;
    Balance balance;
    struct Open {
      std::uint64_t ticket;
      std::int64_t reserved;
    };
    std::vector<Open> open;
    for (int step = 0; step < 400; ++step) {
      if (random() % 2 == 0) {
        const auto verdict = balance.weigh(asking(static_cast<std::int64_t>(random() % 3000), 1 + static_cast<Tokens>(random() % 32'000)), cap - billed);
        if (const auto* admitted = std::get_if<Admit>(&verdict)) open.push_back({admitted->ticket, admitted->reserved});
        else if (std::holds_alternative<Wait>(verdict)) {
          ASSERT_FALSE(open.empty()) << "waits for nobody";
        }
      } else if (!open.empty()) {
        std::swap(open[random() % open.size()], open.back());
        const auto bill = static_cast<std::int64_t>(random() % static_cast<unsigned>(open.back().reserved + 1));
        billed += bill;
        balance.counted(open.back().ticket, bill);
        balance.settle(open.back().ticket, 0);
        open.pop_back();
      }
      ASSERT_LE(billed + balance.reserved(), cap) << "seed " << seed;
    }
  }
}

}  // namespace
}  // namespace ts::gateway
