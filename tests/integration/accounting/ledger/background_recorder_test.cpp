#include "accounting/ledger/background_recorder.hpp"

#include "tests/integration/accounting/ledger/fixture.hpp"
#include "tests/integration/accounting/ledger/raw_sqlite.hpp"

namespace ts::ledger {
namespace {

class BackgroundRecorderTest : public LedgerTest {
 protected:
  BackgroundRecorderTest() : ledger(open()) { begun = ledger->begin(sample_start(run.text)).has_value(); }

  [[nodiscard]] std::vector<ResponseRow> batch(int number) const {
    return {sample_response("msg_" + std::to_string(number)), sample_response("also_" + std::to_string(number))};
  }

  const RunId run{"0123456789"};
  std::unique_ptr<Ledger> ledger;
  bool begun = false;
};

TEST_F(BackgroundRecorderTest, WritesEveryBatchBeforeItFinishes) {
  ASSERT_TRUE(begun);
  BackgroundRecorder recorder(*ledger, run);
  for (int i = 0; i < 50; ++i) {
    auto rows = batch(i);
    ASSERT_TRUE(recorder.hand_over(rows, {}, kNoon, kLongWait)) << i;
    EXPECT_TRUE(rows.empty());
  }
  ASSERT_TRUE(recorder.finish(kLongWait).has_value());
  EXPECT_EQ(ledger->responses(run).value().size(), 100U);
}

TEST_F(BackgroundRecorderTest, LeavesRowsWithTheCallerWhileTheLedgerIsLocked) {
  BackgroundRecorder recorder(*ledger, run);
  RawSqlite other(path());
  ASSERT_EQ(other.run("BEGIN IMMEDIATE"), "");
  auto first = batch(1), second = batch(2);
  ASSERT_TRUE(recorder.hand_over(first, {}, kNoon, kShortWait));
  EXPECT_FALSE(recorder.hand_over(second, {}, kNoon, kShortWait));
  EXPECT_EQ(second.size(), 2U);
  ASSERT_EQ(other.run("COMMIT"), "");
  ASSERT_TRUE(recorder.hand_over(second, {}, kNoon, kLongWait));
  EXPECT_FALSE(recorder.take_trouble()) << "to wait for others is no trouble";
  ASSERT_TRUE(recorder.finish(kLongWait).has_value());
  EXPECT_EQ(ledger->responses(run).value().size(), 4U);
}

TEST_F(BackgroundRecorderTest, SaysWhatStayedUnwrittenWhenTheLockOutlivesThePatience) {
  BackgroundRecorder recorder(*ledger, run);
  RawSqlite other(path());
  ASSERT_EQ(other.run("BEGIN IMMEDIATE"), "");
  auto rows = batch(1);
  ASSERT_TRUE(recorder.hand_over(rows, {}, kNoon, kShortWait));
  const auto finished = recorder.finish(kShortWait);
  ASSERT_TRUE(finished.has_error());
  EXPECT_EQ(finished.error().code, Errc::busy);
}

TEST_F(BackgroundRecorderTest, TellsARefusalAndTriesAgain) {
  BackgroundRecorder recorder(*ledger, RunId{"9999999999"});
  auto rows = batch(1);
  ASSERT_TRUE(recorder.hand_over(rows, {}, kNoon, kShortWait));
  std::optional<Error> trouble;
  for (const auto until = std::chrono::steady_clock::now() + kLongWait; !trouble && std::chrono::steady_clock::now() < until;) {
    trouble = recorder.take_trouble();
    std::this_thread::yield();
  }
  ASSERT_TRUE(trouble);
  EXPECT_EQ(trouble->code, Errc::not_found);
  ASSERT_TRUE(ledger->begin(sample_start("9999999999")).has_value());
  ASSERT_TRUE(recorder.finish(kLongWait).has_value());
  EXPECT_EQ(ledger->responses(RunId{"9999999999"}).value().size(), 2U);
}

TEST_F(BackgroundRecorderTest, OtherCallsToTheLedgerComeInBetween) {
  BackgroundRecorder recorder(*ledger, run);
  for (int i = 0; i < 50; ++i) {
    auto rows = batch(i);
    ASSERT_TRUE(recorder.hand_over(rows, {}, kNoon, kLongWait));
    ASSERT_TRUE(ledger->set_cap(run, {1000 + i, Formula::fresh, "extended"}, kNoon).has_value());
    ASSERT_TRUE(ledger->responses(run).has_value());
  }
  ASSERT_TRUE(recorder.finish(kLongWait).has_value());
  EXPECT_EQ(ledger->find(run.text).value().start.cap.limit, 1049);
  EXPECT_EQ(ledger->responses(run).value().size(), 100U);
}

TEST_F(BackgroundRecorderTest, ARunWithoutResponsesStartsNoThread) {
  BackgroundRecorder recorder(*ledger, run);
  EXPECT_TRUE(recorder.finish(std::chrono::milliseconds{0}).has_value());
}

}  // namespace
}  // namespace ts::ledger
