#include "spawner/loop/run_loop.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>

#include "spawner/control/socket.hpp"
#include "tests/support/fake_child.hpp"
#include "tests/support/temp_dir.hpp"

namespace ts::loop {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::FakeAgent;

/// Keeps what the loop reports.
class Observer final : public RunObserver {
 public:
  void on_launching() override {}
  void on_first_output() override {
    if (at_first_output) at_first_output();
  }
  void on_started(process::Tier) override { ++started; }
  void on_warning(const Warn& warning) override {
    EXPECT_EQ(started, 1) << "the run's line comes first, and times count from it";
    warnings.push_back(warning.threshold);
  }
  void on_stop_begun(const supervisor::StopDecision&) override { ++stops; }
  void on_hold(const supervisor::AnnounceHold&) override {}
  void on_notice(std::string_view kind, const std::string&) override { notices.emplace_back(kind); }
  void on_session(std::string_view session) override { sessions.emplace_back(session); }
  void on_progress(const control::Standing&) override {}
  void before_agent_output() override {}
  bool record(std::vector<ledger::ResponseRow>& rows, const Totals&) override {
    if (!takes_rows) return false;
    for (const auto& row : rows) recorded.push_back(row.response_id);
    return true;
  }
  Result<void> on_cap_changed(const std::optional<std::int64_t>&) override { return {}; }
  void on_lease(std::int64_t) override {}

  std::function<void()> at_first_output;
  int started = 0;
  int stops = 0;
  bool takes_rows = true;
  std::vector<int> warnings;
  std::vector<std::string> notices, sessions, recorded;
};

std::string response(int number, int tokens) {
  return R"({"type":"assistant","message":{"id":"m)" + std::to_string(number) + R"(","model":"x","usage":{"input_tokens":)" + std::to_string(tokens) +
         R"(,"output_tokens":1}},"session_id":"s"})" "\n";
}

/// A run with a fake agent; its own stdout is /dev/null meanwhile.
class RunLoopTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::fflush(stdout);
    kept_stdout_ = ::dup(STDOUT_FILENO);
    const int null = ::open("/dev/null", O_WRONLY | O_CLOEXEC);
    ::dup2(null, STDOUT_FILENO);
    ::close(null);
  }
  void TearDown() override { give_back_stdout(); }

  Result<LoopResult> run(FakeAgent agent, supervisor::Policy policy) {
    launcher = std::make_unique<testing::FakeChildLauncher>(std::move(agent));
    return run_with(*launcher, std::move(policy));
  }
  Result<LoopResult> run_with(process::ChildLauncher& starter, supervisor::Policy policy) {
    auto folder = capture::RunFolder::create(home.path(), RunId{"testrun"});
    EXPECT_TRUE(folder.has_value());
    capture::EventLog log(folder->open_events());
    MeteringSetup metering_setup;
    metering_setup.now = [] { return UtcTime{}; };
    metering = std::make_unique<Metering>(metering_setup, log);
    LoopSetup setup;
    setup.id = RunId{"testrun"};
    setup.profile = agents::profile_named("claude");
    setup.metering = metering_setup;
    setup.policy = std::move(policy);
    setup.folder = &*folder;
    setup.follow.profile = setup.profile;
    setup.control_socket = control_socket();
    RunLoop loop(std::move(setup), *metering, observer, log);
    auto result = loop.run(starter);
    give_back_stdout();
    return result;
  }
  void give_back_stdout() {
    if (kept_stdout_ < 0) return;
    ::dup2(kept_stdout_, STDOUT_FILENO);
    ::close(std::exchange(kept_stdout_, -1));
  }
  static supervisor::Policy quick(std::optional<std::int64_t> cap = {}) {
    supervisor::Policy policy;
    policy.limits.cap = cap;
    policy.ladder = {{{SIGTERM, 20ms}, {SIGKILL, 5ms}}};
    policy.drain = 20ms;
    return policy;
  }

  [[nodiscard]] std::string control_socket() const { return home.path() + "/control.sock"; }

  testing::TempDir home;
  Observer observer;
  std::unique_ptr<testing::FakeChildLauncher> launcher;
  std::unique_ptr<Metering> metering;

 private:
  int kept_stdout_ = -1;
};

TEST_F(RunLoopTest, MetersWhatTheAgentPrintsAndEndsWithIt) {
  const auto result = run({.prints = response(1, 100) + response(2, 200), .status = process::Exited{3}}, quick());
  ASSERT_TRUE(result.has_value());
  EXPECT_EQ(result->status, process::ExitStatus{process::Exited{3}});
  EXPECT_FALSE(result->decision);
  EXPECT_EQ(metering->observed(), 302);
  EXPECT_EQ(observer.started, 1);
  EXPECT_THAT(observer.sessions, ElementsAre("s"));
  EXPECT_THAT(launcher->record.tree_signals, ElementsAre());
}

TEST_F(RunLoopTest, WhatIsHeardBeforeTheNewsOfTheStartIsSaidAfterIt) {
  observer.at_first_output = [this] { launcher->record.tell_start(); };
  auto policy = quick(150);
  policy.limits.thresholds = {50};
  const auto result = run({.prints = response(1, 100), .start_is_told_late = true}, policy);
  ASSERT_TRUE(result.has_value());
  EXPECT_EQ(observer.started, 1);
  EXPECT_THAT(observer.warnings, ElementsAre(50));
}

