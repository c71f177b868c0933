#include "taskfile/plan.hpp"

#include <gtest/gtest.h>

namespace ts::taskfile {
namespace {

Document document_of(std::string text) { return Document::parse(std::move(text)).value(); }

Actual actual_of(std::string run, Tokens count) {
  Actual actual;
  actual.run.text = std::move(run);
  actual.agent = "claude";
  actual.model = "claude-sonnet-4-5";
  actual.count = count;
  actual.outcome = "completed";
  actual.duration = std::chrono::seconds(192);
  actual.cost = 34'293;
  actual.api_calls = 4;
  actual.input = 16;
  actual.output = 822;
  actual.cache_read = 46'800;
  actual.cache_write = 2'100;
  actual.agent_id = "ddf52d8f";
  return actual;
}

EditPlan plan_of(const std::string& text, const Actual& actual, Role role = Role::engineer) {
  const Document document = document_of(text);
  auto plan = plan_actual(document, read(document), actual, role);
  EXPECT_TRUE(plan.has_value()) << plan.error().message;
  return std::move(plan).value();
}

std::string written(const std::string& text, const Actual& actual, Role role = Role::engineer) {
  return apply(document_of(text), plan_of(text, actual, role));
}

/// The text before the block of measured runs.
std::string fields_of(const std::string& text) { return text.substr(0, text.find("<!-- tracked-spawn:runs")); }

const std::string kTask =
    "# TASK-914: Early reporting\n\n**Estimated Tokens:** ~8K-10K\n**Token Cap:** 40K\n\n## Implementation Summary (Engineer-Owned)\n\n"
    "```\nEngineer Agent ID: <agent_id>\n```\n\n| Metric | Value |\n|--------|-------|\n| **Total Tokens** | X |\n| Duration | X seconds |\n"
    "| API Calls | X |\n| Cache Read | X |\n\n**Variance:** PM Est ~9K vs Actual ~XK (X% over/under)\n\n"
    "| Metric | PM Estimate | Actual | Variance |\n|---|---|---|---|\n| **Tokens** | ~9K | ~XK | +/-X% |\n| Duration | - | X min | - |\n\n"
    "## SR Engineer Review (SR-Owned)\n\n| Metric | Value |\n|--------|-------|\n| **Total Tokens** | X |\n| Duration | X seconds |\n";

TEST(Plan, FillsTheEngineersFieldsAndNothingElse) {
  const std::string after = fields_of(written(kTask, actual_of("7f3k2mabcd", 12'938)));
  EXPECT_EQ(after,
            "# TASK-914: Early reporting\n\n**Estimated Tokens:** ~8K-10K\n**Token Cap:** 40K\n\n## Implementation Summary (Engineer-Owned)\n\n"
            "```\nEngineer Agent ID: ddf52d8f\n```\n\n| Metric | Value |\n|--------|-------|\n| **Total Tokens** | 12,938 |\n| Duration | 192 seconds |\n"
            "| API Calls | 4 |\n| Cache Read | 46,800 |\n\n**Variance:** PM Est ~9K vs Actual 12,938 (29% over)\n\n"
            "| Metric | PM Estimate | Actual | Variance |\n|---|---|---|---|\n| **Tokens** | ~9K | 12,938 | +29% |\n| Duration | - | 3 min | - |\n\n"
            "## SR Engineer Review (SR-Owned)\n\n| Metric | Value |\n|--------|-------|\n| **Total Tokens** | X |\n| Duration | X seconds |\n\n");
}

TEST(Plan, ReviewersRunFillsTheReviewersRows) {
  const std::string after = fields_of(written(kTask, actual_of("7f3k2mabcd", 12'938), Role::reviewer));
  const std::size_t review = after.find("## SR Engineer Review");
  EXPECT_EQ(after.substr(0, review), kTask.substr(0, kTask.find("## SR Engineer Review")));
  EXPECT_NE(after.find("| **Total Tokens** | 12,938 |", review), std::string::npos);
}

TEST(Plan, TheSameRunTwiceIsAsOnce) {
  const std::string once = written(kTask, actual_of("7f3k2mabcd", 12'938));
  EXPECT_TRUE(plan_of(once, actual_of("7f3k2mabcd", 12'938)).edits.empty());
}

TEST(Plan, AnUnclosedFenceChangesNothingAboutThat) {
  const std::string text = "# T\n\n## Engineer Metrics\n\n```\n| a | b |\n**Actual Tokens:** TBD";
  const std::string once = written(text, actual_of("7f3k2mabcd", 12'938));
  EXPECT_TRUE(plan_of(once, actual_of("7f3k2mabcd", 12'938)).edits.empty());
}

TEST(Plan, AnEmptyCellMayHoldAWideBlank) {
  const std::string once = written("| a | b |\n|---|---|\n| Actual Tokens |\u2009|\n", actual_of("a", 7));
  EXPECT_EQ(fields_of(once), "| a | b |\n|---|---|\n| Actual Tokens |\u20097 |\n\n");
  EXPECT_TRUE(plan_of(once, actual_of("a", 7)).edits.empty());
}

TEST(Plan, AttemptsAddUpInFieldsAndBlock) {
  const std::string once = written(kTask, actual_of("aaaaaaaaaa", 12'938));
  const EditPlan plan = plan_of(once, actual_of("bbbbbbbbbb", 30'000));
  EXPECT_EQ(plan.task_count, 42'938);
  ASSERT_TRUE(plan.incident);
  EXPECT_EQ(plan.incident->estimate_high, 10'000);
  const std::string twice = apply(document_of(once), plan);
  EXPECT_NE(twice.find("| **Total Tokens** | 42,938 |"), std::string::npos);
  EXPECT_NE(twice.find("| Duration | 384 seconds |"), std::string::npos);
  EXPECT_NE(twice.find("Actual 42,938 (329% over)"), std::string::npos);
  EXPECT_NE(twice.find("INCIDENT: above 4x"), std::string::npos);
  EXPECT_EQ(twice.find("tracked-spawn:runs", twice.find("tracked-spawn:runs") + 1), twice.rfind("tracked-spawn:runs"));
  EXPECT_EQ(plan_of(twice, actual_of("aaaaaaaaaa", 12'938)).edits.size(), 0U);
}

TEST(Plan, NewFiguresOfARunReplaceItsRow) {
  const std::string once = written(kTask, actual_of("aaaaaaaaaa", 12'938));
  const std::string twice = written(once, actual_of("aaaaaaaaaa", 13'000));
  EXPECT_NE(twice.find("| **Total Tokens** | 13,000 |"), std::string::npos);
  EXPECT_EQ(twice.find("12,938"), std::string::npos);
}

TEST(Plan, ReviewersRunsDoNotCountForTheEngineer) {
  const std::string once = written(kTask, actual_of("aaaaaaaaaa", 12'938), Role::reviewer);
  EXPECT_EQ(plan_of(once, actual_of("bbbbbbbbbb", 1'000)).task_count, 1'000);
}

TEST(Plan, SomebodyElsesValueStays) {
  const std::string text = "# T\n\n- **Actual Tokens**: ~15K (Est: 10K)\n";
  const EditPlan plan = plan_of(text, actual_of("aaaaaaaaaa", 12'938));
  ASSERT_EQ(plan.edits.size(), 1U);
  EXPECT_EQ(plan.edits[0].what, "runs");
  ASSERT_EQ(plan.notes.size(), 1U);
}

TEST(Plan, EchoOfTheEstimateStays) {
  EXPECT_EQ(fields_of(written("# T\n\n- **Actual Tokens**: ~XK (Est: 25K)\n", actual_of("a", 245'134))), "# T\n\n- **Actual Tokens**: 245,134 (Est: 25K)\n\n");
  EXPECT_EQ(fields_of(written("# T\n\n- **Actual Tokens**: Est: ~25K\n", actual_of("a", 245'134))), "# T\n\n- **Actual Tokens**: 245,134 Est: ~25K\n\n");
  EXPECT_EQ(fields_of(written("# T\n\n- **Actual Tokens**: X <!-- from the hook -->\n", actual_of("a", 7))), "# T\n\n- **Actual Tokens**: 7 <!-- from the hook -->\n\n");
  EXPECT_EQ(fields_of(written("# T\n\n- **Actual Tokens**: Combined with others\n", actual_of("a", 7))), "# T\n\n- **Actual Tokens**: 7 \u00b7 Combined with others\n\n");
}

TEST(Plan, PaddingOfTablesIsKept) {
  EXPECT_EQ(fields_of(written("| Field             | Value     |\n|-------------------|-----------|\n| **Actual Tokens** | -         |\n", actual_of("a", 245'134))),
            "| Field             | Value     |\n|-------------------|-----------|\n| **Actual Tokens** | 245,134   |\n\n");
  EXPECT_EQ(fields_of(written("| Field             | Value               |\n|-------------------|---------------------|\n| **Actual Tokens** | TBD (auto-captured) |\n", actual_of("a", 7))),
            "| Field             | Value               |\n|-------------------|---------------------|\n| **Actual Tokens** | 7                   |\n\n");
  EXPECT_EQ(fields_of(written("| a | b |\n|---|---|\n| **Actual Tokens** | |\n", actual_of("a", 7))), "| a | b |\n|---|---|\n| **Actual Tokens** | 7 |\n\n");
  EXPECT_EQ(fields_of(written("|a|b|\n|-|-|\n|Actual Tokens|X|\n", actual_of("a", 77))), "|a|b|\n|-|-|\n|Actual Tokens|77|\n\n");
}

TEST(Plan, LineEndsAndMarkStay) {
  const std::string after = written("\xEF\xBB\xBF# T\r\n\r\n**Actual Tokens:** X\r\nlast line", actual_of("a", 7));
  EXPECT_TRUE(after.starts_with("\xEF\xBB\xBF# T\r\n\r\n**Actual Tokens:** 7\r\nlast line\r\n\r\n<!-- tracked-spawn:runs -->\r\n"));
  for (std::size_t at = after.find('\n'); at != std::string::npos; at = after.find('\n', at + 1)) EXPECT_EQ(after[at - 1], '\r');
}

TEST(Plan, UnknownPartsStayPlaceholders) {
  Actual actual = actual_of("a", 7);
  actual.api_calls.reset();
  actual.duration.reset();
  const std::string after = fields_of(written(kTask, actual));
  EXPECT_NE(after.find("| API Calls | X |"), std::string::npos);
  EXPECT_NE(after.find("| Duration | X seconds |"), std::string::npos);
}

TEST(Plan, CapStopWritesTheReportOnce) {
  Actual actual = actual_of("7f3k2mabcd", 39'871);
  actual.cap = 40'000;
  actual.outcome = "cap";
  actual.cap_stop = CapStop{"3 of 5 files\ndone --> almost", {}, "claude --resume ddf52d8f"};
  const std::string after = written(kTask, actual);
  for (const char* part : {"- **Task:** TASK-914 Early reporting", "- **Estimate:** 8,000\u201310,000 tokens (line 3)", "- **Current count:** 39,871 fresh tokens (4x cap hit)",
                           "- **Cap:** 40,000 fresh tokens", "- **Progress:** 3 of 5 files done", "Awaiting PM decision", "claude --resume ddf52d8f"})
    EXPECT_NE(after.find(part), std::string::npos) << part << "\n" << after;
  EXPECT_TRUE(plan_of(after, actual).edits.empty());
  const Reading reading = read(document_of(after));
  EXPECT_EQ(reading.estimate->line, 3);
  EXPECT_EQ(reading.cap->limit, 40'000);
}

TEST(Plan, ZeroEstimateMakesNoVarianceAndNoIncident) {
  const EditPlan plan = plan_of("# T\n\n**Estimated Tokens:** 0\n**Actual Tokens:** X\n**Variance:** X%\n", actual_of("a", 7));
  EXPECT_FALSE(plan.incident);
  EXPECT_EQ(plan.lines, (std::vector<int>{4}));
}

TEST(Plan, RefusesConflictsAndDamagedBlocks) {
  const auto error_of = [](const std::string& text) {
    const Document document = document_of(text);
    return plan_actual(document, read(document), actual_of("a", 7), Role::engineer).error().code;
  };
  EXPECT_EQ(error_of("# T\n<<<<<<< HEAD\nx\n=======\ny\n>>>>>>> other\n"), Errc::conflict);
  const std::string good = written(kTask, actual_of("a", 7));
  std::string no_end = good;
  no_end.erase(no_end.find("<!-- /tracked-spawn:runs -->"));
  EXPECT_EQ(error_of(no_end), Errc::corrupt);
  std::string no_number = good;
  no_number.replace(no_number.find("| fresh | 7 |"), 13, "| fresh | seven |");
  EXPECT_EQ(error_of(no_number), Errc::corrupt);
  EXPECT_EQ(error_of(good + good), Errc::corrupt);
}

TEST(Plan, MarkersThatAreQuotedInAFenceAreNoBlock) {
  const std::string quoted = "# T\n\nThe block looks so:\n\n```\n<!-- tracked-spawn:runs -->\n### Measured runs\n<!-- /tracked-spawn:runs -->\n```\n\n**Actual Tokens:** TBD\n";
  const std::string after = written(quoted, actual_of("a", 7));
  EXPECT_TRUE(after.starts_with(quoted.substr(0, quoted.find("TBD"))));
  EXPECT_EQ(after.find("**Actual Tokens:** 7\n"), quoted.find("**Actual Tokens:** TBD\n"));
  EXPECT_TRUE(plan_of(after, actual_of("a", 7)).edits.empty());
  EXPECT_EQ(plan_of(after, actual_of("b", 8)).task_count, 15) << "the block behind it is found again";
}

TEST(Plan, HostileNamesStayInTheirCells) {
  Actual actual = actual_of("a", 7);
  actual.agent = "x | y\n--> <!-- /tracked-spawn:runs -->";
  actual.model = std::string(5000, 'm');
  const std::string after = written("# T\n", actual);
  EXPECT_TRUE(plan_of(after, actual).edits.empty());
}

TEST(Diff, IsWhatPatchExpects) {
  EXPECT_EQ(unified_diff("a\nb\nc\n", "a\nB\nc\n", "t.md"), "--- a/t.md\n+++ b/t.md\n@@ -1,3 +1,3 @@\n a\n-b\n+B\n c\n");
  EXPECT_EQ(unified_diff("a", "a\nb\n", "t.md"), "--- a/t.md\n+++ b/t.md\n@@ -1 +1,2 @@\n-a\n\\ No newline at end of file\n+a\n+b\n");
  EXPECT_EQ(unified_diff("", "a\n", "t.md"), "--- a/t.md\n+++ b/t.md\n@@ -0,0 +1 @@\n+a\n");
  EXPECT_EQ(unified_diff("a\n", "a\n", "t.md"), "");
}

}  // namespace
}  // namespace ts::taskfile
