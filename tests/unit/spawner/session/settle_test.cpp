#include "spawner/session/settle.hpp"

#include <gtest/gtest.h>

#include <csignal>
#include <nlohmann/json.hpp>

#include "spawner/session/words.hpp"

namespace ts::session {
namespace {

using loop::LoopResult;
using process::Exited;
using process::Signaled;
using supervisor::StopDecision;
using supervisor::StopReason;

LoopResult stopped_by(StopReason reason, std::int64_t limit = 0, std::int64_t observed = 0) {
  LoopResult result;
  result.decision = StopDecision{reason, limit, observed, {}};
  result.status = Signaled{SIGKILL};
  result.found = 6;
  return result;
}

struct Metered {
  capture::EventLog log{capture::RawFile{Error{Errc::unsupported, "none"}}};
  loop::Metering metering{setup(), log};
  static loop::MeteringSetup setup() {
    loop::MeteringSetup setup;
    setup.now = [] { return UtcTime{}; };
    return setup;
  }
  void spend(Tokens input) {
    UsageEvent event;
    const std::string id = "r" + std::to_string(++responses_);  // the event only points at it
    event.response_id = id;
    event.session = "session-1";
    event.counts.input = input;
    metering.sink(Source::stream).on_usage(event);
  }

 private:
  int responses_ = 0;
};

TEST(ExitStatusOf, TellsWhoEndedTheRun) {
  LoopResult own;
  own.status = Exited{7};
  EXPECT_EQ(exit_status_of(own), 7);
  own.status = Signaled{SIGTERM};
  EXPECT_EQ(exit_status_of(own), 128 + SIGTERM);
  own.status.reset();
  EXPECT_EQ(exit_status_of(own), kExitFailed) << "its status was lost";
  for (const auto reason : {StopReason::cap, StopReason::time, StopReason::idle}) EXPECT_EQ(exit_status_of(stopped_by(reason)), kExitCap);
  for (const auto reason : {StopReason::operator_word, StopReason::interrupt}) EXPECT_EQ(exit_status_of(stopped_by(reason)), kExitStopped);
  LoopResult failed;
  failed.launch_error = Error{Errc::not_found, "claude"};
  EXPECT_EQ(exit_status_of(failed), kExitNotFound);
  failed.launch_error = Error{Errc::permission_denied, "claude"};
  EXPECT_EQ(exit_status_of(failed), kExitNotExecutable);
}

TEST(Receipt, IsEmptyWhereNobodyStoppedAnything) {
  Metered m;
  EXPECT_EQ(receipt_of({}, m.metering, {}, ""), "");
}

TEST(Receipt, SaysWhatCrossedWhatAndWhatCameAfter) {
  Metered m;
  m.spend(120);
  auto result = stopped_by(StopReason::cap, 100, 120);
  result.observed_at_decision = 120;
  m.spend(30);
  ledger::RunStart start;
  start.cap.limit = 100;
  const auto j = nlohmann::json::parse(receipt_of(result, m.metering, start, "claude --resume s"));
  EXPECT_EQ(j["reason"], "cap");
  EXPECT_EQ(j["observed"], 120);
  EXPECT_EQ(j["counted_after_decision"], 30);
  EXPECT_EQ(j["overshoot"], 50);
  EXPECT_EQ(j["survivors"], 0);
  EXPECT_EQ(j["resume"], "claude --resume s");
}

TEST(Receipt, UnknownSurvivorsAreNull) {
  Metered m;
  auto result = stopped_by(StopReason::time);
  result.survivors_known = false;
  EXPECT_TRUE(nlohmann::json::parse(receipt_of(result, m.metering, {}, ""))["survivors"].is_null());
  EXPECT_NE(outcome_line({}, {}, result).find("can't be told"), std::string::npos);
}

TEST(OutcomeLine, WhereEveryRequestWasRefusedNothingIsUnknown) {
  auto result = stopped_by(StopReason::cap, 100, 0);
  EXPECT_NE(outcome_line({}, {}, result).find("tokens unknown"), std::string::npos);
  result.gateway = gateway::GatewayStats{};
  result.gateway->requests = 2;
  result.gateway->refused = 1;
  EXPECT_NE(outcome_line({}, {}, result).find("tokens unknown"), std::string::npos);
  result.gateway->refused = 2;
  EXPECT_NE(outcome_line({}, {}, result).find("nothing spent, every request was refused"), std::string::npos);
}

TEST(EndOf, AnAgentThatFailsHasFailedAndAStoppedOneHasNot) {
  Metered m;
  LoopResult own;
  own.status = Exited{1};
  EXPECT_EQ(end_of(own, m.metering, {}, {}).outcome, ledger::Outcome::failed);
  EXPECT_EQ(end_of(own, m.metering, {}, {}).exit_code, 1);
  EXPECT_EQ(end_of(stopped_by(StopReason::cap), m.metering, {}, {}).exit_signal, SIGKILL);
  EXPECT_FALSE(end_of(own, m.metering, {}, {}).ruling) << "nothing was metered";
}

TEST(ActualOf, UnknownIsNotWritten) {
  EXPECT_FALSE(actual_of({}, {}, ""));
  ledger::RunEnd end;
  end.ruling = Source::stream;
  end.totals.counts.input = 5;
  ASSERT_TRUE(actual_of({}, end, ""));
  EXPECT_EQ(actual_of({}, end, "")->count, 5);
}

TEST(LiveLine, BeginsWithWhatMattersMost) {
  control::Standing standing;
  standing.spent = 12'345;
  standing.cap = 40'000;
  standing.source = "stream";
  standing.elapsed_ms = 700;
  EXPECT_EQ(live_line(standing), "30 % · 12,345 of 40,000 fresh tokens · 0 s") << "the first second is no 0 µs";
  standing.cap = std::nullopt;
  EXPECT_EQ(live_line(standing), "12,345 fresh tokens · 0 s");
  standing.source.clear();
  EXPECT_EQ(live_line(standing), "nothing metered yet · 0 s");
}

}  // namespace
}  // namespace ts::session
