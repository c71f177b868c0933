#include "taskfile/reading.hpp"

#include <gtest/gtest.h>

#include "tests/unit/taskfile/read_text.hpp"

namespace ts::taskfile {
namespace {

using namespace reader_test;

TEST(Reading, FormsOfAnEstimate) {
  EXPECT_EQ(high_of("# T\n\n| Attribute | Value |\n|---|---|\n| **Estimated Tokens** | ~40K |\n"), 40'000);
  EXPECT_EQ(high_of("# T\n\n**Estimated:** 4-6 turns, ~20K tokens, 20-30 min\n"), 20'000);
  EXPECT_EQ(high_of("# T\n\n**Turns:** 2-3 | **Tokens:** ~9K-10K | **Time:** ~1h\n"), 10'000);
  EXPECT_EQ(high_of("# T\n\n## PM Estimate\n\n**Estimated Totals:**\n- **Turns:** 2-3\n- **Tokens:** ~10K\n"), 10'000);
  EXPECT_EQ(high_of("# T\n\n## Estimated Effort\n\n- ~15K tokens\n"), 15'000);
  EXPECT_EQ(high_of("# T\n\n## Estimated Tokens\n- **If config only**: ~3K\n- **If code, too**: ~15K\n"), 15'000);
  EXPECT_EQ(high_of("# T\n\n## Estimates\n\n| Metric | Original | Calibrated (0.3x) |\n|---|---|---|\n| **Tokens** | ~50K | ~15K |\n"), 15'000);
  EXPECT_EQ(high_of("# TASK-9: x\n\n| Task | Est. Tokens | Actual |\n|---|---|---|\n| TASK-8 | ~25K | |\n| TASK-9 | ~20K | |\n"), 20'000);
  EXPECT_EQ(high_of("# T\n\n**Estimated\u00a0Tokens:**\t10\u00a0000\n"), 10'000);
}

TEST(Reading, NumbersBeforeTheEstimateAreNone) {
  EXPECT_EQ(high_of("# T\n\n**Estimated Tokens:** Phase 1: ~20K\n"), 20'000);
  EXPECT_EQ(high_of("# T\n\n**Estimated Tokens:** 800 (a 10K buffer apart)\n"), 800);
  EXPECT_EQ(high_of("# T\n\n**Estimate:** Q1 2026\n"), -1);
  EXPECT_EQ(high_of("# T\n\n**Estimated Effort:** 3-4 hours (600K rows)\n"), -1);
  EXPECT_EQ(high_of("# T\n\n## Estimates\n\n- 500K messages to index\n"), -1);
}

TEST(Reading, LabelsOfAnEstimate) {
  for (const char* label : {"Token Est.", "Tokens (est.)", "Estimate (tokens)", "PM Token Estimate", "PM Est. Tokens", "Token Estimation", "Predicted Tokens",
                            "Projected Tokens", "Calibrated Tokens", "Adjusted Tokens", "Est.", "Est. Effort", "PM Est", "Engineer Estimate", "Est. Total"})
    EXPECT_EQ(high_of("# T\n\n**" + std::string(label) + ":** ~20K tokens\n"), 20'000) << label;
}

TEST(Reading, TotalsOfAnEstimatesSection) {
  EXPECT_EQ(high_of("# T\n\n## PM Estimate\n\n| Phase | Estimate |\n|---|---|\n| a | ~5K |\n| **Total** | **~25K** |\n"), 25'000);
  EXPECT_EQ(high_of("# T\n\n## Estimated Effort\n\n| Part | Base | Factor | Estimate |\n|---|---|---|---|\n| UI | ~10K | x0.5 | ~5K |\n| **Total** | | | **~5K** |\n"), 5'000);
  EXPECT_EQ(high_of("# T\n\n## Estimated Effort\n\n| Part | Base Tokens | Adjusted Tokens |\n|---|---|---|\n| **Total** | ~15K | **~10K** |\n"), 10'000);
  EXPECT_EQ(high_of("# T\n\n## Estimation\n\n- Base: ~25K tokens\n- **Total:** ~35K tokens\n"), 35'000);
  EXPECT_EQ(high_of("# T\n\n**Token Estimates:**\n- Review: 5k tokens ($0.10)\n- **Total expected:** 60k tokens ($1.80)\n"), 60'000);
  EXPECT_EQ(high_of("# T\n\n## Estimated Effort\n\n| Area | Estimate |\n|---|---|\n| **Total** | **~1,500 lines** |\n"), -1);
}

TEST(Reading, ThePmsOwnLabelBeatsTheHeaderInThePmsSection) {
  EXPECT_EQ(high_of("# T\n\n**Estimated Tokens:** ~25K\n\n## PM Estimate (PM-Owned)\n\n**PM Estimate:** ~35K\n"), 35'000);
  EXPECT_EQ(high_of("# T\n\n**Estimated Tokens:** ~25K\n\n## Project Manager Estimate\n\n**Estimated Tokens:** ~35K\n"), 35'000);
  EXPECT_EQ(high_of("# T\n\n**Estimated Tokens:** ~25K\n\n## 9. PM Estimate\n\n**Estimated Tokens:** ~35K\n"), 35'000);
}

TEST(Reading, WhatMaySpeakOfSomethingElseIsRefusedNotGuessed) {
  for (const char* text : {"# T\n\n## Design\n\n| Setting | Default |\n|---|---|\n| Tokens | 4000 |\n",
                           "# T\n\n## Estimated Effort\n\nSimilar tasks in the last sprint took 45K tokens.\n",
                           "# T\n\n## Subtasks\n\n### ST-1: a\n\n- **Estimated tokens**: 6000\n",
                           "# T\n\n## PM Estimate\n\n| Factor | Note | Est. Tokens |\n|---|---|---|\n| Total | | +25K |\n"}) {
    EXPECT_EQ(high_of(text), -1) << text;
    EXPECT_NE(read_text(text).ambiguity(FieldKind::estimate), nullptr) << text;
  }
  EXPECT_EQ(high_of("# T\n\n## Details\n\n**Estimate:** ~20K\n"), 20'000);
  EXPECT_EQ(high_of("# T\n\n## Estimated Effort\n\nRoughly 15K tokens, most of it in tests.\n"), 15'000);
  const Reading limits = read_text("# T\n\n**Estimated Tokens:** 20K\n\n## Technical Notes\n\n**Token limit:** 8192 tokens per request\n");
  EXPECT_FALSE(limits.cap);
}

TEST(Reading, FiguresOfOtherRolesAreNotTheTasks) {
  const Reading reading = read_text("# T\n\n**Estimated Tokens:** ~40K\n\n## SR Engineer Pre-Implementation Review\n\n**Estimated Tokens:** ~60K\n**Token Cap:** 240K\n");
  EXPECT_EQ(reading.estimate->high, 40'000);
  EXPECT_FALSE(reading.cap);
}

TEST(Reading, WhatIsNoEstimate) {
  EXPECT_EQ(high_of("# T\n\nThe budget is 50,000 tokens a month.\n"), -1);
  EXPECT_EQ(high_of("# T\n\n```\n**Estimated Tokens:** ~10K\n```\n"), -1);
  EXPECT_EQ(high_of("# T\n\n<!--\n**Estimated Tokens:** ~10K\n-->\n"), -1);
  EXPECT_EQ(high_of("# T\n\n## SR Engineer Review\n\n**Estimated Tokens:** ~10K\n"), -1);
  EXPECT_EQ(high_of("# T\n\n**Estimated Tokens:** TBD\n"), -1);
  EXPECT_EQ(high_of("# T\n\n**Estimate:** 2,000 rows in 3 hours\n"), -1);
  EXPECT_EQ(high_of("# T\n\n## PM Estimate\n\n| Factor | Assumption | Impact |\n|---|---|---|\n| Files | 4-5 | +10K |\n"), -1);
}

TEST(Reading, PrecedenceIsSectionThenWord) {
  EXPECT_EQ(high_of("# T\n\n**Estimated Tokens:** ~40K\n\n## PM Estimate (PM-Owned)\n\n**Estimated Tokens:** ~50K\n"), 50'000);
  EXPECT_EQ(high_of("# T\n\n## Estimation\n- **Base estimate:** ~20K tokens\n- **Adjusted estimate:** ~25K tokens\n- **Final estimate:** ~40K tokens\n"), 40'000);
  EXPECT_EQ(high_of("# T\n\n**Estimated Tokens:** 40K\n\n### ST-1\n**Estimated tokens:** 6,000\n### ST-2\n**Estimated tokens:** 8,000\n"), 40'000);
}

TEST(Reading, EstimatesOfSubtasksAloneAreNoTasksEstimate) {
  const Reading reading = read_text("# S\n\n## Subtasks\n\n### ST-1: a\n\n- **Estimated tokens**: 6000\n\n### ST-2: b\n\n- **Estimated tokens**: 5000\n\n### ST-3: c\n\n- **Estimated tokens**: 5000\n");
  EXPECT_FALSE(reading.estimate);
  ASSERT_NE(reading.ambiguity(FieldKind::estimate), nullptr);
  EXPECT_EQ(reading.ambiguity(FieldKind::estimate)->candidates.size(), 3U);
}

TEST(Reading, TheTotalOfAnEstimatesTable) {
  EXPECT_EQ(high_of("# T\n\n## Token Estimate\n\n| Phase | Tokens |\n|---|---|\n| a | 10K |\n| **Total** | **25K** |\n"), 25'000);
}

TEST(Reading, ContradictionIsAnAmbiguityWithLinesAndFlag) {
  const Reading reading = read_text("# T\n\n**Estimated Tokens:** 40K\n**Est. Tokens:** 50K\n**Token Cap:** 80K\n");
  EXPECT_FALSE(reading.estimate);
  const Ambiguity* ambiguity = reading.ambiguity(FieldKind::estimate);
  ASSERT_NE(ambiguity, nullptr);
  EXPECT_EQ(ambiguity->flag, "--estimate");
  ASSERT_EQ(ambiguity->candidates.size(), 2U);
  EXPECT_EQ(ambiguity->candidates[0].line, 3);
  EXPECT_EQ(ambiguity->candidates[1].line, 4);
  EXPECT_EQ(reading.ambiguity(FieldKind::cap), nullptr);
  EXPECT_EQ(reading.cap->limit, 80'000);
}

TEST(Reading, DottedThousandsAreRefusedNotGuessed) {
  const Reading reading = read_text("# T\n\n**Estimated Tokens:** 10.000\n**Token Cap:** 40.000\n");
  EXPECT_FALSE(reading.estimate);
  EXPECT_FALSE(reading.cap);
  EXPECT_NE(reading.ambiguity(FieldKind::estimate), nullptr);
  EXPECT_EQ(reading.ambiguity(FieldKind::cap)->flag, "--cap");
}

TEST(Reading, CapIsLiteralOrNone) {
  EXPECT_EQ(read_text("# T\n\n**Token Cap:** 160K (4x of 50K)\n").cap->limit, 160'000);
  EXPECT_EQ(read_text("# T\n\n**Soft Cap:** ~160K (4x estimate)\n").cap->limit, 160'000);
  EXPECT_EQ(read_text("# T\n\n**Token Cap:** 20K \u00d7 4 = 80K\n").cap->limit, 80'000);
  EXPECT_EQ(read_text("# T\n\n**Token Cap:** 4 x ~20K = 80K\n").cap->limit, 80'000);
  EXPECT_EQ(read_text("# T\n\n**Token Cap:** ~~80K~~ 120K\n").cap->limit, 120'000);
  EXPECT_EQ(read_text("# T\n\n**Token Cap:** 80K \u2192 120K (extended)\n").cap->limit, 120'000);
  for (const char* label : {"Hard Token Cap", "Soft Token Cap", "4x Cap", "Token Ceiling", "Tokens (cap)", "Token Budget"})
    EXPECT_EQ(read_text("# T\n\n**" + std::string(label) + ":** 80K\n").cap->limit, 80'000) << label;
  EXPECT_FALSE(read_text("# T\n\n**Token Cap:** N/A\n").cap);
  EXPECT_FALSE(read_text("# T\n\n**Token Cap:** 4x upper estimate\n").cap);
}

}  // namespace
}  // namespace ts::taskfile
