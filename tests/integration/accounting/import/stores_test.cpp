#include "accounting/import/stores.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sqlite3.h>

#include <fstream>

#include "accounting/base/text.hpp"
#include "accounting/import/import.hpp"
#include "accounting/ledger/zones.hpp"
#include "tests/support/temp_dir.hpp"

namespace ts {
namespace {

namespace fs = std::filesystem;
using ledger::Dimension;
using ledger::OpenMode;
using ledger::UsageSum;

class ImportStores : public ::testing::Test {
 protected:
  [[nodiscard]] std::unique_ptr<ledger::Books> books() const {
    return ledger::Books::open(fs::path(folder_.path()) / "state" / "ledger.db", OpenMode::write).value();
  }
  [[nodiscard]] fs::path root() const { return fs::path(folder_.path()) / "old"; }
  fs::path put(const std::string& name, std::string_view text) const {
    fs::create_directories(root());
    std::ofstream(root() / name, std::ios::binary) << text;
    return root() / name;
  }
  static void append(const fs::path& path, std::string_view text) { std::ofstream(path, std::ios::binary | std::ios::app) << text; }
  void sql(const std::string& name, const std::string& statements) const {
    fs::create_directories(root());
    sqlite3* db = nullptr;
    ASSERT_EQ(sqlite3_open((root() / name).c_str(), &db), SQLITE_OK);
    char* error = nullptr;
    EXPECT_EQ(sqlite3_exec(db, statements.c_str(), nullptr, nullptr, &error), SQLITE_OK) << (error == nullptr ? "" : error);
    sqlite3_close(db);
  }
  [[nodiscard]] ImportResult imported(const char* zone = "UTC") const {
    ImportOptions options;
    options.zone = ledger::load_zone(zone).value();
    options.now = parse_rfc3339("2026-11-21T00:00:00Z").value();
    const auto result = import_usage(*books(), {root()}, options);
    EXPECT_TRUE(result.has_value()) << result.error().message;
    if (!result.has_value()) return {};
    for (const FileProblem& problem : result->problems) ADD_FAILURE() << problem.error.message;
    return *result;
  }
  [[nodiscard]] std::vector<ledger::UsageRow> by(Dimension dimension, const char* zone = "UTC") const {
    return books()->reports().usage({.by = {dimension}, .zone = ledger::load_zone(zone).value()}).value();
  }
  [[nodiscard]] UsageSum total() const {
    UsageSum sum;
    for (const auto& row : by(Dimension::agent)) sum += row.all;
    return sum;
  }
  void expect_sums_fit() const {
    for (const std::string& difference : books()->reports().verify().value()) ADD_FAILURE() << difference;
  }

