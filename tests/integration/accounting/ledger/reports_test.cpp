#include "accounting/ledger/reports.hpp"

#include <map>
#include <random>

#include "accounting/base/text.hpp"
#include "accounting/ledger/books.hpp"
#include "accounting/ledger/recovery.hpp"
#include "accounting/ledger/rollup.hpp"
#include "accounting/ledger/zones.hpp"
#include "fixture.hpp"
#include "raw_sqlite.hpp"

namespace ts::ledger {
namespace {

using namespace std::chrono_literals;

/// A made-up fleet: runs of every kind at odd times, counted by several sources, ended well and badly or not at all.
class Fleet {
 public:
  Fleet(Books& books, std::uint64_t seed) : books_(books), dice_(seed) {}

  void run(int number) {
    RunStart start = sample_start("run" + std::to_string(number));
    start.task_id = pick({"", "TASK-1", "TASK-2", "TASK-3"});
    start.task_file = start.task_id.empty() ? pick({"", "/w/tasks/a.md"}) : "/w/tasks/" + start.task_id + ".md";
    start.agent = pick({"claude", "codex", "gemini"});
    start.role = pick({"engineer", "engineer", "reviewer"});
    start.sprint = pick({"", "S1", "S2"});
    start.project = pick({"/work/a", "/work/b"});
    start.category = pick({"", "service"});
    start.host = pick({"host-a", "host-b"});
    // Around the end of daylight saving time in Berlin.
    start.started = parse_rfc3339("2025-10-20T00:00:00Z").value() + std::chrono::minutes(below(14 * 24 * 60));
    ASSERT_TRUE(books_.runs().begin(start).has_value());
    std::vector<ResponseRow> rows;
    for (int i = 0; i < below(12); ++i) {
      ResponseRow row = sample_response("r" + std::to_string(below(20)));
      row.source = below(3) == 0 ? Source::stream : Source::transcript;
      row.model = pick({"claude-opus-4-1", "gpt-5", "house-model", ""});
      row.counts = {below(500), below(500), below(50), below(9000), below(3000), 0};
      row.at = start.started + std::chrono::minutes(below(300));
      rows.push_back(row);
      const auto done = books_.runs().record(start.id, {&rows.back(), 1}, {}, row.at, kLongWait);
      ASSERT_TRUE(done.has_value()) << done.error().message;
    }
    if (below(6) == 0) return;  // still going on
    const bool crashed = below(5) == 0;
    if (crashed) finish(start, rows, Outcome::crashed);
    if (!crashed || below(2) == 0) finish(start, rows, static_cast<Outcome>(1 + below(5)));
  }

 private:
  void finish(const RunStart& start, const std::vector<ResponseRow>&, Outcome outcome) {
    RunRecord record = books_.runs().find(start.id.text).value();
    const auto rows = books_.runs().responses(start.id).value();
    RunEnd end = end_from_rows(record, rows);
    end.outcome = outcome;
    end.ended = start.started + std::chrono::minutes(300 + below(90));
    if (end.ruling && below(4) == 0) {  // settled higher than its responses
      end.by_model["gpt-5"].counts.output += 777;
      end.totals.counts.output += 777;
    }
    const auto done = books_.runs().finish(start.id, end);
    ASSERT_TRUE(done.has_value()) << done.error().message;
  }

  std::int64_t below(std::int64_t n) { return static_cast<std::int64_t>(dice_() % static_cast<std::uint64_t>(n)); }
  std::string pick(const std::vector<std::string>& from) { return from[static_cast<std::size_t>(below(static_cast<std::int64_t>(from.size())))]; }
  static RunEnd end_from_rows(const RunRecord& run, std::span<const ResponseRow> rows);

