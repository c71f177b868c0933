#include "accounting/ledger/recovery.hpp"

#include <gtest/gtest.h>

namespace ts::ledger {
namespace {

using Ticks = Result<std::optional<std::uint64_t>>;

RunStart run_of(std::int64_t pid, std::uint64_t ticks, std::string boot = "boot-1") {
  RunStart run;
  run.host = "here";
  run.boot_id = std::move(boot);
  run.pid = pid;
  run.pid_start_ticks = ticks;
  return run;
}

Here here_with(const Ticks& answer, std::string boot = "boot-1") {
  return {"here", std::move(boot), [answer](std::int64_t) { return answer; }};
}

TEST(Liveness, NeedsHostBootPidAndStart) {
  const Ticks same = std::optional<std::uint64_t>(77), other = std::optional<std::uint64_t>(78),
              none = std::optional<std::uint64_t>(), hidden = Error{Errc::unsupported, "no /proc"};
  EXPECT_EQ(liveness_of(run_of(5, 77), here_with(same)), Liveness::alive);
  EXPECT_EQ(liveness_of(run_of(5, 77), here_with(other)), Liveness::dead) << "the pid came round again";
  EXPECT_EQ(liveness_of(run_of(5, 77), here_with(none)), Liveness::dead);
  EXPECT_EQ(liveness_of(run_of(5, 77), here_with(hidden)), Liveness::unknown);
  EXPECT_EQ(liveness_of(run_of(5, 77), here_with(same, "boot-2")), Liveness::dead)
      << "the machine has restarted";
  EXPECT_EQ(liveness_of(run_of(5, 77, ""), here_with(same)), Liveness::alive);
  EXPECT_EQ(liveness_of(run_of(5, 77), here_with(same, "")), Liveness::alive);
  EXPECT_EQ(liveness_of(run_of(5, 0), here_with(same)), Liveness::unknown) << "the run began where there was no /proc";
  EXPECT_EQ(liveness_of(run_of(5, 0), here_with(none)), Liveness::dead);
  RunStart elsewhere = run_of(5, 77);
  elsewhere.host = "there";
  EXPECT_EQ(liveness_of(elsewhere, here_with(none)), Liveness::unknown);
}

ResponseRow row(Source source, std::string model, Tokens input, Tokens output, std::string session = "s") {
  ResponseRow response;
  response.source = source;
  response.model = std::move(model);
  response.session = std::move(session);
  response.counts.input = input;
  response.counts.output = output;
  return response;
}

TEST(EndFromRows, TakesTheHighestSource) {
  RunRecord run;
  run.heartbeat = UtcTime{std::chrono::seconds(50)};
  const std::vector<ResponseRow> rows = {
      row(Source::stream, "a", 10, 1), row(Source::transcript, "a", 10, 100, "t"),
      row(Source::transcript, "b", 1, 2, "s"), row(Source::gateway, "a", 10, 100)};
  const RunEnd end = end_from_rows(run, rows);
  EXPECT_EQ(end.outcome, Outcome::crashed);
  EXPECT_EQ(end.ended, run.heartbeat);
  EXPECT_EQ(end.ruling, Source::transcript);
  EXPECT_EQ(end.totals, (Totals{{11, 0, 0, 0, 102, 0}, 2}));
  EXPECT_EQ(end.by_model.at("a"), (Totals{{10, 0, 0, 0, 100, 0}, 1}));
  EXPECT_EQ(end.by_model.at("b"), (Totals{{1, 0, 0, 0, 2, 0}, 1}));
  EXPECT_EQ(end.by_source[0], (Totals{{10, 0, 0, 0, 1, 0}, 1}));
  EXPECT_EQ(end.sessions, (std::vector<std::string>{"s", "t"}));
}

TEST(EndFromRows, PrefersTheBetterSourceOnATie) {
  const std::vector<ResponseRow> rows = {row(Source::gateway, "a", 1, 1), row(Source::stream, "a", 1, 1)};
  EXPECT_EQ(end_from_rows({}, rows).ruling, Source::gateway);
}

TEST(EndFromRows, NeverFallsBelowTheLastLiveCount) {
  RunRecord run;
  run.live = {{100, 0, 0, 7, 50, 0}, 3};
  const std::vector<ResponseRow> rows = {row(Source::stream, "a", 10, 1)};
  const RunEnd end = end_from_rows(run, rows);
  EXPECT_EQ(end.totals, run.live);
  EXPECT_EQ(end.by_model.at(""), (Totals{{90, 0, 0, 7, 49, 0}, 2}));
}

TEST(EndFromRows, OfNothingIsNothing) {
  const RunEnd end = end_from_rows({}, {});
  EXPECT_EQ(end.totals, Totals{});
  EXPECT_FALSE(end.ruling.has_value());
  EXPECT_TRUE(end.by_model.empty());
}

}  // namespace
}  // namespace ts::ledger
