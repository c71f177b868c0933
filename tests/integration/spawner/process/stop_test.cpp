#include <sys/stat.h>

#include "process_fixture.hpp"
#include "spawner/process/cgroup.hpp"

namespace ts::process::test {
namespace {

class Stop : public ProcessTest, public testing::WithParamInterface<Tier> {
 protected:
  LaunchSpec contained(std::vector<std::string> argv) {
    auto result = spec(std::move(argv));
    result.tier = GetParam();
    return result;
  }
};

TEST_P(Stop, KillEndsTheSixProcessTree) {
  auto run = launch(contained({agent("tree")}));
  const auto pids = pids_of(read_line(out.read.get()));
  ASSERT_EQ(pids.size(), 6U);
  EXPECT_EQ(run.child->members()->size(), 6U);
  ASSERT_FALSE(run.child->kill_tree().has_error());
  const auto empty = run.wait<TreeEmpty>();
  EXPECT_EQ(alive_of(pids).size(), 0U);  // at once, not eventually: TreeEmpty is a proof
  EXPECT_EQ(empty.survivors, 0U);
  EXPECT_TRUE(run.saw<AgentExited>());
  EXPECT_EQ(run.child->tier(), GetParam());
}

TEST_P(Stop, CommandsThatComeTooLateLoseNothing) {
  for (int i = 0; i < 20; ++i) {
    auto own = prepare_local_launcher();
    ASSERT_FALSE(own.has_error());
    auto child = (*own)->launch(contained({"/bin/true"}));
    ASSERT_FALSE(child.has_error());
    Running run(std::move(child).value());
    const auto deadline = Clock::now() + kPatience;
    while (!run.saw<TreeEmpty>() && Clock::now() < deadline) {
      ASSERT_FALSE(run.child->signal_tree(SIGCONT).has_error());  // the warden may have ended, with this unread
      auto event = run.child->next_event();
      ASSERT_FALSE(event.has_error());
      if (*event) run.seen.push_back(**event);
    }
    EXPECT_TRUE(run.saw<AgentExited>());
    EXPECT_FALSE(run.saw<WardenLost>()) << "the end was taken for a crash";
  }
}

TEST_P(Stop, LadderTermIsIgnoredKillIsNot) {
  auto run = launch(contained({agent("tree")}));
  const auto pids = pids_of(read_line(out.read.get()));
  ASSERT_FALSE(run.child->signal_tree(SIGTERM).has_error());
  ASSERT_FALSE(run.child->kill_tree().has_error());
  const auto empty = run.wait<TreeEmpty>();
  EXPECT_EQ(empty.found, 6U);
  EXPECT_EQ(empty.survivors, 0U);
  EXPECT_TRUE(alive_of(pids).empty());
}

TEST_P(Stop, TermReachesEveryProcessAlsoTheStoppedOne) {
  auto run = launch(contained({agent("tree"), "tame"}));
  const auto pids = pids_of(read_line(out.read.get()));
  ASSERT_EQ(pids.size(), 6U);
  ASSERT_FALSE(run.child->signal_tree(SIGTERM).has_error());
  const auto empty = run.wait<TreeEmpty>();
  EXPECT_EQ(empty.found, 6U);
  EXPECT_TRUE(alive_of(pids).empty());
}

TEST_P(Stop, WhatTheAgentLeavesBehindIsFoundAndEnded) {
  auto run = launch(contained({agent("tree"), "leave"}));
  const auto pids = pids_of(read_line(out.read.get()));
  EXPECT_EQ(run.wait<AgentExited>().status, ExitStatus(Exited{7}));
  EXPECT_EQ(run.child->members()->size(), 5U);
  ASSERT_FALSE(run.child->kill_tree().has_error());
  run.wait<TreeEmpty>();
  EXPECT_TRUE(alive_of(pids).empty());
}

TEST_P(Stop, ForkChainCantOutrunTheSweep) {
  auto run = launch(contained({agent("storm"), "chain"}));
  ASSERT_FALSE(read_line(out.read.get()).empty());
  ASSERT_FALSE(run.child->kill_tree().has_error());
  EXPECT_EQ(run.wait<TreeEmpty>().survivors, 0U);
}

TEST_P(Stop, RespawnersDoNotOutliveTheSweep) {
  auto run = launch(contained({agent("storm"), "wide", "40"}));
  ASSERT_FALSE(read_line(out.read.get()).empty());
  ASSERT_TRUE(eventually([&] { return run.child->members()->size() > 30; }));
  ASSERT_FALSE(run.child->kill_tree().has_error());
  EXPECT_EQ(run.wait<TreeEmpty>().survivors, 0U);
}

TEST_P(Stop, DestroyingAChildEndsItsTree) {
  std::vector<pid_t> pids;
  {
    auto run = launch(contained({agent("tree")}));
    pids = pids_of(read_line(out.read.get()));
    ASSERT_EQ(pids.size(), 6U);
  }
  EXPECT_TRUE(alive_of(pids).empty());
}

TEST_P(Stop, LosingTheWardenEndsTheTree) {
  auto run = launch(contained({agent("tree")}));
  const auto pids = pids_of(read_line(out.read.get()));
  ASSERT_EQ(pids.size(), 6U);
  const pid_t warden = read_proc_stat(pids[0])->parent;
  ASSERT_NE(warden, ::getpid());
  ::kill(warden, SIGKILL);
  const auto empty = run.wait<TreeEmpty>();
  EXPECT_EQ(empty.survivors, 0U);
  EXPECT_TRUE(run.saw<WardenLost>());
  EXPECT_TRUE(run.saw<AgentExited>());
  EXPECT_TRUE(alive_of(pids).empty());
}

/// The driver plays tracked-spawn; nothing of its tree may survive it.
TEST_P(Stop, KillMinusNineOfTheLauncherEndsTheTree) {
  Pipe words;
  const pid_t driver = ::fork();
  if (driver == 0) {
    ::dup2(words.write.get(), 1);
    ::dup2(null.get(), 2);
    const std::string tier(name_of(GetParam()));
    ::execl(agent("spawn_driver").c_str(), "spawn_driver", "--tier", tier.c_str(), "--", agent("tree").c_str(), nullptr);
    ::_exit(127);
  }
  words.write.reset();
  auto pids = pids_of(read_line(words.read.get()));
  ASSERT_EQ(pids.size(), 6U);
  pids.push_back(read_proc_stat(pids[0])->parent);  // the warden goes too
  ::kill(driver, SIGKILL);
  ::waitpid(driver, nullptr, 0);
  EXPECT_TRUE(alive_after(pids).empty());
  EXPECT_EQ(read_to_end(words.read.get()), "");  // nobody holds the pipe
}

TEST_P(Stop, TheCgroupIsRemoved) {
  auto what = contained({agent("tree")});
  const auto folder = own_cgroup_folder();
  auto run = launch(what);
  ASSERT_EQ(pids_of(read_line(out.read.get())).size(), 6U);
  ASSERT_FALSE(run.child->kill_tree().has_error());
  run.wait<TreeEmpty>();
  run.child.reset();
  struct stat info {};
  ASSERT_NE(::stat((folder.has_error() ? "/none" : *folder + "/tracked-spawn-" + what.name).c_str(), &info), 0);
}

/// Where the machine gives us no cgroup v2 there is no such tier to test, and that is said.
std::vector<Tier> tiers_to_test() {
  auto tiers = full_tiers();
  if (tiers.size() == 1) std::fputs("note: no cgroup v2 to be had here: the subreaper's sweep is tested alone\n", stderr);
  return tiers;
}

INSTANTIATE_TEST_SUITE_P(Tiers, Stop, testing::ValuesIn(tiers_to_test()),
                         [](const auto& test) { return test.param == Tier::cgroup ? "Cgroup" : "Subreaper"; });

class StopRun : public ProcessTest {};

TEST_F(StopRun, WithoutProcTheGroupIsEnded) {
  auto what = spec({agent("deaf")});
  what.tier = Tier::process_group;
  auto run = launch(what);
  ASSERT_EQ(read_line(out.read.get()), "ready");
  ASSERT_FALSE(run.child->signal_tree(SIGTERM).has_error());
  EXPECT_EQ(run.wait<AgentExited>().status, ExitStatus(Signaled{SIGTERM}));
  EXPECT_EQ(run.wait<TreeEmpty>().found, 1U);
}

TEST_F(StopRun, TwoTreesAreEndedApart) {
  auto first = launch(spec({agent("deaf")}));
  ASSERT_EQ(read_line(out.read.get()), "ready");
  out = Pipe();
  auto second = launch(spec({agent("deaf")}));
  ASSERT_EQ(read_line(out.read.get()), "ready");
  ASSERT_FALSE(first.child->kill_tree().has_error());
  first.wait<TreeEmpty>();
  EXPECT_EQ(second.child->members()->size(), 1U);
  ASSERT_FALSE(second.child->kill_tree().has_error());
  second.wait<TreeEmpty>();
}

TEST_F(StopRun, ReportsWhatTheTreeUsed) {
  auto run = launch(spec({"/bin/sh", "-c", "i=0; while [ $i -lt 20000 ]; do i=$((i+1)); done"}));
  const auto empty = run.wait<TreeEmpty>();
  EXPECT_GT((empty.usage.user + empty.usage.system).count(), 0);
  EXPECT_GT(empty.usage.max_rss_kib, 100);
  EXPECT_EQ(empty.found, 0U);
}

TEST_F(StopRun, PidNamespaceSaysThatItIsNotBuilt) {
  auto what = spec({agent("deaf")});
  what.tier = Tier::pid_namespace;
  const auto child = launcher->launch(what);
  ASSERT_TRUE(child.has_error());
  EXPECT_EQ(child.error().code, Errc::unsupported);
  EXPECT_EQ(launch_exit_status(child.error()), 125);
}

}  // namespace
}  // namespace ts::process::test
