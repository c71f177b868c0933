#include "accounting/report/retro.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace ts::report {
namespace {

using ledger::Outcome;
using ledger::PastRun;

PastRun run_of(const std::string& task, Tokens fresh, std::optional<Tokens> estimate = 10'000) {
  PastRun run;
  run.id.text = task + std::to_string(fresh);
  run.task_id = task;
  run.task_file = "/p/" + task + ".md";
  run.role = "engineer";
  run.agent = "claude";
  run.sprint = "S-1";
  run.category = "service";
  run.estimate.high = estimate;
  run.ended = UtcTime{};
  run.outcome = Outcome::completed;
  run.metered = true;
  run.totals.counts.input = fresh;
  return run;
}

std::string markdown_of(const std::vector<PastRun>& runs, std::vector<SprintTask> files = {}) {
  return retro_markdown(make_retro({"s-1", "engineer", 90, runs, std::move(files)}));
}

TEST(Retro, FlagsOverrunsAndIncidents) {
  const std::string text = markdown_of({run_of("T-1", 9'000), run_of("T-2", 40'000), run_of("T-3", 40'001), run_of("T-4", 30'000), run_of("T-4", 20'000)});
  EXPECT_NE(text.find("| T-1 | 10,000 | 9,000 | -10% | |\n"), std::string::npos) << text;
  EXPECT_NE(text.find("| T-2 | 10,000 | 40,000 | +300% | overrun: 4.0 × the estimate |\n"), std::string::npos) << text;
  EXPECT_NE(text.find("| T-3 | 10,000 | 40,001 | +300% | INCIDENT: 4.0 × the estimate |\n"), std::string::npos) << text;
  EXPECT_NE(text.find("| T-4 | 10,000 | 50,000 | +400% | INCIDENT: 5.0 × the estimate; 2 runs |\n"), std::string::npos) << text;
  EXPECT_NE(text.find("| **Total** | **40,000** | **139,001** | **+248%** | 3 overruns, 2 INCIDENTS |\n"), std::string::npos) << text;
}

TEST(Retro, UnknownIsNotZero) {
  PastRun blind = run_of("T-1", 0);
  blind.metered = false;
  const std::string text = markdown_of({blind, run_of("T-2", 5'000, std::nullopt), run_of("T-3", 5'000, 0)});
  EXPECT_NE(text.find("| T-1 | 10,000 | - | - | not metered |\n"), std::string::npos) << text;
  EXPECT_NE(text.find("| T-2 | - | 5,000 | - | no estimate |\n"), std::string::npos) << text;
  EXPECT_NE(text.find("| T-3 | 0 | 5,000 | - | |\n"), std::string::npos) << text;
  EXPECT_NE(text.find("| **Total** | - | - | - | 0 overruns, 0 INCIDENTS; 0 of 3 tasks have both numbers, all together 10,000 |\n"), std::string::npos) << text;
}

TEST(Retro, OtherSprintsRolesAndRefusedRunsStayOut) {
  PastRun other = run_of("T-2", 1);
  other.sprint = "S-2";
  PastRun review = run_of("T-1", 700);
  review.role = "sr-engineer";
  review.cost = 30'000;
  PastRun refused = run_of("T-1", 0);
  refused.outcome = Outcome::refused;
  PastRun ours = run_of("T-1", 5'000);
  ours.cost = 20'000;
  const Retro retro = make_retro({"S-1", "engineer", 90, {ours, other, review, refused}});
  ASSERT_EQ(retro.tasks.size(), 1U);
  EXPECT_EQ(retro.tasks[0].actual, 5'000);
  EXPECT_EQ(retro.tasks[0].cost, 20'000) << "of what the actual counts";
  EXPECT_EQ(retro.tasks[0].runs, 1U);
  EXPECT_EQ(retro.tasks[0].notes, "sr-engineer 700 besides");
}

TEST(Retro, CapsFollowFromHistoryByCategory) {
  std::vector<PastRun> runs;
  for (int i = 1; i <= 10; ++i) runs.push_back(run_of("T-" + std::to_string(i), i * 10'100));
  runs.push_back(run_of("D-1", 500));
  runs.back().category = "docs";
  runs.back().outcome = Outcome::cap;
  const Retro retro = make_retro({"S-1", "engineer", 90, runs});
  ASSERT_EQ(retro.caps.size(), 3U);
  EXPECT_EQ(retro.caps[0].category, "docs");
  EXPECT_EQ(retro.caps[0].past.cut_off, 1U);
  EXPECT_EQ(retro.caps[1].category, "service");
  EXPECT_EQ(retro.caps[1].past.fresh.p50, 50'500);
  EXPECT_EQ(retro.caps[1].cap, 91'000) << "90,900 rounded up";
  EXPECT_EQ(retro.caps[1].factor, 9'090);
  EXPECT_EQ(retro.caps[2].category, "all");
  EXPECT_EQ(retro.caps[2].past.fresh.count, 11U);
}

TEST(Retro, FilesWithoutARunAreListed) {
  const std::string text = markdown_of({run_of("T-1", 5'000)}, {{"T-1", "/p/T-1.md", "service", 10'000, 3}, {"T-5", "/p/T-5.md", "service", 10'000, std::nullopt}, {"T-6", "/p/T-6.md", "", 10'000, 42}});
  EXPECT_NE(text.find("| T-1 | 10,000 | 5,000 | -50% | |\n"), std::string::npos) << text;
  EXPECT_NE(text.find("| T-5 | 10,000 | - | - | no run |\n"), std::string::npos) << text;
  EXPECT_NE(text.find("| T-6 | 10,000 | 42 | -100% | as the file says, not measured here |\n"), std::string::npos) << text;
}

TEST(Retro, CsvQuotesWhatItMust) {
  PastRun odd = run_of("T,\"1\"", 5'000);
  EXPECT_NE(retro_csv(make_retro({"S-1", "engineer", 90, {odd}})).find("\"T,\"\"1\"\"\",\"/p/T,\"\"1\"\".md\",service,10000,5000,-50,1,no,,\n"), std::string::npos);
}

TEST(Retro, JsonHasTheSameFigures) {
  const auto j = nlohmann::json::parse(retro_json(make_retro({"S-1", "engineer", 90, {run_of("T-1", 41'000), run_of("T-2", 5'000, std::nullopt)}})));
  EXPECT_EQ(j.at("tasks").at(0).at("incident"), true);
  EXPECT_TRUE(j.at("tasks").at(1).at("estimate").is_null());
  EXPECT_EQ(j.at("total").at("measured"), 46'000);
  EXPECT_EQ(j.at("caps").at(0).at("cap"), 41'000);
}

}  // namespace
}  // namespace ts::report
