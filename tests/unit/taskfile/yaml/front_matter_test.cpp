#include <gtest/gtest.h>

#include "taskfile/plan.hpp"

namespace ts::taskfile {
namespace {

Reading read_text(const std::string& text) { return read(Document::parse(text).value()); }

const std::string kStory =
    "---\r\nid: ABC-0140   # the story\r\ntitle: \"Summary: shared utility\"\r\npoints: 3\r\nstory_type: feature\r\n\r\npredictions:\r\n"
    "  token_estimate: 120000\r\n  notes: >\r\n    Low risk: 9 of 13 types.\r\ntoken_budget:\r\n  cap: 480000\r\n  actual: null  # measured\r\n---\r\n\r\n# ABC-0140: Summary\r\n\r\n"
    "### ST-1\r\n**Estimated tokens:** 6,000\r\n### ST-2\r\n**Estimated tokens:** 8,000\r\n";

TEST(FrontMatter, SaysWhatTheStorySays) {
  const Reading reading = read_text(kStory);
  EXPECT_EQ(reading.task_id, "ABC-0140");
  EXPECT_EQ(reading.title, "Summary: shared utility");
  EXPECT_EQ(reading.points, "3");
  EXPECT_EQ(reading.category, "feature");
  ASSERT_TRUE(reading.estimate);
  EXPECT_EQ(reading.estimate->high, 120'000);
  EXPECT_EQ(reading.estimate->line, 8);
  EXPECT_EQ(reading.cap->limit, 480'000);
  EXPECT_EQ(reading.actual.line, 13);
  EXPECT_EQ(reading.actual.state, FieldState::placeholder);
  EXPECT_TRUE(reading.ambiguities.empty());
}

TEST(FrontMatter, KeysInOtherManners) {
  for (const char* keys : {"estimatedTokens: 12000\ntokenCap: 48000\nactualTokens:\n", "estimated-tokens: 12000\ntoken-cap: 48000\nactual-tokens:\n"}) {
    const Reading reading = read_text("---\nid: ABC-1\n" + std::string(keys) + "---\n");
    ASSERT_TRUE(reading.estimate) << keys;
    EXPECT_EQ(reading.estimate->high, 12'000) << keys;
    EXPECT_EQ(reading.cap->limit, 48'000) << keys;
    EXPECT_EQ(reading.actual.line, 5) << keys;
  }
}

TEST(FrontMatter, PredictionsInAFencedBlockCount) {
  const std::string fence = "```yaml\npredictions:\n  split_risk: 0.2\n  token_estimate: 80000\n```\n";
  const Reading reading = read_text("---\nid: ABC-1\n---\n\n# S\n\n## Predictions\n\n" + fence);
  ASSERT_TRUE(reading.estimate);
  EXPECT_EQ(reading.estimate->high, 80'000);
  EXPECT_EQ(reading.estimate->line, 12);
  EXPECT_FALSE(read_text("# S\n\n## Schema\n\n" + fence).estimate);
}

TEST(FrontMatter, KeysThatNameAnEstimate) {
  const auto high = [](const std::string& yaml) {
    const Reading reading = read_text("---\n" + yaml + "\n---\n");
    return reading.estimate ? reading.estimate->high : -1;
  };
  EXPECT_EQ(high("token_estimate: 80K"), 80'000);
  EXPECT_EQ(high("estimated_tokens: 80_000"), 80'000);
  EXPECT_EQ(high("token_budget:\n  estimated: 90000"), 90'000);
  EXPECT_EQ(high("token_estimate:\n  low: 50000\n  high: 90000"), 90'000);
  EXPECT_EQ(high("predictions:\n  token_estimate: '1.5M'"), 1'500'000);
  EXPECT_EQ(high("points: 5"), -1);
  EXPECT_EQ(high("token_estimate: 10.000"), -1);
  EXPECT_EQ(high("token_estimate: 5000\nestimated_tokens: 6000"), -1);
}

TEST(FrontMatter, BrokenYamlIsReadByLinesWithReason) {
  const Reading reading = read_text("---\nid: X-1\ntitle: a: b: [\n\ttoken_estimate: 1\ntoken_estimate: 7000\n---\n# X-1: t\n");
  EXPECT_EQ(reading.estimate->high, 7'000);
  ASSERT_FALSE(reading.notes.empty());
  EXPECT_NE(reading.notes[0].find("by lines"), std::string::npos);
}

TEST(FrontMatter, WritingKeepsOrderCommentsQuotesAndLineEnds) {
  const Document document = Document::parse(kStory).value();
  Actual actual;
  actual.run.text = "aaaaaaaaaa";
  actual.count = 245'134;
  const auto plan = plan_actual(document, read(document), actual, Role::engineer);
  ASSERT_TRUE(plan.has_value());
  std::string expected = kStory;
  expected.replace(expected.find("actual: null"), 12, "actual: 245134");
  const std::string after = apply(document, *plan);
  EXPECT_TRUE(after.starts_with(expected)) << after;
  const Document again = Document::parse(after).value();
  EXPECT_EQ(read(again).actual.value, 245'134);
  EXPECT_TRUE(plan_actual(again, read(again), actual, Role::engineer)->edits.empty());
}

TEST(FrontMatter, EmptyAndQuotedValuesAreFilled) {
  const auto after = [](const std::string& text) {
    const Document document = Document::parse(text).value();
    Actual actual;
    actual.run.text = "a";
    actual.count = 7'000;
    return apply(document, plan_actual(document, read(document), actual, Role::engineer).value());
  };
  EXPECT_TRUE(after("---\nid: X-1\nactual_tokens:\n---\n").starts_with("---\nid: X-1\nactual_tokens: 7000\n---\n"));
  EXPECT_TRUE(after("---\nid: X-1\nactual_tokens: \"TBD\" # x\n---\n").starts_with("---\nid: X-1\nactual_tokens: \"7000\" # x\n---\n"));
}

TEST(TokenBudget, ActualAndDeltaCellsAreFilled) {
  const std::string text =
      "# ABC-1: t\n\n## Token Budget\n\n| Phase | Estimated | Actual | Delta |\n|---|---|---|---|\n| Planning | 10K | 9K | -1K |\n"
      "| Implementation | 50K | \u2014 | \u2014 |\n| **Total** | 60K | \u2014 | \u2014 |\n";
  const Document document = Document::parse(text).value();
  Actual actual;
  actual.run.text = "a";
  actual.count = 70'000;
  const Reading reading = read(document);
  ASSERT_TRUE(reading.estimate);
  EXPECT_EQ(reading.estimate->high, 60'000);
  const std::string after = apply(document, plan_actual(document, reading, actual, Role::engineer).value());
  EXPECT_NE(after.find("| Implementation | 50K | 70,000 | +10,000 |\n| **Total** | 60K | \u2014 | \u2014 |\n"), std::string::npos) << after;
}

}  // namespace
}  // namespace ts::taskfile
