#include "taskfile/write/report.hpp"

#include <gtest/gtest.h>

#include "tests/unit/taskfile/planned.hpp"

namespace ts::taskfile {
namespace {

using namespace planned;

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

}  // namespace
}  // namespace ts::taskfile
