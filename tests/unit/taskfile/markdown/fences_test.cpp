#include "taskfile/markdown/fences.hpp"

#include <gtest/gtest.h>

#include "tests/unit/taskfile/read_text.hpp"

namespace ts::taskfile {
namespace {

using namespace reader_test;

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

}  // namespace
}  // namespace ts::taskfile
