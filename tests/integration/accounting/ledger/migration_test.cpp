#include "accounting/ledger/books.hpp"
#include "accounting/ledger/schema.hpp"
#include "fixture.hpp"
#include "race.hpp"
#include "raw_sqlite.hpp"

namespace ts::ledger {
namespace {

/// A ledger as version 1 of the schema left it: one run that ended, one that is open, with their responses.
void make_first_version(const std::filesystem::path& path) {
  std::filesystem::create_directories(path.parent_path());
  RawSqlite sql(path);
  for (const char* statement : migration_from(0)) EXPECT_EQ(sql.run(statement), "") << statement;
  const auto run = [&](const std::string& id, const std::string& end) {
    EXPECT_EQ(sql.run("INSERT INTO runs (id, task_id, task_file, task_title, agent, role, argv, cwd, "
                      "run_dir, cap_formula, cap_source, on_cap, host, pid, "
                      "pid_start_ticks, boot_id, started, project, sprint, category, parent_run, "
                      "labels_json, heartbeat, outcome, ended, ruling, input, "
                      "requests) VALUES ('" +
                      id +
                      "', '', '', '', 'claude', '', '', '', '', 'fresh', '', '', '', 1, 1, '', "
                      "1763726400000000, '', '', '', '', "
                      "'', 0, " +
                      end + ")"),
              "");
  };
  run("ended", "'completed', 1763726700000000, 'stream', 30, 2");
  run("open", "'running', NULL, NULL, 7, 1");
  EXPECT_EQ(
      sql.run("INSERT INTO run_models (run, model, input, requests) VALUES (1, 'm', 30, 2); "
              "INSERT INTO responses (run, source, response_id, model, session, at, input, requests) VALUES "
              "(1, 'stream', 'a', 'm', '', 1763726400000000, 10, 1), (1, 'stream', 'b', 'm', '', "
              "1763726400000000, 20, 1), "
              "(2, 'stream', 'a', 'm', '', 1763726400000000, 7, 1); "
              "INSERT INTO meta VALUES ('program', '0.0.9'); PRAGMA user_version = 1; PRAGMA journal_mode = "
              "WAL; PRAGMA application_id = " +
              std::to_string(kApplicationId)),
      "wal");
}

TEST_F(LedgerTest, TakesAnOlderLedgerOver) {
  make_first_version(path());
  const Error error = open_ledger(path(), OpenMode::read).error();
  EXPECT_EQ(error.code, Errc::unsupported);
  EXPECT_NE(error.message.find("recover"), std::string::npos) << error.message;

  const auto books = Books::open(path(), OpenMode::write).value();
  EXPECT_EQ(books->runs().list({}).value().size(), 2U);
  EXPECT_TRUE(books->budgets().verify().value().empty());
  EXPECT_TRUE(books->reports().verify().value().empty());
  const auto tasks = books->reports().usage({.by = {Dimension::outcome}}).value();
  ASSERT_EQ(tasks.size(), 2U);
  EXPECT_EQ(tasks[0].keys[0], "completed");
  EXPECT_EQ(tasks[0].all.counts.input, 30);
  EXPECT_EQ(tasks[1].all.runs, 1);  // what the open one has counted is posted with its next response
  ResponseRow row = sample_response("c");
  row.source = Source::stream;
  row.counts = {5, 0, 0, 0, 0, 0};
  ASSERT_TRUE(books->runs().record({"open"}, {&row, 1}, {}, kNoon, kLongWait).has_value());
  BudgetWords words;
  words.name = "all";
  words.limit = "1k";
  ASSERT_TRUE(books->budgets().put(budget_from(words).value(), kNoon).has_value());
  EXPECT_EQ(books->budgets().states(kNoon).value()[0].used, 42) << "what was spent before the update counts";
  EXPECT_EQ(RawSqlite(path()).run("SELECT value FROM meta WHERE name = 'program'"), program_version());
}

TEST_F(LedgerTest, TakesTheSumsOfTheFourthVersionOver) {
  make_first_version(path());
  {
    RawSqlite sql(path());
    EXPECT_EQ(sql.run("INSERT INTO run_models (run, model, input, requests) VALUES (1, 'n', 5, 1); UPDATE runs SET input = 35 WHERE id = 'ended'"), "");
    for (int version = 1; version < 4; ++version)
      for (const char* statement : migration_from(version)) EXPECT_EQ(sql.run(statement), "") << statement;
    EXPECT_EQ(sql.run("SELECT sum(input) FROM usage_by_hour"), "35");
    EXPECT_EQ(sql.run("PRAGMA user_version = 4"), "");
  }
  const auto books = Books::open(path(), OpenMode::write).value();
  EXPECT_TRUE(books->reports().verify().value().empty());
  EXPECT_EQ(RawSqlite(path()).run("SELECT count(*) FROM usage_sums WHERE level = 0"), "3") << "two models, and the run";
  const auto models = books->reports().usage({.by = {Dimension::model, Dimension::day}}).value();
  ASSERT_EQ(models.size(), 2U);
  EXPECT_EQ(models[0].all.counts.input, 30);
  EXPECT_EQ(models[1].all.counts.input, 5);
  EXPECT_EQ(books->reports().usage({}).value()[0].all.runs, 2);
}

TEST_F(LedgerTest, IsMigratedOnceByManyProcesses) {
  make_first_version(path());
  Race<20> race(path());
  const auto statuses =
      race.run([](Books& books, int) { return books.runs().list({}).value().size() == 2 ? 0 : 1; });
  EXPECT_EQ(std::count(statuses.begin(), statuses.end(), 0), 20);
  EXPECT_EQ(RawSqlite(path()).run("SELECT count(*) FROM source_usage"), "2");
}

}  // namespace
}  // namespace ts::ledger
