#include "fixture.hpp"

namespace ts::ledger {
namespace {

using std::chrono::seconds;

TEST_F(LedgerTest, KeepsEveryFieldOfARun) {
  auto ledger = open();
  ASSERT_TRUE(ledger->begin(sample_start()).has_value());
  RunRecord run = ledger->find("0123456789").value();
  EXPECT_EQ(run.start, sample_start());
  EXPECT_EQ(run.heartbeat, kNoon);
  EXPECT_FALSE(run.end.has_value());
  EXPECT_FALSE(run.task_written);

  ASSERT_TRUE(ledger->finish({"0123456789"}, sample_end()).has_value());
  ASSERT_TRUE(ledger->mark_task_written({"0123456789"}).has_value());
  run = open(OpenMode::read)->find("0123456789").value();
  EXPECT_EQ(run.start, sample_start());
  EXPECT_EQ(run.end, sample_end());
  EXPECT_EQ(run.live, sample_end().totals);
  EXPECT_TRUE(run.task_written);
}

TEST_F(LedgerTest, KeepsWhatIsAbsentApartFromZero) {
  auto ledger = open();
  RunStart bare;
  bare.id = {"bare"};
  ASSERT_TRUE(ledger->begin(bare).has_value());
  RunEnd end;
  ASSERT_TRUE(ledger->finish(bare.id, end).has_value());
  const RunRecord run = ledger->find("bare").value();
  EXPECT_EQ(run.start, bare);
  EXPECT_EQ(run.end, end);
}

TEST_F(LedgerTest, KeepsStrangeText) {
  auto ledger = open();
  RunStart run = sample_start();
  run.task_title = "'; DROP TABLE runs; -- \xff\xfe é " + std::string("nul\0nul", 7);
  run.cwd = std::string(1 << 20, 'x');
  run.argv = {"\x80", "a\nb"};
  ASSERT_TRUE(ledger->begin(run).has_value());
  EXPECT_EQ(ledger->find(run.id.text).value().start, run);
}

TEST_F(LedgerTest, RefusesAnIdThatExists) {
  auto ledger = open();
  ASSERT_TRUE(ledger->begin(sample_start()).has_value());
  EXPECT_EQ(ledger->begin(sample_start()).error().code, Errc::already_exists);
}

TEST_F(LedgerTest, CountsEachResponseOnceWithItsHighestCounts) {
  auto ledger = open();
  const RunId id{"0123456789"};
  ASSERT_TRUE(ledger->begin(sample_start()).has_value());
  ResponseRow first = sample_response("a", 1), second = sample_response("b", 7),
              grown = sample_response("a", 200);
  first.model = first.session = "";
  grown.counts.input = 1;
  grown.at += seconds(5);
  const ResponseRow rows[] = {first, second, grown};
  ASSERT_TRUE(ledger->record(id, rows, {{1, 2, 3, 4, 5, 6}, 2}, kNoon + seconds(9), kShortWait).has_value());
  ResponseRow joined = sample_response("a", 200);
  EXPECT_EQ(ledger->responses(id).value(), (std::vector<ResponseRow>{joined, second}));

  const ResponseRow lower[] = {sample_response("a", 3), sample_response("b", 0)};
  ASSERT_TRUE(ledger->record(id, lower, {{1, 2, 3, 4, 5, 6}, 2}, kNoon, kShortWait).has_value());
  EXPECT_EQ(ledger->responses(id).value(), (std::vector<ResponseRow>{joined, second}));
  const RunRecord run = ledger->find(id.text).value();
  EXPECT_EQ(run.live, (Totals{{1, 2, 3, 4, 5, 6}, 2}));
  EXPECT_EQ(run.heartbeat, kNoon + seconds(9));
}

TEST_F(LedgerTest, KeepsTheSourcesApart) {
  auto ledger = open();
  ASSERT_TRUE(ledger->begin(sample_start()).has_value());
  ResponseRow a = sample_response("a"), b = a;
  b.source = Source::gateway;
  const ResponseRow rows[] = {a, b};
  ASSERT_TRUE(ledger->record({"0123456789"}, rows, {}, kNoon, kShortWait).has_value());
  EXPECT_EQ(ledger->responses({"0123456789"}).value(), (std::vector<ResponseRow>{a, b}));
}

TEST_F(LedgerTest, RefusesToRecordForAnUnknownRun) {
  auto ledger = open();
  const ResponseRow rows[] = {sample_response("a")};
  EXPECT_EQ(ledger->record({"nobody"}, rows, {}, kNoon, kShortWait).error().code, Errc::not_found);
  EXPECT_EQ(ledger->finish({"nobody"}, sample_end()).error().code, Errc::not_found);
  EXPECT_EQ(ledger->set_cap({"nobody"}, {}, kNoon).error().code, Errc::not_found);
  EXPECT_EQ(ledger->mark_task_written({"nobody"}).error().code, Errc::not_found);
  EXPECT_TRUE(ledger->responses({"nobody"}).value().empty());
}

TEST_F(LedgerTest, EndsARunOnce) {
  auto ledger = open();
  const RunId id{"0123456789"};
  ASSERT_TRUE(ledger->begin(sample_start()).has_value());
  ASSERT_TRUE(ledger->finish(id, sample_end()).has_value());
  EXPECT_TRUE(ledger->finish(id, sample_end()).has_value());
  RunEnd other = sample_end(Outcome::completed);
  EXPECT_EQ(ledger->finish(id, other).error().code, Errc::conflict);
  EXPECT_TRUE(ledger->finish(id, sample_end(Outcome::crashed)).has_value());
  EXPECT_EQ(ledger->finish(id, sample_end(Outcome::running)).error().code, Errc::invalid_argument);
  EXPECT_EQ(ledger->find(id.text).value().end, sample_end());
}

TEST_F(LedgerTest, LetsTheRealEndReplaceARecoveredOne) {
  auto ledger = open();
  const RunId id{"0123456789"};
  ASSERT_TRUE(ledger->begin(sample_start()).has_value());
  RunEnd recovered = sample_end(Outcome::crashed);
  recovered.by_model["gone"] = {{1, 1, 1, 1, 1, 1}, 1};
  ASSERT_TRUE(ledger->finish(id, recovered).has_value());
  ASSERT_TRUE(ledger->finish(id, sample_end()).has_value());
  EXPECT_EQ(ledger->find(id.text).value().end, sample_end());
}

TEST_F(LedgerTest, TakesLateResponsesButKeepsTheTotals) {
  auto ledger = open();
  const RunId id{"0123456789"};
  ASSERT_TRUE(ledger->begin(sample_start()).has_value());
  ASSERT_TRUE(ledger->finish(id, sample_end()).has_value());
  const ResponseRow rows[] = {sample_response("late")};
  ASSERT_TRUE(ledger->record(id, rows, {}, kNoon, kShortWait).has_value());
  EXPECT_EQ(ledger->responses(id).value().size(), 1U);
  EXPECT_EQ(ledger->find(id.text).value().end, sample_end());
}

TEST_F(LedgerTest, KeepsTheHistoryOfACap) {
  auto ledger = open();
  const RunId id{"0123456789"};
  ASSERT_TRUE(ledger->begin(sample_start()).has_value());
  const Cap wider{80'000, Formula::total, "extend +40k"}, none{std::nullopt, Formula::fresh, "none"};
  ASSERT_TRUE(ledger->set_cap(id, wider, kNoon + seconds(1)).has_value());
  ASSERT_TRUE(ledger->set_cap(id, none, kNoon + seconds(2)).has_value());
  EXPECT_EQ(ledger->find(id.text).value().start.cap, none);
  EXPECT_EQ(ledger->cap_changes(id).value(),
            (std::vector<CapChange>{{kNoon + seconds(1), sample_start().cap, wider},
                                    {kNoon + seconds(2), wider, none}}));
  ASSERT_TRUE(ledger->finish(id, sample_end()).has_value());
  EXPECT_EQ(ledger->set_cap(id, wider, kNoon).error().code, Errc::conflict);
}

TEST_F(LedgerTest, FindsByUniquePrefix) {
  auto ledger = open();
  for (const char* id : {"aa11", "aa22", "ab", "aa", "a%b"})
    ASSERT_TRUE(ledger->begin(sample_start(id)).has_value());
  EXPECT_EQ(ledger->find("aa1").value().start.id.text, "aa11");
  EXPECT_EQ(ledger->find("aa").value().start.id.text, "aa");
  EXPECT_EQ(ledger->find("a%").value().start.id.text, "a%b");
  const auto several = ledger->find("a");
  EXPECT_EQ(several.error().code, Errc::ambiguous);
  EXPECT_NE(several.error().message.find("aa11"), std::string::npos) << several.error().message;
  EXPECT_EQ(ledger->find("%").error().code, Errc::not_found);
  EXPECT_EQ(ledger->find("zz").error().code, Errc::not_found);
  EXPECT_EQ(ledger->find("").error().code, Errc::invalid_argument);
}

TEST_F(LedgerTest, ListsNewestFirst) {
  auto ledger = open();
  for (int i = 0; i < 5; ++i) {
    RunStart run = sample_start("run" + std::to_string(i));
    run.started += seconds(i == 4 ? -1 : i);
    run.task_id = i % 2 == 0 ? "even" : "odd";
    ASSERT_TRUE(ledger->begin(run).has_value());
  }
  ASSERT_TRUE(ledger->finish({"run2"}, sample_end()).has_value());
  const auto ids = [&](const RunFilter& filter) {
    std::string text;
    for (const RunRecord& run : ledger->list(filter).value()) text += run.start.id.text.substr(3);
    return text;
  };
  EXPECT_EQ(ids({}), "32104");
  EXPECT_EQ(ids({.running_only = true}), "3104");
  EXPECT_EQ(ids({.task_id = "even"}), "204");
  EXPECT_EQ(ids({.running_only = true, .task_id = "even", .newest = 1}), "0");
  EXPECT_EQ(ids({.task_file = "/elsewhere"}), "");
  EXPECT_EQ(ids({.host = "host-a", .newest = 2}), "32");
  EXPECT_EQ(ids({.newest = 0}), "");
}

}  // namespace
}  // namespace ts::ledger
