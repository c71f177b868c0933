#include "accounting/import/opencode_db.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sqlite3.h>

#include <filesystem>
#include <set>
#include <vector>

#include "tests/support/temp_dir.hpp"

namespace ts {
namespace {

namespace fs = std::filesystem;

struct Seen final : UsageSink {
  struct Response {
    std::string id;
    std::string model;
    std::string session;
    TokenCounts counts;
  };
  std::vector<Response> responses;
  std::vector<std::string> sessions;
  void on_usage(const UsageEvent& e) override {
    responses.push_back({std::string(e.response_id), std::string(e.model), std::string(e.session), e.counts});
  }
  void on_settlement(const SettlementEvent&) override {}
  void on_session(const SessionEvent& e) override { sessions.emplace_back(e.session); }
};

class OpencodeDb : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_EQ(sqlite3_open(path().c_str(), &db_), SQLITE_OK);
    run("CREATE TABLE project(id text); CREATE TABLE part(id text);"
        "CREATE TABLE session(id text PRIMARY KEY, time_created integer, version text, directory text);"
        "CREATE TABLE message(id text PRIMARY KEY, session_id text, data text);");
  }
  void TearDown() override { close(); }

  void close() {
    if (db_ != nullptr) sqlite3_close(db_);
    db_ = nullptr;
  }
  [[nodiscard]] std::string path() const { return dir_ / "open code?#%.db"; }
  [[nodiscard]] std::set<std::string> files() const {
    std::set<std::string> names;
    for (const auto& entry : fs::directory_iterator(dir_.path())) names.insert(entry.path().filename());
    return names;
  }

  void run(const std::string& sql) { ASSERT_EQ(sqlite3_exec(db_, sql.c_str(), nullptr, nullptr, nullptr), SQLITE_OK) << sql; }
  void session(const std::string& id, std::int64_t created) {
    run(fmt::format("INSERT INTO session VALUES('{}', {}, '1.18.33', '/p')", id, created));
  }
  void message(const std::string& id, const std::string& session_id, const std::string& data) {
    run(fmt::format("INSERT INTO message VALUES('{}', '{}', '{}')", id, session_id, data));
  }
  static std::string answer(std::int64_t created, const std::string& input) {
    return fmt::format(R"({{"role":"assistant","modelID":"m1","time":{{"created":{},"completed":{}}},"tokens":{{"input":{},"output":7,"reasoning":3,"cache":{{"read":100,"write":20}}}}}})",
                       created, created + 5, input);
  }

  Seen seen_;

 private:
  ts::testing::TempDir dir_;
  sqlite3* db_ = nullptr;
};

TEST_F(OpencodeDb, ReadsEachAnswer) {
  session("s1", 1000);
  message("a", "s1", R"({"role":"user"})");
  message("b", "s1", answer(1001, "50"));
  close();
  const auto stats = read_opencode_db(path(), seen_).value();
  ASSERT_TRUE(stats);
  EXPECT_EQ(stats->lines, 2U);
  EXPECT_EQ(stats->events, 1U);
  EXPECT_EQ(stats->ignored, 1U);
  ASSERT_EQ(seen_.responses.size(), 1U);
  EXPECT_EQ(seen_.responses[0].counts, (TokenCounts{50, 20, 0, 100, 10, 3}));
  EXPECT_EQ(seen_.responses[0].model, "m1");
  EXPECT_EQ(seen_.sessions, std::vector<std::string>{"s1"});
}

TEST_F(OpencodeDb, LeavesNoFileBehind) {
  session("s1", 1000);
  run("PRAGMA journal_mode=WAL");
  close();
  const auto before = files();
  ASSERT_TRUE(read_opencode_db(path(), seen_).value());
  EXPECT_EQ(files(), before);
}

TEST_F(OpencodeDb, SeesWhatIsStillInTheLog) {
  run("PRAGMA journal_mode=WAL");
  session("s1", 1000);
  message("b", "s1", answer(1001, "50"));
  ASSERT_TRUE(read_opencode_db(path(), seen_).value());
  EXPECT_EQ(seen_.responses.size(), 1U);
}

TEST_F(OpencodeDb, AForksCopiesAreItsPast) {
  session("s1", 1000);
  message("b", "s1", answer(1001, "50"));
  session("fork", 2000);
  message("c", "fork", answer(1001, "50"));
  message("d", "fork", answer(2001, "50"));
  close();
  ASSERT_TRUE(read_opencode_db(path(), seen_).value());
  ASSERT_EQ(seen_.responses.size(), 3U);
  EXPECT_EQ(seen_.responses[0].id, seen_.responses[1].id);
  EXPECT_NE(seen_.responses[0].id, seen_.responses[2].id);
}

TEST_F(OpencodeDb, EqualFiguresOfParallelSessionsAreNoCopies) {
  session("s1", 1000);
  session("s2", 1000);
  message("b", "s1", answer(1001, "50"));
  message("c", "s2", answer(1001, "50"));
  close();
  ASSERT_TRUE(read_opencode_db(path(), seen_).value());
  ASSERT_EQ(seen_.responses.size(), 2U);
  EXPECT_NE(seen_.responses[0].id, seen_.responses[1].id);
}

TEST_F(OpencodeDb, CountsWhatItCannotRead) {
  session("s1", 1000);
  message("a", "s1", "{torn");
  message("b", "s1", answer(1001, "-5"));
  message("c", "s1", answer(1002, "99999999999999999999"));
  message("d", "s1", answer(1003, "1.5"));
  close();
  const auto stats = read_opencode_db(path(), seen_).value();
  EXPECT_EQ(stats->malformed, 4U);
  EXPECT_TRUE(seen_.responses.empty());
}

TEST_F(OpencodeDb, OtherDatabasesAreNotOpencodes) {
  run("DROP TABLE part");
  close();
  EXPECT_EQ(read_opencode_db(path(), seen_).value(), std::nullopt);
}

}  // namespace
}  // namespace ts