TEST_F(RunLoopTest, AtTheCapTheLadderIsClimbed) {
  const auto result = run({.prints = response(1, 100), .ends_by_itself = false, .dies_of = SIGKILL}, quick(50));
  ASSERT_TRUE(result.has_value());
  EXPECT_THAT(launcher->record.tree_signals, ElementsAre(SIGTERM, SIGKILL));
  ASSERT_TRUE(result->decision);
  EXPECT_EQ(result->decision->observed, 101);
  EXPECT_EQ(result->survivors, 0U);
  EXPECT_TRUE(result->crossing_to_dead);
  EXPECT_EQ(observer.stops, 1);
}

TEST_F(RunLoopTest, WhatSigkillDoesNotEndIsCountedAndLeft) {
  const auto result = run({.prints = response(1, 100), .ends_by_itself = false, .dies_of = 0, .members = std::vector<pid_t>{4711, 4712}}, quick(50));
  ASSERT_TRUE(result.has_value());
  EXPECT_EQ(result->survivors, 2U);
  EXPECT_TRUE(result->survivors_known);
  EXPECT_FALSE(result->status);
}

TEST_F(RunLoopTest, SurvivorsThatCannotBeListedAreUnknownNotNone) {
  const auto result = run({.prints = response(1, 100), .ends_by_itself = false, .dies_of = 0, .members = Error{Errc::unsupported, "no /proc"}}, quick(50));
  ASSERT_TRUE(result.has_value());
  EXPECT_FALSE(result->survivors_known);
}

TEST_F(RunLoopTest, LeftoversAreEndedAfterTheDrain) {
  const auto result = run({.leaves_children = true, .members = std::vector<pid_t>{4712}}, quick());
  ASSERT_TRUE(result.has_value());
  EXPECT_EQ(result->leftovers, 1U);
  EXPECT_THAT(launcher->record.tree_signals, ElementsAre(SIGTERM));
  EXPECT_FALSE(launcher->record.released);
}

TEST_F(RunLoopTest, LeftoversThatMayStayAreReleased) {
  auto policy = quick();
  policy.leftovers = supervisor::Leftovers::keep;
  const auto result = run({.leaves_children = true, .members = std::vector<pid_t>{4712}}, policy);
  ASSERT_TRUE(result.has_value());
  EXPECT_TRUE(launcher->record.released);
  EXPECT_THAT(launcher->record.tree_signals, ElementsAre());
}

TEST_F(RunLoopTest, AFailedLaunchIsTheResultOfTheRun) {
  const auto refused = run({.launch_error = Error{Errc::not_found, "claude: not found"}}, quick());
  ASSERT_TRUE(refused.has_error());
  EXPECT_EQ(refused.error().code, Errc::not_found);
}

TEST_F(RunLoopTest, AFailedExecIsToldApart) {
  const auto result = run({.exec_error = Error{Errc::permission_denied, "claude: can't be executed"}}, quick());
  ASSERT_TRUE(result.has_value());
  ASSERT_TRUE(result->launch_error);
  EXPECT_EQ(result->launch_error->code, Errc::permission_denied);
  EXPECT_EQ(observer.started, 0);
}

TEST_F(RunLoopTest, ALedgerThatTakesNoRowsLosesNone) {
  observer.takes_rows = false;
  const auto result = run({.prints = response(1, 100) + response(2, 200)}, quick());
  ASSERT_TRUE(result.has_value());
  EXPECT_EQ(metering->pending_rows(), 2U);
}

TEST_F(RunLoopTest, TheAgentGetsItsOwnPipesAndNoTerminal) {
  ASSERT_TRUE(run({}, quick()).has_value());
  EXPECT_NE(launcher->record.spec.stdio[1], STDOUT_FILENO);
  EXPECT_NE(launcher->record.spec.stdio[2], launcher->record.spec.stdio[1]);
  EXPECT_NE(launcher->record.spec.terminal, process::TerminalMode::pty);
}

/// An agent that looks around in the moment of its start.
class CuriousLauncher final : public process::ChildLauncher {
 public:
  explicit CuriousLauncher(std::string socket) : socket_(std::move(socket)) {}
  Result<std::unique_ptr<process::Child>> launch(const process::LaunchSpec& spec) override {
    heard = control::ask(socket_, control::UsageRequest{}, 1ms);
    return inner_.launch(spec);
  }
  std::optional<Result<control::Answer>> heard;

 private:
  std::string socket_;
  testing::FakeChildLauncher inner_{FakeAgent{}};
};

TEST_F(RunLoopTest, TheControlSocketIsThereBeforeTheAgentIs) {
  CuriousLauncher curious(control_socket());
  ASSERT_TRUE(run_with(curious, quick()).has_value());
  ASSERT_TRUE(curious.heard && curious.heard->has_error());
  EXPECT_EQ(curious.heard->error().code, Errc::timed_out);  // it listens; it answers as soon as the agent is started
  EXPECT_THAT(observer.notices, ElementsAre());
}

}  // namespace
}  // namespace ts::loop
