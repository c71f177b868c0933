#include "spawner/session/recover.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "accounting/ledger/books.hpp"
#include "spawner/session/identity.hpp"
#include "tests/support/temp_dir.hpp"

namespace ts::session {
namespace {

namespace fs = std::filesystem;

/// A crashed run: its process is gone, its folder holds more than its ledger has got.
TEST(Recover, BringsInWhatOnlyTheFolderProvesAndTheEndCountsIt) {
  const testing::TempDir home;
  const fs::path folder = home / "run";
  fs::create_directories(folder);
  const auto logged = [](std::string_view id) {
    return R"({"at":"2026-11-21T19:54:13Z","kind":"usage","source":"gateway","response":")" + std::string(id) +
           R"(","model":"gpt-5","input":10,"cache_write_5m":0,"cache_write_1h":0,"cache_read":0,"output":5,"reasoning":0,"requests":1})" "\n";
  };
  std::ofstream(folder / "events.jsonl") << logged("a") << logged("b") << logged("b").substr(0, 99);
  auto books = ledger::Books::open(home / "ledger.db", ledger::OpenMode::write).value();
  ledger::RunStart start;
  start.id = RunId{"crashed000"};
  start.agent = "codex";
  start.role = "engineer";
  start.argv = {"codex", "exec"};
  start.host = this_process().host;
  start.boot_id = "another boot";
  start.run_dir = folder;
  ASSERT_TRUE(books->runs().begin(start).has_value());
  ledger::ResponseRow known;
  known.source = Source::gateway;
  known.response_id = "a";
  known.counts.input = 10;
  known.counts.output = 5;
  ASSERT_TRUE(books->runs().record(start.id, std::span(&known, 1), {}, UtcTime{}, std::chrono::seconds(5)).has_value());
  for (int i = 0; i < 2; ++i) {
    const auto done = recover(*books, home.path(), {}, RecoverScope::open_rows).value();
    ASSERT_EQ(done.size(), i == 0 ? 1U : 0U) << "safe to repeat";
    EXPECT_EQ(books->runs().responses(start.id)->size(), 2U);
    const auto run = books->runs().find(start.id.text).value();
    ASSERT_TRUE(run.end);
    EXPECT_EQ(run.end->totals.counts.output, 10) << "the sum of its rows";
    EXPECT_EQ(run.end->ruling, Source::gateway);
  }
}

}  // namespace
}  // namespace ts::session
