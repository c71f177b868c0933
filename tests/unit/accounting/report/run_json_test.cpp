#include "accounting/report/run_json.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "accounting/base/text.hpp"

namespace ts::report {
namespace {

using ledger::RunEnd;
using ledger::RunRecord;
using ledger::RunStart;

RunStart a_start() {
  RunStart s;
  s.id.text = "7f3k2mabcd";
  s.task_id = "TASK-914";
  s.task_file = "/p/tasks/TASK-914.md";
  s.agent = "claude";
  s.role = "engineer";
  s.argv = {"claude", "-p", "x\xff"};
  s.estimate = {8000, 10'000, 7};
  s.cap = {40'000, Formula::fresh, "task file line 195"};
  s.on_cap = "stop";
  s.started = parse_rfc3339("2026-11-21T18:47:30Z").value();
  return s;
}

RunEnd an_end() {
  RunEnd e;
  e.outcome = ledger::Outcome::cap;
  e.ended = parse_rfc3339("2026-11-21T18:48:00Z").value();
  e.exit_signal = 15;
  e.ruling = Source::transcript;
  e.totals = {{16, 2000, 100, 46'800, 822, 5}, 4};
  e.by_source[static_cast<std::size_t>(Source::transcript)] = e.totals;
  e.by_source[static_cast<std::size_t>(Source::stream)] = Totals{{16, 2000, 100, 46'800, 4, 0}, 4};
  e.by_model["claude-sonnet-4-5"] = e.totals;
  e.cost = 34'293;
  e.unpriced_models = {"m1"};
  e.parse = {18, 9, 9, 0, 0};
  e.sessions = {"s-1", "s-2"};
  e.receipt_json = R"({"tier":"cgroup","found":6,"survivors":0})";
  return e;
}

TEST(RunJson, HasTheContractsKeys) {
  RunRecord run;
  run.start = a_start();
  run.end = an_end();
  const auto j = nlohmann::json::parse(run_json(run));
  EXPECT_EQ(j.at("run"), "7f3k2mabcd");
  EXPECT_EQ(j.at("task").at("id"), "TASK-914");
  EXPECT_EQ(j.at("session"), "s-1");
  EXPECT_EQ(j.at("estimate"), nlohmann::json::parse(R"({"low":8000,"high":10000,"line":7})"));
  EXPECT_EQ(j.at("cap").at("limit"), 40'000);
  EXPECT_EQ(j.at("counts").at("cache_write"), 2100);
  EXPECT_EQ(j.at("counts").at("requests"), 4);
  EXPECT_EQ(j.at("fresh"), 2938);
  EXPECT_EQ(j.at("total"), 49'738);
  EXPECT_EQ(j.at("cost_micro_usd"), 34'293);
  EXPECT_EQ(j.at("sources").at("stream").at("output"), 4);
  EXPECT_FALSE(j.at("sources").contains("gateway")) << "a source that said nothing is no zero";
  EXPECT_EQ(j.at("outcome"), "cap");
  EXPECT_EQ(j.at("exit").at("signal"), 15);
  EXPECT_EQ(j.at("receipt").at("found"), 6);
  EXPECT_EQ(j.at("parse").at("ignored"), 9);
}

TEST(RunJson, ARunningRunHasNoEnd) {
  RunRecord run;
  run.start = a_start();
  run.live = {{10, 0, 0, 0, 5, 0}, 1};
  const auto j = nlohmann::json::parse(run_json(run));
  EXPECT_EQ(j.at("outcome"), "running");
  EXPECT_TRUE(j.at("ended").is_null());
  EXPECT_TRUE(j.at("cost_micro_usd").is_null());
  EXPECT_EQ(j.at("fresh"), 15);
}

TEST(RunCodec, StartRoundTrips) {
  RunStart start = a_start();
  start.argv.back() = "ü";
  EXPECT_EQ(decode_start(encode_start(start)).value(), start);
}

TEST(RunCodec, EndRoundTrips) {
  RunEnd end = an_end();
  EXPECT_EQ(decode_end(encode_end(end)).value(), end);
  end.ruling.reset();
  end.cost.reset();
  end.exit_code = 3;
  EXPECT_EQ(decode_end(encode_end(end)).value(), end);
}

TEST(RunCodec, TornFilesAreCorrupt) {
  const std::string whole = encode_end(an_end());
  for (std::size_t size = 0; size < whole.size(); size += 7) {
    const auto end = decode_end(std::string_view{whole}.substr(0, size));
    ASSERT_TRUE(end.has_error()) << size;
    EXPECT_EQ(end.error().code, Errc::corrupt);
  }
}

}  // namespace
}  // namespace ts::report
