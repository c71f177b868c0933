#include "spawner/cli/task_text.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "taskfile/document.hpp"

namespace ts::cli {
namespace {

using ::testing::HasSubstr;
using nlohmann::ordered_json;

taskfile::Reading reading_of(std::string text) { return taskfile::read(taskfile::Document::parse(std::move(text)).value()); }

std::vector<std::string> keys_of(const ordered_json& json) {
  std::vector<std::string> keys;
  for (const auto& [key, value] : json.items()) keys.push_back(key);
  return keys;
}

TEST(TaskText, JsonHasTheKeysOfTheContract) {  // promise: TASK-1
  const auto j = ordered_json::parse(reading_json("tasks/T.md", reading_of("# TASK-914: Early report\n\n**Sprint:** SPRINT-12\n**Category:** service\n"
                                                                           "**Estimated Tokens:** 8K-10K\n**Token Cap:** 40K\n\n| Metric | Value |\n|---|---|\n| Total Tokens | X |\n")));
  EXPECT_EQ(keys_of(j), (std::vector<std::string>{"file", "task_id", "sprint", "category", "estimate", "cap", "actual", "candidates", "past"}));
  EXPECT_EQ(j["file"], "tasks/T.md");
  EXPECT_EQ(j["task_id"], "TASK-914");
  EXPECT_EQ(keys_of(j["estimate"]), (std::vector<std::string>{"low", "high", "line", "why"}));
  EXPECT_EQ(j["estimate"]["low"], 8000);
  EXPECT_EQ(j["estimate"]["high"], 10000);
  EXPECT_EQ(j["estimate"]["line"], 5);
  EXPECT_EQ(j["cap"], (ordered_json{{"limit", 40000}, {"line", 6}}));
  EXPECT_EQ(keys_of(j["actual"]), (std::vector<std::string>{"line", "state", "value"}));
  EXPECT_TRUE(j["candidates"].is_array());
}

TEST(TaskText, WhatTheFileDoesNotSayIsNull) {  // promise: TASK-1
  const auto j = ordered_json::parse(reading_json("x.md", reading_of("just words\n")));
  for (const char* key : {"task_id", "sprint", "category", "estimate", "cap"}) EXPECT_TRUE(j[key].is_null()) << key;
  EXPECT_EQ(j["actual"], (ordered_json{{"line", nullptr}, {"state", "absent"}, {"value", nullptr}}));
}

TEST(TaskText, HostileTextStaysJsonAndHarmless) {
  const std::string evil = "# TASK-1: \x1b[31m\xff\n\n**Estimated Tokens:** 5K \x1b]0;x\x07\n";
  EXPECT_FALSE(ordered_json::parse(reading_json("x\xff.md", reading_of(evil)), nullptr, false).is_discarded());
  EXPECT_EQ(reading_text("x.md", reading_of(evil)).find('\x1b'), std::string::npos);
}

TEST(TaskText, TextSaysWhereAndWhy) {
  const std::string text = reading_text("x.md", reading_of("# TASK-2: T\n\n**Estimated Tokens:** ~35K\n"));
  EXPECT_THAT(text, HasSubstr("35,000 tokens (line 3"));
  EXPECT_THAT(text, HasSubstr("none written"));
  EXPECT_THAT(text, HasSubstr("a marked block would be appended"));
}

}  // namespace
}  // namespace ts::cli