  Books& books_;
  std::mt19937_64 dice_;
};

RunEnd Fleet::end_from_rows(const RunRecord& run, std::span<const ResponseRow> rows) { return ledger::end_from_rows(run, rows); }

UsageSum sum_of(const std::vector<UsageRow>& rows) {
  UsageSum sum;
  for (const UsageRow& row : rows) sum += row.all;
  return sum;
}
UsageSum waste_of(const std::vector<UsageRow>& rows) {
  UsageSum sum;
  for (const UsageRow& row : rows) (sum += row.failed) += row.duplicate;
  return sum;
}

class LedgerReports : public LedgerTest {
 protected:
  LedgerReports() : books(Books::open(path(), OpenMode::write).value()) {}
  std::vector<UsageRow> usage(const UsageQuery& query) const {
    auto rows = books->reports().usage(query);
    EXPECT_TRUE(rows.has_value()) << rows.error().message;
    return rows.has_value() ? std::move(rows).value() : std::vector<UsageRow>();
  }
  void expect_sums_fit() const {
    for (const std::string& difference : books->reports().verify().value()) ADD_FAILURE() << difference;
  }
  std::unique_ptr<Books> books;
};

TEST_F(LedgerReports, EveryBreakdownOfARandomLedgerAddsUpToItsTotal) {
  for (const std::uint64_t seed : {1U, 2U, 3U}) {
    SCOPED_TRACE(seed);
    if (seed > 1) {
      books.reset();
      std::filesystem::remove_all(path().parent_path());
      books = Books::open(path(), OpenMode::write).value();
    }
    Fleet fleet(*books, seed);
    for (int i = 0; i < 60; ++i) fleet.run(i);
    expect_sums_fit();
    const auto total = usage({});
    ASSERT_EQ(total.size(), 1U);
    EXPECT_EQ(std::to_string(total[0].all.counts.output), RawSqlite(path()).run("SELECT sum(output) FROM usage"));
    EXPECT_EQ(std::to_string(total[0].all.runs), RawSqlite(path()).run("SELECT count(*) FROM runs"));
    for (const char* zone : {"UTC", "Europe/Berlin", "Asia/Kathmandu"})
      for (const Dimension first : all_dimensions())
        for (const Dimension second : all_dimensions()) {
          UsageQuery query{.by = {first}, .zone = load_zone(zone).value()};
          if (second != first) query.by.push_back(second);
          const auto rows = usage(query);
          UsageSum sum = sum_of(rows), should = total[0].all;
          UsageSum waste = waste_of(rows), waste_should = waste_of(total);
          if (first == Dimension::model || second == Dimension::model) should.runs = waste_should.runs = 0;
          EXPECT_EQ(sum, should) << zone << " " << name_of(first) << " " << name_of(second);
          EXPECT_EQ(waste, waste_should) << zone << " " << name_of(first) << " " << name_of(second);
          EXPECT_TRUE(std::is_sorted(rows.begin(), rows.end(), [](const auto& a, const auto& b) {
            return std::make_pair(a.keys, a.start) < std::make_pair(b.keys, b.start);
          }));
        }
    ASSERT_TRUE(books->reports().rebuild().has_value());
    expect_sums_fit();
    EXPECT_EQ(usage({})[0].all, total[0].all) << "adding up anew changes nothing";
    EXPECT_EQ(waste_of(usage({})), waste_of(total));
  }
}

TEST_F(LedgerReports, PiecesOfTimeAddUpToTheWhole) {
  Fleet fleet(*books, 7);
  for (int i = 0; i < 60; ++i) fleet.run(i);
  const auto whole = usage({});
  const UtcTime middle = parse_rfc3339("2025-10-26T01:00:00Z").value();
  for (const auto& cut : {middle, middle + 45min, middle + 7min}) {
    UsageSum both = sum_of(usage({.until = cut}));
    both += sum_of(usage({.since = cut}));
    // A run counts where it started, to the quarter of an hour.
    EXPECT_EQ(both, whole[0].all) << rfc3339(cut);
  }
  UsageSum models;
  for (const UsageRow& row : usage({.by = {Dimension::model}})) {
    const auto only = usage({.only = {{Dimension::model, row.keys[0]}}});
    ASSERT_EQ(only.size(), 1U);
    EXPECT_EQ(only[0].all, row.all);
    models += only[0].all;
  }
  EXPECT_EQ(models.cost, whole[0].all.cost);
  const auto two = usage({.by = {Dimension::task}, .only = {{Dimension::task, "TASK-1"}, {Dimension::task, "TASK-2"}}});
  ASSERT_EQ(two.size(), 2U);
  EXPECT_EQ(two[0].keys[0], "TASK-1");
}

TEST_F(LedgerReports, DaysOfAnyZoneAndAnyCutAreThoseOfTheRows) {
  Fleet fleet(*books, 11);
  for (int i = 0; i < 80; ++i) fleet.run(i);
  const UtcTime first = parse_rfc3339("2025-10-22T00:00:00Z").value(), last = parse_rfc3339("2025-10-29T00:00:00Z").value();
  for (const char* name : {"UTC", "Europe/Berlin", "America/New_York", "Asia/Kathmandu"})
    for (const auto since : {first, first + 5h, first + 23h + 45min})
      for (const auto until : {last, last - 1h, last + 15min, first + 24h})
        for (const Dimension what : {Dimension::model, Dimension::agent}) {
          SCOPED_TRACE(testing::Message() << name << " " << rfc3339(since) << " " << rfc3339(until) << " " << name_of(what));
          const UsageQuery by_day{.by = {what, Dimension::day}, .since = since, .until = until, .zone = load_zone(name).value()};
          std::map<std::vector<std::string>, UsageSum> hours, days;
          for (const UsageRow& row : usage(by_day)) days[row.keys] += row.all;
          UsageQuery by_hour = by_day;  // never from the sums by the day
          by_hour.by[1] = Dimension::hour;
          for (const UsageRow& row : usage(by_hour)) hours[{row.keys[0], row.keys[1].substr(0, 10)}] += row.all;
          EXPECT_EQ(days, hours);
          EXPECT_EQ(sum_of(usage({.by = {what}, .since = since, .until = until})), sum_of(usage(by_day)));
        }
}

TEST_F(LedgerReports, RunsComeIntoTheSumsSomeAtATime) {
  const auto waiting = [&] { return std::stoll(RawSqlite(path()).run("SELECT count(*) FROM runs WHERE facet IS NULL")); };
  long long most = 0;
  for (int i = 1; i <= 3 * kRunsAtOnce; ++i) {
    RunStart start = sample_start("run" + std::to_string(i));
    ASSERT_TRUE(books->runs().begin(start).has_value());
    RunEnd end;
    end.outcome = i % 3 == 0 ? Outcome::failed : Outcome::completed;
    end.ended = kNoon + std::chrono::minutes(i);
    end.ruling = Source::stream;
    end.totals.counts.output = i % 2 == 0 ? 10 : 0;
    if (i % 2 == 0) end.by_model["m"] = end.totals;
    ASSERT_TRUE(books->runs().finish(start.id, end).has_value());
    most = std::max(most, waiting());
    const auto rows = usage({});
    ASSERT_EQ(rows.size(), 1U);
    EXPECT_EQ(rows[0].all.runs, i);
    EXPECT_EQ(rows[0].all.counts.output, i / 2 * 10);
    EXPECT_EQ(rows[0].failed.runs, i / 3);
    EXPECT_EQ(rows[0].duplicate.runs, std::max(i - i / 3 - 1, 0)) << "all but the first that completed the task";
  }
  EXPECT_EQ(most, kRunsAtOnce - 1);
  EXPECT_EQ(waiting(), 0);
  expect_sums_fit();
}

TEST_F(LedgerReports, VerifyFindsWhatSomebodyChangedInAnyLevelAndRebuildMendsIt) {
  Fleet fleet(*books, 5);
  for (int i = 0; i < 70; ++i) fleet.run(i);
  expect_sums_fit();
  const auto before = usage({.by = {Dimension::agent, Dimension::day}});
  for (const char* change : {"output = output + 1", "runs = runs + 1", "cost_pico = cost_pico - 7"})
    for (int level = 0; level < 4; ++level) {
      const std::string text = "UPDATE usage_sums SET " + std::string(change) + " WHERE level = " + std::to_string(level);
      EXPECT_EQ(RawSqlite(path()).run(text), "");
      EXPECT_FALSE(books->reports().verify().value().empty()) << text;
      ASSERT_TRUE(books->reports().rebuild().has_value());
      expect_sums_fit();
    }
  const auto after = usage({.by = {Dimension::agent, Dimension::day}});
  ASSERT_EQ(before.size(), after.size());
  for (std::size_t i = 0; i < before.size(); ++i) EXPECT_EQ(before[i].all, after[i].all);
}

TEST_F(LedgerReports, DaysAreTheZonesAndARepeatedHourIsTwo) {
  RunStart start = sample_start("a");
  ASSERT_TRUE(books->runs().begin(start).has_value());
  const auto spend = [&](const char* id, const char* at) {
    ResponseRow row = sample_response(id);
    row.counts = {1, 0, 0, 0, 0, 0};
    row.at = parse_rfc3339(at).value();
    ASSERT_TRUE(books->runs().record(start.id, {&row, 1}, {}, row.at, kLongWait).has_value());
  };
  spend("1", "2025-10-25T21:59:00Z");  // 23:59 on the 25th in Berlin
  spend("2", "2025-10-25T22:01:00Z");  // 00:01 on the 26th
  spend("3", "2025-10-26T00:30:00Z");  // 02:30, the first time
  spend("4", "2025-10-26T01:30:00Z");  // 02:30 again
  spend("5", "2025-10-26T22:59:00Z");  // 23:59
  spend("6", "2025-10-26T23:00:00Z");  // 00:00 on the 27th
  const Zone berlin = load_zone("Europe/Berlin").value();
  const auto check = [&] {
    std::vector<std::pair<std::string, Tokens>> days;
    for (const UsageRow& row : usage({.by = {Dimension::day}, .zone = berlin}))
      if (row.all.counts.input > 0) days.emplace_back(row.keys[0], row.all.counts.input);
    EXPECT_THAT(days, testing::ElementsAre(std::pair("2025-10-25", 1), std::pair("2025-10-26", 4), std::pair("2025-10-27", 1)));
    int twice = 0;
    for (const UsageRow& row : usage({.by = {Dimension::hour}, .zone = berlin})) twice += row.keys[0] == "2025-10-26 02:00" ? 1 : 0;
    EXPECT_EQ(twice, 2);
  };
  check();  // from the living run's own rows
  RunEnd end;
  end.ended = kNoon;
  end.ruling = Source::transcript;
  end.totals.counts.input = 6;
  end.by_model["claude-opus-4"] = end.totals;
  ASSERT_TRUE(books->runs().finish(start.id, end).has_value());
  check();  // from the sums
}

TEST_F(LedgerReports, WasteIsWhatFailedAndRepeatedRunsSpent) {
  const auto run = [&](const std::string& id, const std::string& role, Outcome outcome, std::chrono::minutes at) {
    RunStart start = sample_start(id);
    start.role = role;
    start.started = kNoon + at;
    ASSERT_TRUE(books->runs().begin(start).has_value());
    RunEnd end;
    end.outcome = outcome;
    end.ended = kNoon + at + 10min;
    end.ruling = Source::stream;
    end.totals.counts.output = 10;
    end.by_model["m"] = end.totals;
    ASSERT_TRUE(books->runs().finish({id}, end).has_value());
  };
  const auto expect = [&](Tokens failed, Tokens duplicate) {
    const auto rows = usage({.by = {Dimension::task}});
    ASSERT_EQ(rows.size(), 1U);
    EXPECT_EQ(rows[0].failed.counts.output, failed);
    EXPECT_EQ(rows[0].duplicate.counts.output, duplicate);
    expect_sums_fit();
  };
  run("a", "engineer", Outcome::failed, 0min);
  expect(10, 0);
  run("b", "engineer", Outcome::completed, 60min);
  expect(10, 0);
  run("c", "engineer", Outcome::completed, 120min);
  expect(10, 10);
  run("d", "reviewer", Outcome::completed, 180min);
  run("e", "reviewer", Outcome::completed, 240min);
  expect(10, 10);
  run("f", "engineer", Outcome::completed, 30min);  // earlier than all of them: b is a repetition now
  expect(10, 20);
  run("g", "engineer", Outcome::crashed, 300min);
  expect(20, 20);
}

TEST_F(LedgerReports, HostileCountsStopAtTheEndOfTheirRange) {
  for (int i = 0; i < 6; ++i) {
    const RunStart start = sample_start("r" + std::to_string(i));
    ASSERT_TRUE(books->runs().begin(start).has_value());
    ResponseRow row = sample_response("x");
    row.counts = {kMaxTokens, 0, 0, kMaxTokens, kMaxTokens, 0};
    row.requests = 3'000'000'000'000'000'000;
    row.model = "claude-opus-4-1";
    ASSERT_TRUE(books->runs().record(start.id, {&row, 1}, {}, row.at, kLongWait).has_value());
  }
  const auto rows = usage({.by = {Dimension::model}});
  ASSERT_EQ(rows.size(), 1U);
  EXPECT_GT(rows[0].all.requests, 3'000'000'000'000'000'000);
  EXPECT_GT(rows[0].all.cost.pico, 0);
}

TEST_F(LedgerReports, BadQuestionsAreErrors) {
  EXPECT_EQ(books->reports().usage({.by = {Dimension::day, Dimension::day}}).error().code, Errc::invalid_argument);
  EXPECT_EQ(books->reports().usage({.since = kNoon, .until = kNoon}).error().code, Errc::invalid_argument);
  EXPECT_EQ(books->reports().usage({.only = {{Dimension::day, "2025-10-26"}}}).error().code, Errc::invalid_argument);
  EXPECT_TRUE(usage({}).empty());
  EXPECT_FALSE(books->reports().span().value().has_value());
}

TEST(CacheHitShare, IsOfAllThatWasRead) {
  EXPECT_EQ(cache_hit_share({}), std::nullopt);
  EXPECT_EQ(cache_hit_share({10, 10, 10, 70, 500, 0}), 7000);
  EXPECT_EQ(cache_hit_share({0, 0, 0, 1, 0, 0}), 10'000);
}

}  // namespace
}  // namespace ts::ledger