  ts::testing::TempDir folder_;
};

constexpr const char* kTables =
    "CREATE TABLE usage_records (id INTEGER PRIMARY KEY, timestamp TEXT, worker_id TEXT, issue_number INTEGER, input_tokens INTEGER, "
    "output_tokens INTEGER, total_tokens INTEGER, model TEXT, cost_estimate REAL, period_month TEXT);"
    "CREATE TABLE alert_history (id INTEGER PRIMARY KEY, timestamp TEXT, alert_level TEXT, percentage_used REAL, tokens_used INTEGER, message TEXT);";

TEST_F(ImportStores, UsageRecordsAndTheirAlerts) {
  sql("usage.db", std::string(kTables) +
                      "INSERT INTO usage_records VALUES (1, '2026-01-31 23:30:00', 'worker-1', 57, 1000, 200, 1200, 'claude-sonnet-4-5', 0.006, '2026-01'),"
                      "(2, '2026-02-01 00:30:00.123456', 'worker-1', 57, 10, 2, 12, 'claude-sonnet-4-5', 0.1, '2026-02'),"
                      "(3, '2026-02-01T08:00:00', 'worker-2', 57, 0, 0, 77, 'house-model', 0, '2026-02'),"
                      "(4, 'yesterday', 'worker-2', 57, 5, 5, 10, 'm', 0, '2026-02'),"
                      "(5, '2026-02-01T09:00:00', 'worker-2', 58, -5, 5, 0, 'm', 0, '2026-02');"
                      "INSERT INTO alert_history VALUES (1, '2026-02-01 10:00:00', 'orange', 90.4, 900000, 'nearly | there');");
  const ImportResult first = imported("Europe/Berlin");
  EXPECT_EQ(first.tally.responses, 3);
  EXPECT_EQ(first.tally.runs, 2);
  EXPECT_EQ(first.tally.alerts, 1);
  EXPECT_EQ(first.parse.malformed, 2U);
  const auto days = by(Dimension::day, "Europe/Berlin");
  ASSERT_EQ(days.size(), 2U) << "local times are the zone's";
  EXPECT_EQ(days[0].keys[0], "2026-01-31");
  EXPECT_EQ(days[0].all.counts.input, 1000);
  const auto tasks = by(Dimension::task);
  ASSERT_EQ(tasks.size(), 1U);
  EXPECT_EQ(tasks[0].keys[0], "#57");
  EXPECT_EQ(tasks[0].all.unpriced, 77);
  EXPECT_EQ(by(Dimension::outcome)[0].keys[0], "imported");
  const auto alerts = books()->alerts().list({}).value();
  ASSERT_EQ(alerts.size(), 1U);
  EXPECT_EQ(alerts[0].text, "nearly | there");
  EXPECT_EQ(alerts[0].percent, 90);
  EXPECT_EQ(alerts[0].used, 900'000);

  EXPECT_EQ(imported("Europe/Berlin").unchanged, 1U);
  // It grows; and a copy of it lies elsewhere.
  sql("usage.db", "INSERT INTO usage_records VALUES (6, '2026-02-02 10:00:00', 'worker-1', 57, 1, 1, 2, 'claude-sonnet-4-5', 0, '2026-02')");
  fs::copy(root() / "usage.db", root() / "copy.sqlite3");
  const ImportResult second = imported("Europe/Berlin");
  EXPECT_EQ(second.continued, 1U);
  EXPECT_EQ(second.tally.responses, 1);
  EXPECT_EQ(second.tally.alerts, 0);
  EXPECT_EQ(total().counts.input, 1000 + 10 + 77 + 1);
  expect_sums_fit();
}

TEST_F(ImportStores, ApiCalls) {
  const auto line = [](const char* task, const char* worker, int in, const char* success) {
    return fmt::format(
        R"({{"timestamp": "2026-01-31T10:05:00", "task_id": "{}", "worker_id": "{}", "model": "claude-sonnet-4-5-20250929", "tokens_input": {}, "tokens_output": 20, "tokens_total": {}, "start_time": "2026-01-31T10:00:00", "end_time": "2026-01-31T10:05:00", "duration_seconds": 300.5, "success": {}, "error_message": null, "exit_code": 0, "estimated_cost_usd": 0.003}})"
        "\n",
        task, worker, in, in + 20, success);
  };
  const fs::path path = put("api-calls-2026-01-31.jsonl", line("T1", "w1", 100, "true") + line("T1", "w2", 300, "false") + line("T1", "w2", 300, "false") +
                                                              "{\"worker_id\": \"torn\n" + line("T2", "w3", 5, "true"));
  const ImportResult first = imported();
  EXPECT_EQ(first.tally.runs, 3) << "the same line twice is one session";
  EXPECT_EQ(first.parse.malformed, 1U);
  const auto outcomes = by(Dimension::outcome);
  ASSERT_EQ(outcomes.size(), 2U);
  EXPECT_EQ(outcomes[0].keys[0], "completed");
  EXPECT_EQ(outcomes[1].failed.counts.input, 300);
  EXPECT_EQ(total().requests, 0) << "how many there were isn't said";
  EXPECT_GT(total().cost.pico, 0);

  EXPECT_EQ(imported().unchanged, 1U);
  append(path, line("T1", "w4", 7, "true"));
  const ImportResult second = imported();
  EXPECT_EQ(second.continued, 1U);
  EXPECT_EQ(second.parse.lines, 1U);
  EXPECT_EQ(second.tally.runs, 1);
  const auto tasks = by(Dimension::task);
  ASSERT_EQ(tasks.size(), 2U);
  EXPECT_EQ(tasks[0].duplicate.counts.input, 7) << "T1 had been completed";
  fs::copy(path, root() / "api-calls-backup.jsonl");
  EXPECT_EQ(imported().tally.responses, 0);
  expect_sums_fit();
}

constexpr const char* kHead =
    "timestamp,session_id,agent_id,agent_type,task_id,description,input_tokens,output_tokens,cache_read,cache_create,billable_tokens,total_tokens,"
    "api_calls,duration_secs,started_at,ended_at\n";

TEST_F(ImportStores, TokensCsvCountsAnAgentsHighestRow) {
  const fs::path path = put("tokens.csv", std::string(kHead) +
                                              "2026-01-03T16:52:18Z,s1,,,,,,,,,,,,,,\n"
                                              "2026-01-03T16:53:51Z,s1,a1,sr-engineer,TASK-7,\"say \"\"hi\"\", now\",3,1,,,,4,,,,\n"
                                              "2026-01-03T16:54:46Z,s1,a1,sr-engineer,TASK-7,,40,20,1000,300,360,1360,2,55,2026-01-03T16:53:51Z,2026-01-03T16:54:46Z\n"
                                              "2026-01-03T16:54:50Z,s1,a1,sr-engineer,TASK-7,,30,10,900,200,240,1140,2,55,,\n"
                                              "2026-01-03T17:00:00Z,s1,a2,,,,7,8,,,15,15,1,,,\n"
                                              "2026-01-03T17:00:00Z,s1,a3,,,,seven,8,,,15,15,1,,,\n"
                                              "2026-01-03T17:00:00Z,s1,a4,,,\"open,1,2\n");
  const ImportResult first = imported();
  EXPECT_EQ(first.tally.runs, 2);
  EXPECT_EQ(first.parse.malformed, 2U);
  EXPECT_EQ(total().counts, (TokenCounts{47, 300, 0, 1000, 28, 0}));
  EXPECT_EQ(total().requests, 3);
  EXPECT_EQ(total().cost.pico, 0);
  EXPECT_EQ(total().unpriced, 1375) << "no model, so no price";
  EXPECT_EQ(by(Dimension::role)[1].keys[0], "sr-engineer");
  EXPECT_EQ(imported().unchanged, 1U);

  append(path, "2026-01-03T18:00:00Z,s1,a2,,,,70,80,,,150,150,5,,,\n");
  const ImportResult second = imported();
  EXPECT_EQ(second.continued, 1U);
  EXPECT_EQ(second.tally.grown, 1);
  EXPECT_EQ(total().counts, (TokenCounts{110, 300, 0, 1000, 100, 0}));
  expect_sums_fit();
}

TEST_F(ImportStores, HandMadeLedgersAreGuessesAndCountNowhere) {
  const fs::path path = put("WISH-2016__TOKEN-LOG.md",
                            "# Token Log - WISH-2016\n\nTotal: 11,000 new tokens\n\n"
                            "| Timestamp | Phase | Input | Output | Total | Cumulative |\n|-----------|-------|-------|--------|-------|------------|\n"
                            "| 2026-01-31 16:45 | qa-verify | 8,000 | 3,000 | 11,000 | 11,000 |\n"
                            "| 2026-01-31 17:45 | fix | ~2000 | 500 | **2,500** | 13,500 |\n| later | x | TBD | TBD | TBD | TBD |\n");
  const ImportResult first = imported();
  EXPECT_EQ(first.tally.estimated, 2);
  EXPECT_EQ(first.parse.malformed, 1U);
  EXPECT_EQ(total(), UsageSum{});
  const auto rows = books()->imports().estimated().value();
  ASSERT_EQ(rows.size(), 2U);
  EXPECT_EQ(rows[1].task, "WISH-2016");
  EXPECT_EQ(rows[1].line, 8);
  EXPECT_EQ(rows[1].total, 2500);
  EXPECT_EQ(imported().unchanged, 1U);
  append(path, "| 2026-02-01 10:00 | qa | 1 | 2 | 3 | 13,503 |\n");
  EXPECT_EQ(imported().tally.estimated, 1);
  EXPECT_EQ(books()->imports().estimated().value().size(), 3U);
}

TEST_F(ImportStores, AGuessAndItsPartsAddUp) {
  put("WISH-7__TOKEN-LOG.md",
      "# Token Log - WISH-7\n\n| Timestamp | Phase | Input | Output | Total | Cumulative |\n|---|---|---|---|---|---|\n"
      "| 2026-01-31 16:45 | do | 1K | ~500 | 1,500 | 1,500 |\n"   // 5: short forms are read
      "| 2026-01-31 16:46 | open | TBD | 500 | 1,700 | 3,200 |\n"  // 6: what is open follows from the others
      "| 2026-01-31 16:47 | sum | - | - | 2.5K | 5,700 |\n"        // 7: a sum alone
      "| 2026-01-31 16:48 | parts | 10 | 20 | | 5,730 |\n"         // 8
      "| 2026-01-31 16:49 | odd | lots | 500 | 1,500 | 7,230 |\n"  // these can't be believed
      "| 2026-01-31 16:50 | off | 1,000 | 500 | 1,600 | 8,830 |\n"
      "| 2026-01-31 16:51 | less | 1,000 | - | 600 | 9,430 |\n"
      "| 2026-01-31 16:52 | none | - | 5 | - | 9,430 |\n");
  const ImportResult first = imported();
  EXPECT_EQ(first.tally.estimated, 4);
  EXPECT_EQ(first.parse.malformed, 4U);
  const auto rows = books()->imports().estimated().value();
  ASSERT_EQ(rows.size(), 4U);
  const Tokens expected[4][3] = {{1000, 500, 1500}, {1200, 500, 1700}, {2500, 0, 2500}, {10, 20, 30}};
  for (std::size_t i = 0; i < 4; ++i) {
    EXPECT_EQ(rows[i].input, expected[i][0]) << i;
    EXPECT_EQ(rows[i].output, expected[i][1]) << i;
    EXPECT_EQ(rows[i].total, expected[i][2]) << i;
  }
}

TEST_F(ImportStores, UsageRecordsOfAnyIdCount) {
  sql("usage.db", std::string(kTables) +
                      "INSERT INTO usage_records VALUES (-3, '2026-01-31 10:00:00', 'w', 1, 100, 1, 101, 'claude-sonnet-4-5', 0, '2026-01'),"
                      "(0, '2026-01-31 11:00:00', 'w', 1, 20, 1, 21, 'claude-sonnet-4-5', 0, '2026-01'),"
                      "(7, '2026-01-31 12:00:00', 'w', 1, 3, 1, 4, 'claude-sonnet-4-5', 0, '2026-01');");
  EXPECT_EQ(imported().tally.responses, 3);
  EXPECT_EQ(total().counts.input, 123);
  sql("usage.db", "INSERT INTO usage_records VALUES (-9, '2026-01-31 13:00:00', 'w', 1, 4000, 1, 4001, 'claude-sonnet-4-5', 0, '2026-01'),"
                  "(8, '2026-01-31 13:00:00', 'w', 1, 50000, 1, 50001, 'claude-sonnet-4-5', 0, '2026-01')");
  EXPECT_EQ(imported().tally.responses, 2);
  EXPECT_EQ(total().counts.input, 54'123);
  expect_sums_fit();
}

TEST_F(ImportStores, NoFigureOfARecordIsReadAsNothing) {
  sql("usage.db", std::string(kTables) +
                      "INSERT INTO usage_records VALUES (1, '2026-01-31 10:00:00', 'w', 1, 100, NULL, 150, 'm', 0, ''),"  // the sum says more than the parts
                      "(2, '2026-01-31 10:00:00', 'w', 1, 10, 5, 12, 'm', 0, ''),"
                      "(3, '2026-01-31 10:00:00', 'w', 1, 12, 'x', 45, 'm', 0, ''),"
                      "(4, '2026-01-31 10:00:00', 'w', 1, 1.5, 2, 3, 'm', 0, ''),"
                      "(5, '2026-01-31 10:00:00', 'w', 1, '7', 2.0, 9, 'm', 0, '');");
  put("api-calls-2026-01-31.jsonl",
      R"({"timestamp": "2026-01-31T10:05:00", "task_id": "T", "worker_id": "w", "model": "m", "tokens_input": 1000, "tokens_output": 2000, "tokens_total": 7000})" "\n");
  const ImportResult first = imported();
  EXPECT_EQ(first.parse.malformed, 2U) << "no counts, and said so";
  EXPECT_EQ(total().counts.input, 150 + 10 + 7 + 5000);
  EXPECT_EQ(total().counts.output, 5 + 2 + 2000);
  expect_sums_fit();
}

TEST_F(ImportStores, OtherFilesAreNoStores) {
  put("notes.md", "| Timestamp | What |\n|---|---|\n| 2026 | x |\n");
  put("people.csv", "name,age\nx,3\n");
  put("empty.jsonl", "");
  sql("other.db", "CREATE TABLE t (x)");
  const ImportResult first = imported();
  EXPECT_EQ(first.files, 0U);
  EXPECT_EQ(first.unrecognized, 4U);
  EXPECT_EQ(imported().unrecognized, 4U);
}

}  // namespace
}  // namespace ts
