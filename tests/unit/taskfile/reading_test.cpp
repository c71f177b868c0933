#include "taskfile/reading.hpp"

#include <gtest/gtest.h>

#include "taskfile/markdown/structure.hpp"

namespace ts::taskfile {
namespace {

Reading read_text(const std::string& text, const Patterns& patterns = default_patterns()) {
  return read(Document::parse(text).value(), patterns);
}

Tokens high_of(const std::string& text) {
  const Reading reading = read_text(text);
  return reading.estimate ? reading.estimate->high : -1;
}

TEST(Reading, EmptyFileSaysNothing) {
  const Reading reading = read_text("");
  EXPECT_EQ(reading.task_id, "");
  EXPECT_FALSE(reading.estimate);
  EXPECT_FALSE(reading.cap);
  EXPECT_EQ(reading.actual.state, FieldState::absent);
  EXPECT_TRUE(reading.ambiguities.empty());
}

TEST(Reading, HeaderGivesNamesEstimateAndCap) {
  const Reading reading = read_text(
      "# Task TASK-77: Move the parser\n\n**Sprint:** SPRINT-003 (spring)\n**Category:** `service`\n"
      "**Estimated Tokens:** ~8K-12K (service x 1.0)\n**Token Cap:** 48K (4x upper estimate)\n");
  EXPECT_EQ(reading.task_id, "TASK-77");
  EXPECT_EQ(reading.title, "Move the parser");
  EXPECT_EQ(reading.sprint, "SPRINT-003");
  EXPECT_EQ(reading.category, "service");
  ASSERT_TRUE(reading.estimate);
  EXPECT_EQ(reading.estimate->low, 8'000);
  EXPECT_EQ(reading.estimate->high, 12'000);
  EXPECT_EQ(reading.estimate->line, 5);
  ASSERT_TRUE(reading.cap);
  EXPECT_EQ(reading.cap->limit, 48'000);
  EXPECT_EQ(reading.cap->line, 6);
}

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
  EXPECT_FALSE(read_text("# T\n\n**Token Cap:** N/A\n").cap);
  EXPECT_FALSE(read_text("# T\n\n**Token Cap:** 4x upper estimate\n").cap);
}

struct StateCase {
  const char* cell;
  FieldState state;
  const char* text;
};

TEST(Reading, StatesOfTheActualField) {
  const StateCase cases[] = {
      {"X", FieldState::placeholder, "X"},
      {"~XK", FieldState::placeholder, "~XK"},
      {"___K", FieldState::placeholder, "___K"},
      {"TBD (auto-captured)", FieldState::placeholder, "TBD (auto-captured)"},
      {"`<from the log>`", FieldState::placeholder, "`<from the log>`"},
      {"_[From hook]_", FieldState::placeholder, "_[From hook]_"},
      {"-", FieldState::placeholder, "-"},
      {"", FieldState::placeholder, ""},
      {"~XK (Est: 25K)", FieldState::placeholder, "~XK"},
      {"~15K (estimated)", FieldState::value, "~15K"},
      {"12,345", FieldState::value, "12,345"},
      {"(manual estimate ~9K)", FieldState::value, "~9K"},
      {"N/A", FieldState::placeholder, ""},
      {"Combined with TASK-9", FieldState::placeholder, ""},
  };
  for (const StateCase& c : cases) {
    const Reading reading = read_text(std::string("# T\n\n| Metric | Value |\n|---|---|\n| **Total Tokens** | ") + c.cell + " |\n");
    EXPECT_EQ(reading.actual.state, c.state) << c.cell;
    EXPECT_EQ(reading.actual.line, 5) << c.cell;
    ASSERT_FALSE(reading.fields.empty()) << c.cell;
    EXPECT_EQ(reading.fields[0].text, c.text) << c.cell;
  }
}

TEST(Reading, RolesOwnTheirRows) {
  const Reading reading = read_text(
      "# T\n\n## Implementation Summary (Engineer-Owned)\n\n```\nEngineer Agent ID: <id>\n```\n\n| Metric | Value |\n|---|---|\n| Total Tokens | X |\n"
      "\n## SR Engineer Review (SR-Owned)\n\n```\nSR Engineer Agent ID: <id>\n```\n\n| Metric | Value |\n|---|---|\n| Total Tokens | X |\n");
  ASSERT_EQ(reading.fields.size(), 4U);
  EXPECT_EQ(reading.fields[0].owner, Role::engineer);
  EXPECT_EQ(reading.fields[1].owner, Role::engineer);
  EXPECT_EQ(reading.fields[2].owner, Role::reviewer);
  EXPECT_EQ(reading.fields[3].owner, Role::reviewer);
  EXPECT_EQ(reading.actual.line, 11);
}

TEST(Reading, TemplateTextInFencesIsNoField) {
  const Reading reading = read_text("# T\n\n## Notes\n\n```markdown\n| Metric | Value |\n|---|---|\n| Total Tokens | X |\n```\n");
  EXPECT_EQ(reading.actual.state, FieldState::absent);
  EXPECT_TRUE(reading.fields.empty());
}

TEST(Reading, NestedFencesAreReadAsPeopleMeanThem) {
  const std::string text =
      "# T\n\n## Notes\n\n```markdown\n## Implementation Summary\n```bash\nls\n```\n| Total Tokens | 5K |\n```\n\n**Actual Tokens:** X\n";
  const Reading reading = read_text(text);
  EXPECT_EQ(reading.actual.line, 13);
  ASSERT_EQ(reading.notes.size(), 1U);
  EXPECT_NE(reading.notes[0].find("nested"), std::string::npos);
}

TEST(Reading, CellsMayHoldPipes) {
  const Reading reading = read_text("# T\n\n| Metric | Value |\n|---|---|\n| Command | `a | b` \\| c |\n| Total Tokens | `jq '.[] | .n'` X |\n| Actual Tokens | X |\n");
  EXPECT_EQ(reading.actual.line, 6);
  EXPECT_EQ(reading.actual.state, FieldState::placeholder);
}

TEST(Reading, LineEndsAndMarksDoNotMatter) {
  for (const std::string end : {"\n", "\r\n", "\r"}) {
    const Reading reading = read_text("\xEF\xBB\xBF# TASK-5: x" + end + end + "**Estimated Tokens:** 5K  " + end + "**Actual Tokens:** X");
    EXPECT_EQ(reading.task_id, "TASK-5");
    EXPECT_EQ(reading.estimate->high, 5'000);
    EXPECT_EQ(reading.actual.line, 4);
  }
}

TEST(Reading, UsersPatternsBeatTheBuiltInOnes) {
  Patterns patterns = default_patterns();
  ASSERT_TRUE(patterns.add("estimate", "Aufwand").has_value());
  ASSERT_TRUE(patterns.add("actual", "Verbrauch").has_value());
  ASSERT_TRUE(patterns.add("placeholder", "offen").has_value());
  const Reading reading = read_text("# T\n\n**Estimated Tokens:** 40K\n**Aufwand:** 50K\n**Verbrauch:** offen\n", patterns);
  EXPECT_EQ(reading.estimate->high, 50'000);
  EXPECT_EQ(reading.actual.line, 5);
  EXPECT_EQ(reading.actual.state, FieldState::placeholder);
  EXPECT_EQ(patterns.add("colour", "x").error().code, Errc::invalid_argument);
  EXPECT_EQ(patterns.add("cap", " ** ").error().code, Errc::invalid_argument);
}

TEST(TaskId, IsFoundInNamesAndTitles) {
  EXPECT_EQ(task_id_in_name("TASK-914-early-reporting.md"), "TASK-914");
  EXPECT_EQ(task_id_in_name("TASK-1503C-type-fix-spec.md"), "TASK-1503C");
  EXPECT_EQ(task_id_in_name("ELAB-REPA-0520.md"), "ELAB-REPA-0520");
  EXPECT_EQ(task_id_in_name("TASK-407-badges~2.md"), "TASK-407");
  EXPECT_EQ(task_id_in_name("README.md"), "");
}

}  // namespace
}  // namespace ts::taskfile
