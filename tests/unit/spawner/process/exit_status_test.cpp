#include "spawner/process/exit_status.hpp"

#include <gtest/gtest.h>

#include <csignal>

#include "spawner/process/stop_ladder.hpp"

namespace ts::process {
namespace {

TEST(ExitStatus, CodeAndSignalStayApart) {
  EXPECT_EQ(from_wait_status(143 << 8), ExitStatus(Exited{143}));
  EXPECT_EQ(from_wait_status(SIGTERM), ExitStatus(Signaled{SIGTERM}));
  EXPECT_NE(from_wait_status(143 << 8), from_wait_status(SIGTERM));
  EXPECT_EQ(shell_status(Exited{143}), shell_status(Signaled{SIGTERM}));
}

TEST(ExitStatus, CoreDumpIsASignal) { EXPECT_EQ(from_wait_status(SIGSEGV | 0x80), ExitStatus(Signaled{SIGSEGV})); }

TEST(ExitStatus, IsDescribed) {
  EXPECT_EQ(describe(Exited{3}), "exit 3");
  EXPECT_EQ(describe(Signaled{SIGKILL}), "SIGKILL");
  EXPECT_EQ(signal_name(200), "signal 200");
}

TEST(StopLadder, EndsInSigkill) {
  EXPECT_EQ(StopLadder{}.rungs.front().signal, SIGTERM);
  EXPECT_EQ(StopLadder{}.rungs.back().signal, SIGKILL);
  EXPECT_EQ(immediate_ladder().rungs.size(), 1U);
}

}  // namespace
}  // namespace ts::process
