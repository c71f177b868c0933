#include "spawner/process/command.hpp"

#include <gtest/gtest.h>
#include <sys/wait.h>

#include <csignal>

namespace ts::process {
namespace {

using namespace std::chrono_literals;

TEST(CommandTest, GivesStatusAndOutput) {
  Command command = shell_command("echo out; echo err >&2; cat; echo $WORD; exit 3");
  command.env = {"WORD=word", "PATH=/usr/bin:/bin"};
  command.input = "in\n";
  const auto result = run_command(command).value();
  EXPECT_EQ(result.status, (ExitStatus{Exited{3}}));
  EXPECT_EQ(result.output, "out\nerr\nin\nword\n");
  EXPECT_FALSE(result.timed_out);
  EXPECT_EQ(run_command(shell_command("kill -9 $$")).value().status, (ExitStatus{Signaled{9}}));
}

TEST(CommandTest, KeepsTheEndOfALongOutput) {
  Command command = shell_command("i=0; while [ $i -lt 30000 ]; do echo line $i; i=$((i+1)); done");
  const auto result = run_command(command).value();
  EXPECT_LE(result.output.size(), 16U * 1024U);
  EXPECT_TRUE(result.output.ends_with("line 29999\n"));
}

TEST(CommandTest, IsKilledWithItsGroupAtTheLimit) {
  Command command = shell_command("sleep 600 & sleep 600");
  command.env = {"PATH=/usr/bin:/bin"};
  command.limit = 200ms;
  const auto result = run_command(command).value();
  EXPECT_TRUE(result.timed_out);
  EXPECT_EQ(result.status, (ExitStatus{Signaled{SIGKILL}}));
}

TEST(CommandTest, DoesNotWaitForWhatItLeavesBehind) {
  Command command = shell_command("sleep 600 & echo $!");
  command.env = {"PATH=/usr/bin:/bin"};
  const auto result = run_command(command).value();
  EXPECT_FALSE(result.timed_out);
  const pid_t left = std::stoi(result.output);
  EXPECT_EQ(::kill(left, SIGKILL), 0) << "it was still there";
}

TEST(CommandTest, SaysWhatCannotBeStarted) {
  Command command;
  command.argv = {"/no/such/program"};
  EXPECT_EQ(run_command(command).error().code, Errc::not_found);
  EXPECT_EQ(start_command(command).error().code, Errc::not_found);
}

TEST(CommandTest, StartsWithoutWaiting) {
  Command command = shell_command("exit 4");
  const pid_t pid = start_command(command).value();
  int status = 0;
  ASSERT_EQ(::waitpid(pid, &status, 0), pid);
  EXPECT_EQ(WEXITSTATUS(status), 4);
}

}  // namespace
}  // namespace ts::process
