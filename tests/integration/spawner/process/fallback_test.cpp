#include <gmock/gmock.h>
#include <sys/prctl.h>

#include "spawner/process/cgroup.hpp"
#include "tests/integration/spawner/process/process_fixture.hpp"

/// What is used where something better is missing. tests/e2e/machine_e2e takes the better things away for real.
namespace ts::process::test {
namespace {

class Fallbacks : public ProcessTest {};

TEST_F(Fallbacks, ProbingFindsOurChildrenAndNoOthers) {
  std::vector<pid_t> children;
  for (int i = 0; i < 3; ++i) {
    const pid_t pid = ::fork();
    if (pid == 0) {
      ::pause();
      ::_exit(0);
    }
    children.push_back(pid);
  }
  const auto found = probe_children(children.front());
  for (const pid_t pid : children) {
    EXPECT_THAT(found, testing::Contains(pid));
    ::kill(pid, SIGKILL);
    ::waitpid(pid, nullptr, 0);
  }
  EXPECT_THAT(probe_children(children.front()), testing::Not(testing::Contains(testing::AnyOfArray(children))));
}

/// As the warden does without /proc: generation by generation, until wait(2) says that none is left.
TEST_F(Fallbacks, ATreeEndsByProbingAlone) {
  const pid_t guard = ::fork();
  if (guard == 0) {
    ::prctl(PR_SET_CHILD_SUBREAPER, 1);
    if (::fork() == 0) {
      ::dup2(out.write.get(), 1);
      const auto program = agent("tree");
      ::execl(program.c_str(), "tree", nullptr);
      ::_exit(127);
    }
    if (read_line(out.read.get()).empty()) ::_exit(1);
    while (::waitpid(-1, nullptr, WNOHANG) >= 0)
      for (const pid_t pid : probe_children(::getpid())) ::kill(pid, SIGKILL);
    ::_exit(errno == ECHILD ? 0 : 2);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(guard, &status, 0), guard);
  EXPECT_EQ(status, 0);
}

TEST_F(Fallbacks, TheProcessGroupTierEndsTheSixProcessTreeToo) {
  auto what = spec({agent("tree")});
  what.tier = Tier::process_group;
  auto run = launch(what);
  const auto pids = pids_of(read_line(out.read.get()));
  ASSERT_EQ(pids.size(), 6U);
  ASSERT_FALSE(run.child->kill_tree().has_error());
  EXPECT_GE(run.wait<TreeEmpty>().found, 6U);
  EXPECT_EQ(alive_of(pids), std::vector<pid_t>());
}

TEST_F(Fallbacks, AReleasedTreeLivesOn) {
  for (const Tier tier : full_tiers()) {
    out = Pipe();
    auto what = spec({agent("tree")});
    what.tier = tier;
    auto run = launch(what);
    const auto pids = pids_of(read_line(out.read.get()));
    ASSERT_EQ(pids.size(), 6U);
    ASSERT_FALSE(run.child->release_tree().has_error());
    run.child.reset();
    EXPECT_EQ(alive_of(pids).size(), 6U) << name_of(tier);
    for (const pid_t pid : pids) ::kill(pid, SIGKILL);
    EXPECT_EQ(alive_after(pids), std::vector<pid_t>());
    for (const pid_t pid : pids) ::waitpid(pid, nullptr, 0);  // orphans come to us
  }
  RunCgroup::remove_abandoned();
}

TEST_F(Fallbacks, OnlyAbandonedCgroupsAreRemoved) {
  if (!cgroup_works()) {
    EXPECT_EQ(RunCgroup::remove_abandoned(), 0U);
    return;
  }
  const auto exists = [](const std::string& path) { return ::access(path.c_str(), F_OK) == 0; };
  auto held = RunCgroup::create("test-held-" + std::to_string(::getpid()));
  ASSERT_FALSE(held.has_error());
  std::string left;
  {
    auto abandoned = RunCgroup::create("test-left-" + std::to_string(::getpid()));
    ASSERT_FALSE(abandoned.has_error());
    left = abandoned->path();
  }
  ASSERT_TRUE(exists(left));
  RunCgroup::remove_abandoned();
  EXPECT_FALSE(exists(left));
  EXPECT_TRUE(exists(held->path()));
  EXPECT_FALSE(held->remove().has_error());
}

}  // namespace
}  // namespace ts::process::test
