#pragma once

#include <gtest/gtest.h>

#include <string>

#include "taskfile/plan.hpp"

// A task file's text, what a run writes into it, and the text after that.

namespace ts::taskfile::planned {

inline Document document_of(std::string text) { return Document::parse(std::move(text)).value(); }

inline Actual actual_of(std::string run, Tokens count) {
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

inline EditPlan plan_of(const std::string& text, const Actual& actual, Role role = Role::engineer) {
  const Document document = document_of(text);
  auto plan = plan_actual(document, read(document), actual, role);
  EXPECT_TRUE(plan.has_value()) << plan.error().message;
  return std::move(plan).value();
}

inline std::string written(const std::string& text, const Actual& actual, Role role = Role::engineer) {
  return apply(document_of(text), plan_of(text, actual, role));
}

/// The text before the block of measured runs.
inline std::string fields_of(const std::string& text) { return text.substr(0, text.find("<!-- tracked-spawn:runs")); }

inline const std::string kTask =
    "# TASK-914: Early reporting\n\n**Estimated Tokens:** ~8K-10K\n**Token Cap:** 40K\n\n## Implementation Summary (Engineer-Owned)\n\n"
    "```\nEngineer Agent ID: <agent_id>\n```\n\n| Metric | Value |\n|--------|-------|\n| **Total Tokens** | X |\n| Duration | X seconds |\n"
    "| API Calls | X |\n| Cache Read | X |\n\n**Variance:** PM Est ~9K vs Actual ~XK (X% over/under)\n\n"
    "| Metric | PM Estimate | Actual | Variance |\n|---|---|---|---|\n| **Tokens** | ~9K | ~XK | +/-X% |\n| Duration | - | X min | - |\n\n"
    "## SR Engineer Review (SR-Owned)\n\n| Metric | Value |\n|--------|-------|\n| **Total Tokens** | X |\n| Duration | X seconds |\n";

}  // namespace ts::taskfile::planned
