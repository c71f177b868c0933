#include "taskfile/reading.hpp"

#include <gtest/gtest.h>

#include "tests/unit/taskfile/read_text.hpp"

namespace ts::taskfile {
namespace {

using namespace reader_test;

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

TEST(Reading, OtherRolesRowsAreNotTheEngineers) {
  for (const char* heading : {"Tech Lead Review", "Review Results", "Review (Lead-Owned)", "QA Metrics", "Plan Agent Metrics", "3. SR Engineer Metrics", "Senior Review"}) {
    const Reading reading = read_text("# T\n\n## " + std::string(heading) + "\n\n| Metric | Value |\n|---|---|\n| Total Tokens | X |\n");
    EXPECT_EQ(reading.actual.state, FieldState::absent) << heading;
    for (const Field& field : reading.fields) EXPECT_NE(field.owner, Role::engineer) << heading;
  }
  for (const char* heading : {"Ready for Review", "Implementation Summary (after review)", "2. Implementation Summary", "Completion Report"})
    EXPECT_EQ(read_text("# T\n\n## " + std::string(heading) + "\n\n| Metric | Value |\n|---|---|\n| Total Tokens | X |\n").actual.line, 7) << heading;
}

TEST(Reading, LabelsOfTheActualField) {
  const std::string head = "# T\n\n## Implementation Summary\n\n### Metrics\n\n";
  for (const char* label : {"Tokens", "Tokens Consumed", "Token Usage", "Token Count", "Total Billable Tokens", "Measured Tokens", "Final Tokens", "Engineer Total", "Actual Total"})
    EXPECT_EQ(read_text(head + "| Metric | Value |\n|---|---|\n| " + label + " | X |\n").actual.line, 9) << label;
  EXPECT_EQ(read_text(head + "| Phase | Turns | Est. Tokens |\n|---|---|---|\n| Plan | X | XK |\n| **Grand Total** | X | XK |\n").actual.line, 0);
  EXPECT_EQ(read_text(head + "| Phase | Turns | Tokens |\n|---|---|---|\n| Plan | X | XK |\n| **Grand Total** | X | XK |\n").actual.line, 10);
  EXPECT_EQ(read_text("# T\n\n**Effort:** 5K tokens\n\n## Actual Effort\n\n- Tokens: TBD\n").actual.line, 7);
}

TEST(Reading, TheEngineersStepOfATableOfAgents) {
  const std::string head = "# T\n\n## Agent Tracking\n\n| Step | Agent ID | Tokens |\n|---|---|---|\n| 1. Implementation Plan | ___ | ___K |\n";
  for (const char* step : {"3. Implementation", "Implement (Engineer)", "Engineer"})
    EXPECT_EQ(read_text(head + "| " + step + " | ___ | ___K |\n| 4. Implementation Review | ___ | ___K |\n").actual.line, 8) << step;
}

TEST(Reading, ProseBehindALabelIsNoFieldOfTheRun) {
  const Reading reading = read_text("# T\n\n## Implementation Summary\n\n- **Input:** a text field\n- **Output:** the list\n- **Actual Tokens:** X\n");
  ASSERT_EQ(reading.fields.size(), 1U);
  EXPECT_EQ(reading.fields[0].line, 7);
}

}  // namespace
}  // namespace ts::taskfile
