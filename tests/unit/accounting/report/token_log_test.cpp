#include "accounting/report/token_log.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "accounting/base/text.hpp"

namespace ts::report {
namespace {

using ledger::ResponseRow;

UtcTime at(const std::string& time) { return parse_rfc3339("2026-11-21T" + time + "Z").value(); }

ResponseRow response(const std::string& id, const std::string& time, TokenCounts counts) {
  ResponseRow row;
  row.response_id = id;
  row.session = "s";
  row.model = "claude-sonnet-4-5";
  row.counts = counts;
  row.at = at(time);
  return row;
}

ledger::RunRecord a_run(TokenCounts total) {
  ledger::RunRecord run;
  run.start.id.text = "7f3k2mabcd";
  run.start.task_id = "TASK-914";
  run.start.task_title = "a | b";
  run.start.agent = "claude";
  run.start.role = "engineer";
  run.start.category = "service";
  run.start.estimate = {800, 1000, 7};
  run.start.cap = {4000, Formula::fresh, "4 × 1K (line 7)"};
  run.start.started = at("18:00:00");
  ledger::RunEnd end;
  end.outcome = ledger::Outcome::cap;
  end.ended = at("18:10:00");
  end.exit_signal = 15;
  end.ruling = Source::stream;
  end.totals = {total, 3};
  end.by_source[static_cast<std::size_t>(Source::stream)] = end.totals;
  end.by_model["claude-sonnet-4-5"] = end.totals;
  end.sessions = {"s"};
  end.cost = 34'293;
  run.end = end;
  return run;
}

ledger::PastRun past(const std::string& id, Tokens fresh, const std::string& category = "service") {
  ledger::PastRun run;
  run.id.text = id;
  run.agent = "claude";
  run.role = "engineer";
  run.category = category;
  run.ended = at("17:00:00");
  run.outcome = ledger::Outcome::completed;
  run.metered = true;
  run.totals.counts.input = fresh;
  return run;
}

const std::vector<ResponseRow> kRows{response("m1", "18:00:10", {1000, 0, 0, 0, 100, 0}), response("m2", "18:02:00", {0, 500, 0, 1000, 200, 0}),
                                     response("m3", "18:05:00", {0, 700, 0, 1500, 500, 0})};
constexpr TokenCounts kTotal{1000, 1200, 0, 2500, 800, 0};

Activity an_activity() {
  Activity activity;
  activity.calls = 1;
  for (const char* id : {"m1", "m2", "m3"}) {
    Act act;
    act.kind = id == std::string("m2") ? Act::Kind::call : Act::Kind::text;
    act.response = id;
    act.session = "s";
    act.bytes = 4000;
    if (act.kind == Act::Kind::call) {
      act.tool = "Bash";
      act.call = 1;
      act.about = "make | tee";
    }
    activity.acts.push_back(act);
  }
  activity.marks = {{"plan", "m1", std::nullopt}, {"build", "m2", std::nullopt}, {"build", "m3", std::nullopt}};
  return activity;
}

TokenLog log_of(const ledger::RunRecord& run, const std::vector<ResponseRow>& rows, const Activity& activity, std::vector<PhaseStart> phases = {}) {
  const std::vector<ledger::PastRun> history{past("a", 100), past("b", 2000), past("c", 3000), past("7f3k2mabcd", 9'999'999), past("d", 50'000, "docs")};
  TokenLogSources sources{run, rows, activity, "the captured stream", history, builtin_prices()};
  sources.phases = std::move(phases);
  return make_token_log(sources);
}

TEST(TokenLog, PhasesComeFromTheAgentsWordsAndAddUp) {
  const auto run = a_run(kTotal);
  const TokenLog log = log_of(run, kRows, an_activity());
  ASSERT_EQ(log.phases.size(), 2U);
  EXPECT_EQ(log.phases[0].name, "plan");
  EXPECT_EQ(log.phases[1].name, "build");
  EXPECT_EQ(log.phases[1].responses, 2);
  EXPECT_EQ(log.phases[0].counts + log.phases[1].counts, kTotal);
  EXPECT_EQ(log.beyond, TokenCounts{});
  EXPECT_EQ(log.peak_context, 2200);
}

TEST(TokenLog, PhasesByHandRule) {
  const auto run = a_run(kTotal);
  const TokenLog log = log_of(run, kRows, an_activity(), {{"late", at("18:01:00")}});
  ASSERT_EQ(log.phases.size(), 2U);
  EXPECT_EQ(log.phases[0].name, "(before late)");
  EXPECT_EQ(log.phases[1].counts.output, 700);
}

TEST(TokenLog, OnePhaseBearsTheRunsLabelOrRole) {
  auto run = a_run(kTotal);
  EXPECT_EQ(log_of(run, kRows, Activity{}).phases.front().name, "engineer");
  run.start.labels_json = R"({"phase":"elab-setup"})";
  EXPECT_EQ(log_of(run, kRows, Activity{}).phases.front().name, "elab-setup");
}

TEST(TokenLog, WhatOnlyTheAgentSettledStandsApart) {
  TokenCounts more = kTotal;
  more.output += 50;
  const auto run = a_run(more);
  const TokenLog log = log_of(run, kRows, an_activity());
  EXPECT_EQ(log.beyond.output, 50);
  Tokens tools = 0;
  for (const ToolRow& tool : log.attribution.tools) tools += tool.fresh();
  EXPECT_EQ(tools, log.fresh());
  EXPECT_NE(quality_of(log).find("50 fresh tokens were settled"), std::string::npos);
}

TEST(TokenLog, SumsStandForResponsesThatAreNotTold) {
  const auto run = a_run(kTotal);
  const TokenLog log = log_of(run, {}, an_activity());
  ASSERT_EQ(log.phases.size(), 1U);
  EXPECT_EQ(log.phases[0].counts, kTotal);
  EXPECT_FALSE(log.peak_context) << "no response was told";
}

TEST(TokenLog, ComparesWithOtherRunsOfTheKind) {
  const auto run = a_run(kTotal);
  const TokenLog log = log_of(run, kRows, an_activity());
  ASSERT_TRUE(log.past);
  EXPECT_EQ(log.past->fresh.count, 3U) << "not with itself, not with other categories";
  EXPECT_EQ(log.past->fresh.p50, 2000);
}

TEST(TokenLog, MarkdownHasEveryPartAndItsTablesAddUp) {
  const auto run = a_run(kTotal);
  const std::string text = token_log_markdown(log_of(run, kRows, an_activity()));
  for (const char* part : {"# Token Log - TASK-914\n", "**Task:** a \\| b\n", "**Date:** 2026-11-21 18:00 UTC\n", "**Model:** claude-sonnet-4-5\n", "| **Fresh total** (input + cache write + output) | **3,000** |\n",
                           "| Cache read | 2,500 |\n", "| build | 2 | 0 | 1,200 | 2,500 | 700 | 1,900 | 63.3% |\n", "| **Total** | **3** | **1,000** | **1,200** | **2,500** | **800** | **3,000** | **100%** |\n",
                           "| **Total** | **1** | **4,000** | **0** | **2,200** | **800** | **3,000** | **100.0%** |\n", "Bash: make \\| tee", "*attributed*", "**Total cost:** $0.0343\n",
                           "| Upper estimate (line 7 of the task file) | 3,000 | 1,000 | +200% |\n", "| Median of 3 past runs (service, engineer, claude) | 3,000 | 2,000 | +50% |\n",
                           "| Remaining | 1,000 |\n", "| Utilization | 75.0% |\n", "| Run | 7f3k2mabcd |\n", "**Outcome:** cap, ended by signal 15\n", "**Quality:** measured by the stream"})
    EXPECT_NE(text.find(part), std::string::npos) << part << "\n" << text;
}

TEST(TokenLog, UnknownIsNotZero) {
  auto run = a_run({});
  run.end->ruling.reset();
  run.end->cost.reset();
  const TokenLog log = log_of(run, {}, Activity{});
  const std::string text = token_log_markdown(log);
  EXPECT_NE(text.find("Not known: no meter saw any usage."), std::string::npos);
  EXPECT_NE(text.find("| Used | not known |"), std::string::npos);
  EXPECT_TRUE(nlohmann::json::parse(token_log_json(log)).at("totals").is_null());
}

TEST(TokenLog, JsonHasTheSameFigures) {
  const auto run = a_run(kTotal);
  const auto j = nlohmann::json::parse(token_log_json(log_of(run, kRows, an_activity())));
  EXPECT_EQ(j.at("run").at("run"), "7f3k2mabcd");
  EXPECT_EQ(j.at("totals").at("fresh"), 3000);
  EXPECT_EQ(j.at("phases").at(1).at("phase"), "build");
  EXPECT_EQ(j.at("phases").at(1).at("fresh"), 1900);
  EXPECT_EQ(j.at("past").at("p50"), 2000);
  Tokens sum = 0;
  for (const auto& tool : j.at("tools")) sum += tool.at("attributed_fresh").get<Tokens>();
  EXPECT_EQ(sum, 3000);
}

TEST(History, WidensUntilThereAreEnough) {
  std::vector<ledger::PastRun> runs{past("a", 1, "docs"), past("b", 2, "docs"), past("c", 3), past("d", 4)};
  runs[1].agent = "codex";
  EXPECT_EQ(described(spending_like(runs, {"docs", "engineer", "claude", ""})->likeness), "engineer");
  EXPECT_EQ(described(spending_like(runs, {"docs", "engineer", "claude", ""}, 2)->likeness), "docs, engineer");
  EXPECT_FALSE(spending_like(runs, {"docs", "sr-engineer", "", ""}));
  runs[0].outcome = ledger::Outcome::cap;
  EXPECT_EQ(spending_like(runs, {"docs", "engineer", "", ""}, 2)->cut_off, 1U);
}

}  // namespace
}  // namespace ts::report
