#include "spawner/session/ledger_entry.hpp"

#include <gtest/gtest.h>

#include "tests/integration/accounting/ledger/raw_sqlite.hpp"
#include "tests/support/temp_dir.hpp"

namespace ts::session {
namespace {

using namespace std::chrono_literals;

class LedgerEntryTest : public ::testing::Test {
 protected:
  LedgerEntryTest() {
    start.id = RunId{"run1"};
    start.agent = "claude";
    start.role = "engineer";
    EXPECT_TRUE(ledger::open_ledger(path, ledger::OpenMode::write).has_value());
  }
  LedgerEntry::Ending ending() {
    ledger::ResponseRow row;
    row.response_id = "r1";
    row.counts.input = 7;
    return {end, {row}, {}, UtcTime{}};
  }
  [[nodiscard]] std::size_t runs() const { return ledger::open_ledger(path, ledger::OpenMode::read).value()->list({}).value().size(); }

  testing::TempDir home;
  std::filesystem::path path = home / "ledger.db";
  ledger::RunStart start;
  ledger::RunEnd end;
  LedgerEntry entry{start, {.launch = 50ms, .live = 5ms, .end = 100ms}};
};

TEST_F(LedgerEntryTest, WritesRowResponsesAndOutcome) {
  entry.open(path);
  ASSERT_TRUE(entry.begin());
  ASSERT_TRUE(entry.live().has_value());
  ASSERT_TRUE(entry.finish(ending()).has_value());
  const auto ledger = ledger::open_ledger(path, ledger::OpenMode::read).value();
  EXPECT_EQ(ledger->responses(start.id)->size(), 1U);
  EXPECT_TRUE(ledger->find("run1")->end);
}

TEST_F(LedgerEntryTest, ALockedLedgerIsWrittenAsSoonAsItIsFree) {
  ledger::RawSqlite other(path);
  other.run("BEGIN EXCLUSIVE");
  entry.open(path);
  EXPECT_FALSE(entry.begin());
  EXPECT_EQ(entry.trouble().code, Errc::busy);
  EXPECT_TRUE(entry.is_pending());
  EXPECT_EQ(entry.live().error().code, Errc::busy);
  other.run("ROLLBACK");
  const auto live = entry.live();
  ASSERT_TRUE(live.has_value());
  EXPECT_NE(*live, nullptr);
  EXPECT_EQ(runs(), 1U);
}

TEST_F(LedgerEntryTest, ALedgerLockedToTheEndIsGivenUp) {
  ledger::RawSqlite other(path);
  other.run("BEGIN EXCLUSIVE");
  entry.open(path);
  EXPECT_FALSE(entry.begin());
  EXPECT_EQ(entry.finish(ending()).error().code, Errc::busy);
  other.run("ROLLBACK");
  EXPECT_EQ(runs(), 0U);
}

TEST_F(LedgerEntryTest, WhatIsNoLedgerIsNotTriedAgain) {
  const std::filesystem::path file = home / "text";
  std::FILE* text = std::fopen(file.c_str(), "w");
  std::fputs(std::string(4096, 'x').c_str(), text);
  std::fclose(text);
  entry.open(file);
  EXPECT_FALSE(entry.begin());
  EXPECT_FALSE(entry.is_pending());
  EXPECT_EQ(entry.trouble().code, Errc::corrupt);
  ASSERT_TRUE(entry.live().has_value());
  EXPECT_EQ(*entry.live(), nullptr);
  EXPECT_TRUE(entry.finish(ending()).has_value()) << "the run goes on without one";
}

TEST_F(LedgerEntryTest, WithoutALedgerNothingIsDone) {
  EXPECT_FALSE(entry.has_ledger());
  EXPECT_EQ(*entry.live(), nullptr);
  EXPECT_TRUE(entry.finish(ending()).has_value());
  entry.mark_task_written();
}

}  // namespace
}  // namespace ts::session
