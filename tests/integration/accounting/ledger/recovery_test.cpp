#include "accounting/ledger/recovery.hpp"

#include "fixture.hpp"

namespace ts::ledger {
namespace {

/// Runs started by processes with odd pids live; the others are gone.
Here odd_pids_live() {
  return {"host-a", "b00t", [](std::int64_t pid) -> Result<std::optional<std::uint64_t>> {
            return pid % 2 == 1 ? std::optional<std::uint64_t>(123'456'789) : std::nullopt;
          }};
}

TEST_F(LedgerTest, SettlesTheRunsOfDeadProcesses) {
  auto ledger = open();
  for (int pid = 1; pid <= 4; ++pid) {
    RunStart run = sample_start("run" + std::to_string(pid));
    run.pid = pid;
    run.started += std::chrono::seconds(pid);
    ASSERT_TRUE(ledger->begin(run).has_value());
    const ResponseRow rows[] = {sample_response("a"), sample_response("b")};
    ASSERT_TRUE(ledger->record(run.id, rows, {}, kNoon + std::chrono::minutes(1), kLongWait).has_value());
  }
  ASSERT_TRUE(ledger->finish({"run4"}, sample_end()).has_value());
  RunStart elsewhere = sample_start("run5");
  elsewhere.host = "host-b";
  ASSERT_TRUE(ledger->begin(elsewhere).has_value());

  std::string seen;
  for (const OpenRun& run : open_runs(*ledger, odd_pids_live()).value())
    seen += run.run.start.id.text + "=" + std::to_string(static_cast<int>(run.liveness)) + " ";
  EXPECT_EQ(seen, "run5=2 run1=0 run2=1 run3=0 ");

  const auto settled = settle_dead_runs(*ledger, odd_pids_live()).value();
  ASSERT_EQ(settled.size(), 1U);
  EXPECT_EQ(settled[0].start.id.text, "run2");
  ASSERT_TRUE(settled[0].end.has_value());
  EXPECT_EQ(settled[0].end->outcome, Outcome::crashed);
  EXPECT_EQ(settled[0].end->ended, kNoon + std::chrono::minutes(1));
  EXPECT_EQ(settled[0].end->totals, (Totals{{8, 60, 10, 1400, 200, 4}, 2}));
  EXPECT_TRUE(settle_dead_runs(*ledger, odd_pids_live()).value().empty());
  EXPECT_EQ(ledger->list({.running_only = true}).value().size(), 3U);
}

TEST_F(LedgerTest, IsRecoveredByManyProcessesAtOnce) {
  {
    auto ledger = open();
    for (int i = 0; i < 20; ++i) {
      RunStart run = sample_start("run" + std::to_string(i));
      run.pid = 2;
      ASSERT_TRUE(ledger->begin(run).has_value());
    }
  }
  std::vector<pid_t> children;
  for (int i = 0; i < 8; ++i)
    children.push_back(in_child([&] {
      auto ledger = open_ledger(path(), OpenMode::write);
      return ledger.has_value() && settle_dead_runs(*ledger.value(), odd_pids_live()).has_value() ? 0 : 1;
    }));
  for (const pid_t child : children) EXPECT_EQ(wait_for(child), 0);
  EXPECT_TRUE(open()->list({.running_only = true}).value().empty());
}

}  // namespace
}  // namespace ts::ledger
