#include "spawner/session/activity.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "accounting/base/text.hpp"
#include "accounting/budget/prices.hpp"
#include "accounting/import/opencode_db.hpp"
#include "accounting/report/token_log.hpp"
#include "tests/support/opencode_store.hpp"
#include "tests/support/temp_dir.hpp"

namespace ts::session {
namespace {

namespace fs = std::filesystem;
using ts::testing::OpencodeStore;
using ledger::ResponseRow;

/// The usage of a database as the rows that a run's follower has written.
struct Rows final : UsageSink {
  std::vector<ResponseRow> rows;
  void on_usage(const UsageEvent& e) override {
    rows.push_back({Source::transcript, std::string(e.response_id), std::string(e.model), std::string(e.session), e.counts, e.requests, e.at.value_or(UtcTime{})});
  }
  void on_settlement(const SettlementEvent&) override {}
  void on_session(const SessionEvent&) override {}
};

/// A run of opencode in a recorded home, with what its folder holds.
class OpencodeRun : public ::testing::Test {
 protected:
  void SetUp() override {
    fs::create_directories(folder_.path() + "/run");
    const fs::path sql = fs::path(TS_SOURCE_DIR) / "tests/data/recordings/opencode-fanout/home/.local/share/opencode/opencode.sql";
    { OpencodeStore(db()).load(sql); }
    Rows all;
    EXPECT_TRUE(read_opencode_db(db(), all).value());
    rows_ = all.rows;
    std::ofstream events(folder_.path() + "/run/events.jsonl");
    for (const ResponseRow& row : rows_)
      events << R"({"at":"2026-11-21T19:54:12.6Z","kind":"usage","source":"transcript","response":")" << row.response_id << R"(","session":")" << row.session << R"(","file":")" << db() << "\"}\n";
    run_.start.id.text = "7f3k2mabcd";
    run_.start.agent = "opencode";
    run_.start.run_dir = folder_.path() + "/run";
    run_.start.started = rows_.front().at - std::chrono::seconds(5);
    ledger::RunEnd end;
    end.outcome = ledger::Outcome::completed;
    end.ended = rows_.front().at + std::chrono::minutes(1);
    end.ruling = Source::transcript;
    for (const ResponseRow& row : rows_) {
      end.totals.counts = end.totals.counts + row.counts;
      end.totals.requests += row.requests;
    }
    end.sessions = {rows_.front().session};
    run_.end = end;
  }
  void printed(const std::string& text) const { std::ofstream(folder_.path() + "/run/stdout") << text; }
  [[nodiscard]] std::string db() const { return folder_.path() + "/opencode.db"; }
  [[nodiscard]] report::TokenLog log() const {
    const RunActivity did = activity_of(run_);
    const std::vector<ledger::PastRun> history;
    return report::make_token_log({run_, rows_, did.activity, did.evidence, history, builtin_prices()});
  }

  ts::testing::TempDir folder_;
  std::vector<ResponseRow> rows_;
  ledger::RunRecord run_;
};

TEST_F(OpencodeRun, ATokenLogHasItsToolsFromTheDatabaseWhereStdoutTellsNothing) {
  printed("> build · m1\n\nAll done.\n");
  const report::TokenLog log = this->log();
  EXPECT_EQ(log.evidence, "opencode's database");
  Tokens tools = 0;
  std::int64_t calls = 0;
  for (const report::ToolRow& tool : log.attribution.tools) {
    tools += tool.fresh();
    calls += tool.calls;
    EXPECT_NE(tool.name, report::kUnseenRow);
  }
  EXPECT_EQ(tools, log.fresh());
  EXPECT_EQ(calls, 5) << "two tasks and a command of each of the three agents";
  ASSERT_EQ(log.attribution.workers.size(), 3U);
  TokenCounts workers;
  for (const report::WorkerRow& worker : log.attribution.workers) workers = workers + worker.counts;
  EXPECT_EQ(workers, log.totals.counts);
  EXPECT_EQ(log.attribution.workers[0].name, "main agent");
  std::set<std::string> names{log.attribution.workers[1].name, log.attribution.workers[2].name};
  EXPECT_EQ(names, (std::set<std::string>{"worker 0", "worker 1"}));
}

TEST_F(OpencodeRun, WhatIsToldByBothCountsOnce) {
  fs::copy_file(fs::path(TS_SOURCE_DIR) / "tests/data/recordings/opencode-fanout/stdout.jsonl", folder_.path() + "/run/stdout");
  const RunActivity did = activity_of(run_);
  EXPECT_EQ(did.evidence, "opencode's database") << "it shows the sub-agents' calls too";
  EXPECT_EQ(did.activity.calls, 5U);
}

TEST_F(OpencodeRun, TheStreamIsLeftWhereTheDatabaseIsGone) {
  fs::copy_file(fs::path(TS_SOURCE_DIR) / "tests/data/recordings/opencode-fanout/stdout.jsonl", folder_.path() + "/run/stdout");
  fs::remove(db());
  const RunActivity did = activity_of(run_);
  EXPECT_EQ(did.evidence, "the captured stream");
  EXPECT_EQ(did.activity.calls, 3U);
  EXPECT_FALSE(fs::exists(db()));
  const report::TokenLog log = this->log();
  ASSERT_EQ(log.attribution.workers.size(), 3U);
  EXPECT_TRUE(log.attribution.workers[1].name.starts_with("worker ")) << "the stream names the sub-agents' sessions";
}

TEST_F(OpencodeRun, WhatALaterRunDidInTheSameSessionIsNotThisRuns) {
  const std::string session = rows_.front().session;
  const std::int64_t later = std::chrono::duration_cast<std::chrono::milliseconds>(run_.end->ended.time_since_epoch()).count() + 1000;
  OpencodeStore store(db());
  store.message("msg_later", session, later, R"({"role":"assistant","modelID":"m1","time":{"created":)" + std::to_string(later) + "}}");
  store.run("INSERT INTO part SELECT 'prt_later', id, session_id, time_created, time_created, '{\"type\":\"tool\",\"tool\":\"bash\",\"callID\":\"later\",\"state\":{\"input\":{},\"output\":\"\"}}' "
            "FROM message WHERE id = 'msg_later'");
  EXPECT_EQ(activity_of(run_).activity.calls, 5U);
  run_.end.reset();
  EXPECT_EQ(activity_of(run_).activity.calls, 6U) << "a run that has not ended takes all that comes";
}

}  // namespace
}  // namespace ts::session
