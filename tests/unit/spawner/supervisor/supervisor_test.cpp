#include "spawner/supervisor/supervisor.hpp"

#include <gtest/gtest.h>

#include <csignal>

namespace ts::supervisor {
namespace {

using process::Exited;
using process::Signaled;
using namespace std::chrono_literals;

const MonoTime kStart{std::chrono::hours{1}};

/// The names of the actions, in order.
std::string words(const Actions& actions) {
  struct Namer {
    std::string operator()(const Warn& a) const { return "warn" + std::to_string(a.threshold); }
    std::string operator()(const AnnounceStop& a) const { return "stop:" + std::string{name_of(a.decision.reason)}; }
    std::string operator()(const RefuseRequests&) const { return "refuse"; }
    std::string operator()(const HoldRequests&) const { return "hold"; }
    std::string operator()(const ResumeRequests&) const { return "resume"; }
    std::string operator()(const AnnounceHold& a) const { return "held:" + std::string{name_of(a.reason)}; }
    std::string operator()(const WindDown& a) const { return "winddown" + std::to_string(a.percent); }
    std::string operator()(const SignalTree& a) const { return "signal" + std::to_string(a.signal); }
    std::string operator()(const KillTree&) const { return "kill"; }
    std::string operator()(const ForwardSignal& a) const { return "forward" + std::to_string(a.signal); }
    std::string operator()(const CloseStreams&) const { return "close"; }
    std::string operator()(const AnnounceLeftovers&) const { return "leftovers"; }
    std::string operator()(const ReleaseTree&) const { return "release"; }
    std::string operator()(const GiveUp&) const { return "give-up"; }
    std::string operator()(const Finish&) const { return "finish"; }
  };
  std::string out;
  for (const Action& action : actions) out += (out.empty() ? "" : " ") + std::visit(Namer{}, action);
  return out;
}

Policy capped(std::int64_t cap) {
  Policy policy;
  policy.limits.cap = cap;
  return policy;
}

Supervisor launched(Policy policy) {
  Supervisor supervisor(std::move(policy));
  EXPECT_EQ(words(supervisor.on(Launched{}, kStart)), "");
  return supervisor;
}

TEST(Supervisor, AgentThatEndsByItselfFinishesWhenStreamsAndTreeAreGone) {
  Supervisor s = launched(capped(1000));
  EXPECT_EQ(words(s.on(AgentExited{Exited{3}}, kStart + 1s)), "");
  EXPECT_EQ(words(s.on(StreamsClosed{}, kStart + 1s)), "");
  EXPECT_EQ(words(s.on(TreeEmpty{}, kStart + 1s)), "finish");
  EXPECT_EQ(s.agent_status(), ExitStatus{Exited{3}});
  EXPECT_FALSE(s.decision());
}

TEST(Supervisor, WarnsOnceAThresholdAndStopsAtTheCap) {
  Supervisor s = launched(capped(1000));
  EXPECT_EQ(words(s.on(Counted{499}, kStart)), "");
  EXPECT_EQ(words(s.on(Counted{500}, kStart)), "warn50");
  EXPECT_EQ(words(s.on(Counted{510}, kStart)), "");
  EXPECT_EQ(words(s.on(Counted{960}, kStart)), "warn95");
  EXPECT_EQ(words(s.on(Counted{1000}, kStart)), "refuse signal15 stop:cap");
  ASSERT_TRUE(s.decision());
  EXPECT_EQ(s.decision()->limit, 1000);
  EXPECT_EQ(s.decision()->observed, 1000);
}

TEST(Supervisor, BehindTheGatewayTheAgentMayHearTheRefusalAndEndByItself) {
  Supervisor s = launched(capped(1000));
  EXPECT_EQ(words(s.on(Counted{1000, Guard::gateway}, kStart)), "refuse stop:cap");
  EXPECT_EQ(s.next_deadline(), kStart + 5s);
  EXPECT_EQ(words(s.on(AgentExited{Exited{1}}, kStart + 1s)), "signal15");  // for what it left behind
  EXPECT_EQ(words(s.on(StreamsClosed{}, kStart + 1s)), "");
  EXPECT_EQ(words(s.on(TreeEmpty{}, kStart + 1s)), "finish");
  EXPECT_EQ(s.decision()->reason, StopReason::cap);
}

TEST(Supervisor, ARefusedRequestStopsTheRunAndTheLadderFollowsIfTheAgentStays) {
  Supervisor s = launched(capped(1000));
  (void)s.on(Counted{900}, kStart);
  EXPECT_EQ(words(s.on(RequestRefused{}, kStart)), "refuse stop:cap");
  EXPECT_EQ(words(s.on(RequestRefused{}, kStart)), "");
  EXPECT_EQ(s.decision()->observed, 900);
  EXPECT_EQ(words(s.on(Tick{}, kStart + 5s)), "signal15");
  EXPECT_EQ(words(s.on(Tick{}, kStart + 10s)), "kill");
}

TEST(Supervisor, ARefusedRequestStopsNothingWhereTheUserWantsToDecide) {
  Policy policy = capped(1000);
  policy.limits.on_cap = OnCap::hold;
  Supervisor s = launched(policy);
  EXPECT_EQ(words(s.on(RequestRefused{}, kStart)), "");
  EXPECT_EQ(s.phase(), Phase::running);
}

TEST(Supervisor, AHeldRunWaitsForAPersonAndIsNotIdle) {
  Policy policy = capped(1000);
  policy.limits.on_cap = OnCap::hold;
  policy.limits.max_idle = 10s;
  policy.limits.max_time = 1h;
  Supervisor s = launched(policy);
  (void)s.on(Counted{940, Guard::gateway}, kStart);
  EXPECT_EQ(words(s.on(RequestHeld{}, kStart + 1s)), "held:cap");
  EXPECT_EQ(words(s.on(RequestHeld{}, kStart + 1s)), "");
  EXPECT_EQ(s.phase(), Phase::held);
  EXPECT_EQ(s.next_deadline(), kStart + 1h);
  EXPECT_EQ(words(s.on(Tick{}, kStart + 10min)), "");
  EXPECT_EQ(words(s.on(CapChanged{5000}, kStart + 10min)), "resume");
  EXPECT_EQ(s.phase(), Phase::running);
  EXPECT_EQ(s.next_deadline(), kStart + 10min + 10s);
  EXPECT_EQ(s.held_for(), 599s);
  EXPECT_EQ(words(s.on(Tick{}, kStart + 10min + 10s)), "refuse signal15 stop:idle");
}

TEST(Supervisor, AHeldRunCanBeStoppedEndedByTimeOrEndByItself) {
  Policy policy = capped(1000);
  policy.limits.on_cap = OnCap::hold;
  policy.limits.max_time = 1min;
  const auto held = [&] {
    Supervisor s = launched(policy);
    EXPECT_EQ(words(s.on(RequestHeld{}, kStart)), "held:cap");
    return s;
  };
  Supervisor stopped = held();
  EXPECT_EQ(words(stopped.on(StopRequested{}, kStart + 1s)), "refuse signal15 stop:operator");
  EXPECT_EQ(stopped.held_for(), 1s);
  Supervisor late = held();
  EXPECT_EQ(words(late.on(Tick{}, kStart + 1min)), "refuse signal15 stop:time");
  Supervisor ended = held();
  EXPECT_EQ(words(ended.on(AgentExited{Exited{0}}, kStart)), "resume");
  EXPECT_EQ(ended.phase(), Phase::draining);
}

TEST(Supervisor, AnOperatorHoldsAndResumesWhateverTheCap) {
  Supervisor s = launched(capped(1000));
  EXPECT_EQ(words(s.on(HoldRequested{}, kStart)), "hold held:operator");
  EXPECT_EQ(words(s.on(HoldRequested{}, kStart)), "");
  EXPECT_EQ(words(s.on(CapChanged{2000}, kStart)), "");
  EXPECT_EQ(s.phase(), Phase::held);
  EXPECT_EQ(words(s.on(ResumeRequested{}, kStart)), "resume");
  EXPECT_EQ(words(s.on(ResumeRequested{}, kStart)), "");
  EXPECT_EQ(words(s.on(SignalReceived{SIGINT}, kStart)), "forward2");
}

TEST(Supervisor, TheAgentHearsEachThresholdOnce) {
  Policy policy = capped(1000);
  policy.limits.thresholds = {};
  policy.wind_down = {70, 80, 90};
  Supervisor s = launched(policy);
  EXPECT_EQ(words(s.on(Counted{699}, kStart)), "");
  EXPECT_EQ(words(s.on(Counted{850}, kStart)), "winddown80");  // and not 70 too
  EXPECT_EQ(words(s.on(Counted{860}, kStart)), "");
  EXPECT_EQ(words(s.on(CapChanged{10'000}, kStart)), "");
  EXPECT_EQ(words(s.on(Counted{7'500}, kStart)), "winddown70");  // with more room it is news again
}

TEST(Supervisor, WhereTheGatewayCantHoldTheCapStops) {
  Policy policy = capped(1000);
  policy.limits.on_cap = OnCap::hold;
  Supervisor s = launched(policy);
  EXPECT_EQ(words(s.on(Counted{1000, Guard::none}, kStart)), "refuse signal15 stop:cap");
}

TEST(Supervisor, CountAfterTheStopChangesNothing) {
  Supervisor s = launched(capped(1000));
  (void)s.on(Counted{1000}, kStart);
  EXPECT_EQ(words(s.on(Counted{5000}, kStart)), "");
  EXPECT_EQ(s.decision()->observed, 1000);
}

TEST(Supervisor, GoesUpTheLadderWhenNobodyFollows) {
  Supervisor s = launched(capped(10));
  (void)s.on(Counted{10}, kStart);
  EXPECT_EQ(s.next_deadline(), kStart + 5s);
  EXPECT_EQ(words(s.on(Tick{}, kStart + 4s)), "");
  EXPECT_EQ(words(s.on(Tick{}, kStart + 5s)), "kill");
  EXPECT_EQ(words(s.on(Tick{}, kStart + 7s)), "kill") << "the last rung repeats until the tree is empty";
  EXPECT_EQ(words(s.on(AgentExited{Signaled{SIGKILL}}, kStart + 7s)), "");
  EXPECT_EQ(words(s.on(StreamsClosed{}, kStart + 7s)), "");
  EXPECT_EQ(words(s.on(TreeEmpty{}, kStart + 7s)), "finish");
}

TEST(Supervisor, AgentDeadInTheGraceButNotItsTree) {
  Supervisor s = launched(capped(10));
  (void)s.on(Counted{10}, kStart);
  (void)s.on(AgentExited{Exited{0}}, kStart + 1s);
  (void)s.on(StreamsClosed{}, kStart + 1s);
  EXPECT_EQ(s.phase(), Phase::stopping);
  EXPECT_EQ(words(s.on(Tick{}, kStart + 5s)), "kill");
  EXPECT_EQ(words(s.on(TreeEmpty{}, kStart + 5s)), "finish");
}

TEST(Supervisor, ReportModeSaysItAndGoesOn) {
  Policy policy = capped(100);
  policy.limits.on_cap = OnCap::report;
  Supervisor s = launched(policy);
  EXPECT_EQ(words(s.on(Counted{150}, kStart)), "warn100");
  EXPECT_EQ(words(s.on(Counted{300}, kStart)), "");
  EXPECT_TRUE(s.over_cap());
  EXPECT_EQ(s.phase(), Phase::running);
}

TEST(Supervisor, WallClockAndIdleLimits) {
  Policy policy;
  policy.limits.max_time = 60s;
  policy.limits.max_idle = 10s;
  Supervisor s = launched(policy);
  EXPECT_EQ(s.next_deadline(), kStart + 10s);
  (void)s.on(Activity{}, kStart + 9s);
  EXPECT_EQ(words(s.on(Tick{}, kStart + 10s)), "");
  EXPECT_EQ(words(s.on(Tick{}, kStart + 19s)), "refuse signal15 stop:idle");

  Supervisor t = launched(policy);
  for (int i = 5; i < 60; i += 5) (void)t.on(Activity{}, kStart + std::chrono::seconds{i});
  EXPECT_EQ(words(t.on(Tick{}, kStart + 60s)), "refuse signal15 stop:time");
}

TEST(Supervisor, FirstInterruptGoesToTheAgentTheSecondStops) {
  Supervisor s = launched({});
  EXPECT_EQ(words(s.on(SignalReceived{SIGINT}, kStart)), "forward2");
  EXPECT_EQ(words(s.on(SignalReceived{SIGINT}, kStart + 1s)), "refuse signal15 stop:interrupt");
  EXPECT_EQ(words(s.on(SignalReceived{SIGINT}, kStart + 2s)), "kill");
}

TEST(Supervisor, InterruptsFarApartAreBothTheAgents) {
  Supervisor s = launched({});
  EXPECT_EQ(words(s.on(SignalReceived{SIGINT}, kStart)), "forward2");
  EXPECT_EQ(words(s.on(SignalReceived{SIGINT}, kStart + 6s)), "forward2");
  EXPECT_EQ(words(s.on(SignalReceived{SIGTERM}, kStart + 7s)), "refuse signal15 stop:operator");
}

TEST(Supervisor, LeftoversAreEndedAfterTheDrain) {
  Supervisor s = launched({});
  EXPECT_EQ(words(s.on(AgentExited{Exited{0}}, kStart)), "");
  EXPECT_EQ(s.next_deadline(), kStart + 2s);
  EXPECT_EQ(words(s.on(Tick{}, kStart + 2s)), "leftovers signal15");
  EXPECT_EQ(words(s.on(Tick{}, kStart + 7s)), "kill");
  EXPECT_EQ(words(s.on(TreeEmpty{}, kStart + 7s)), "");
  EXPECT_EQ(words(s.on(StreamsClosed{}, kStart + 7s)), "finish");
  EXPECT_FALSE(s.decision()) << "the run itself was not stopped";
}

TEST(Supervisor, LeftoversMayBeKept) {
  Policy policy;
  policy.leftovers = Leftovers::keep;
  Supervisor s = launched(policy);
  (void)s.on(AgentExited{Exited{0}}, kStart);
  EXPECT_EQ(words(s.on(Tick{}, kStart + 2s)), "release close finish");
}

TEST(Supervisor, StreamHeldByAnEscapedProcessEndsWithTheDrain) {
  Supervisor s = launched({});
  (void)s.on(AgentExited{Exited{0}}, kStart);
  EXPECT_EQ(words(s.on(TreeEmpty{}, kStart)), "");
  EXPECT_EQ(words(s.on(Tick{}, kStart + 2s)), "close finish");
}

TEST(Supervisor, ARaisedCapMakesThresholdsNewsAgain) {
  Supervisor s = launched(capped(1000));
  EXPECT_EQ(words(s.on(Counted{960}, kStart)), "warn95");
  EXPECT_EQ(words(s.on(CapChanged{3000}, kStart)), "");
  EXPECT_EQ(words(s.on(Counted{1500}, kStart)), "warn50");
  EXPECT_EQ(words(s.on(Counted{3000}, kStart)), "refuse signal15 stop:cap");
}

TEST(Supervisor, ALoweredCapStopsAtOnce) {
  Supervisor s = launched(capped(1000));
  (void)s.on(Counted{400}, kStart);
  EXPECT_EQ(words(s.on(CapChanged{300}, kStart)), "refuse signal15 stop:cap");
}

TEST(Supervisor, OperatorStopWinsOnlyOnce) {
  Supervisor s = launched(capped(1000));
  EXPECT_EQ(words(s.on(StopRequested{}, kStart)), "refuse signal15 stop:operator");
  EXPECT_EQ(words(s.on(StopRequested{}, kStart)), "");
  EXPECT_EQ(words(s.on(Counted{2000}, kStart)), "");
  EXPECT_EQ(s.decision()->reason, StopReason::operator_word);
}

TEST(Supervisor, OutputHeardBeforeTheStartIsJudgedAtTheStart) {
  Supervisor s(capped(100));
  EXPECT_EQ(words(s.on(Counted{150}, kStart)), "");
  EXPECT_EQ(words(s.on(SignalReceived{SIGINT}, kStart)), "forward2");
  EXPECT_EQ(words(s.on(Launched{}, kStart)), "refuse signal15 stop:cap");
}

TEST(Supervisor, AStopThatIsQuickerThanTheStartIsNotForgotten) {
  for (const Event& event : {Event{SignalReceived{SIGTERM}}, Event{StopRequested{}}}) {
    Supervisor s(capped(100));
    EXPECT_EQ(words(s.on(event, kStart)), "refuse signal15 stop:operator");
    EXPECT_EQ(words(s.on(Launched{}, kStart + 1ms)), "");
    EXPECT_EQ(s.next_deadline(), kStart + 5s);
    EXPECT_EQ(words(s.on(Tick{}, kStart + 5s)), "kill");
  }
}

TEST(Supervisor, ALadderAlwaysEndsInKill) {
  Policy policy = capped(10);
  policy.ladder = {{{SIGINT, 1s}}};
  Supervisor s = launched(policy);
  EXPECT_EQ(words(s.on(Counted{10}, kStart)), "refuse signal2 stop:cap");
  EXPECT_EQ(words(s.on(Tick{}, kStart + 1s)), "kill");
}

TEST(Supervisor, WhatSigkillDoesNotEndIsGivenUpInTheEnd) {
  Policy policy = capped(10);
  policy.ladder = {{{SIGKILL, 2s}}};
  Supervisor s = launched(policy);
  EXPECT_EQ(words(s.on(Counted{10}, kStart)), "refuse kill stop:cap");
  for (int i = 1; i <= 4; ++i) EXPECT_EQ(words(s.on(Tick{}, kStart + i * 2s)), "kill");
  EXPECT_EQ(words(s.on(Tick{}, kStart + 10s)), "give-up close finish");
  EXPECT_EQ(s.phase(), Phase::finished);
}

TEST(Supervisor, LeftoversThatSigkillDoesNotEndAreGivenUpToo) {
  Policy policy;
  policy.ladder = {{{SIGKILL, 1s}}};
  Supervisor s = launched(policy);
  (void)s.on(AgentExited{Exited{0}}, kStart);
  (void)s.on(StreamsClosed{}, kStart);
  EXPECT_EQ(words(s.on(Tick{}, kStart + 2s)), "leftovers kill");
  for (int i = 3; i <= 6; ++i) EXPECT_EQ(words(s.on(Tick{}, kStart + i * 1s)), "kill");
  EXPECT_EQ(words(s.on(Tick{}, kStart + 7s)), "give-up finish");
}

}  // namespace
}  // namespace ts::supervisor
