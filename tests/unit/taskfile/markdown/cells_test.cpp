#include "taskfile/markdown/cells.hpp"

#include <gtest/gtest.h>

#include "tests/unit/taskfile/read_text.hpp"

namespace ts::taskfile {
namespace {

using namespace reader_test;

TEST(Reading, CellsMayHoldPipes) {
  const Reading reading = read_text("# T\n\n| Metric | Value |\n|---|---|\n| Command | `a | b` \\| c |\n| Total Tokens | `jq '.[] | .n'` X |\n| Actual Tokens | X |\n");
  EXPECT_EQ(reading.actual.line, 6);
  EXPECT_EQ(reading.actual.state, FieldState::placeholder);
}

}  // namespace
}  // namespace ts::taskfile
