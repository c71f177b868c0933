#include "accounting/report/attribution.hpp"

#include <gtest/gtest.h>

#include <numeric>

namespace ts::report {
namespace {

using ledger::ResponseRow;

ResponseRow response(const std::string& id, TokenCounts counts) {
  ResponseRow row;
  row.response_id = id;
  row.session = "s";
  row.counts = counts;
  return row;
}

Act act(Act::Kind kind, const std::string& response, std::uint64_t bytes, const std::string& tool = "", std::size_t call = 0) {
  Act a;
  a.kind = kind;
  a.response = response;
  a.session = "s";
  a.tool = tool;
  a.call = call;
  a.bytes = bytes;
  return a;
}

Tokens tokens_of(const Attribution& attribution, std::string_view name) {
  for (const ToolRow& tool : attribution.tools)
    if (tool.name == name) return tool.fresh();
  return -1;
}

Tokens sum(const Attribution& attribution) {
  return std::accumulate(attribution.tools.begin(), attribution.tools.end(), Tokens{0}, [](Tokens s, const ToolRow& t) { return s + t.fresh(); });
}

TEST(Attribution, SharesAddUp) {
  EXPECT_EQ(shared_by(10, std::vector<std::uint64_t>{1, 1, 1}), (std::vector<Tokens>{3, 3, 4}));
  EXPECT_EQ(shared_by(7, std::vector<std::uint64_t>{0, 0}), (std::vector<Tokens>{7, 0}));
  EXPECT_TRUE(shared_by(7, {}).empty());
  const std::vector<std::uint64_t> huge{~0ULL / 4, ~0ULL / 4, 3};
  const auto parts = shared_by(kMaxTokens, huge);
  EXPECT_EQ(std::accumulate(parts.begin(), parts.end(), Tokens{0}), kMaxTokens);
}

TEST(Attribution, OutputFallsToWhatWasSaidAndInputToWhatCameIn) {
  Activity activity;
  activity.calls = 1;
  activity.acts = {act(Act::Kind::prompt, "", 40), act(Act::Kind::text, "m1", 100), act(Act::Kind::call, "m1", 300, "Bash", 1),
                   act(Act::Kind::result, "", 1600, "Bash", 1), act(Act::Kind::text, "m2", 50)};
  const std::vector<ResponseRow> rows{response("m1", {5000, 0, 0, 0, 80, 0}), response("m2", {0, 1000, 0, 5000, 20, 0})};
  const Attribution a = attribute({activity, rows, {5000, 1000, 0, 5000, 100, 0}, "s"});
  // m1: 40 bytes of prompt can't be more than 40 tokens, the rest of the 5,000 is the standing context; 80 of output by 100 : 300 bytes.
  // m2: 1,000 tokens came in by words (100 bytes), the call (300) and its result (1,600): 50, 150, 800.
  EXPECT_EQ(tokens_of(a, "Bash"), 60 + 150 + 800);
  EXPECT_EQ(tokens_of(a, kWordsRow), 20 + 50 + 20);
  EXPECT_EQ(tokens_of(a, kContextRow), 5000);
  EXPECT_EQ(sum(a), 6100);
  ASSERT_EQ(a.operations.size(), 1U);
  EXPECT_EQ(a.operations[0].fresh, 60 + 150 + 800);
  EXPECT_EQ(a.operations[0].bytes, 1900U);
  EXPECT_EQ(a.tools.front().calls, 1);
}

TEST(Attribution, ReasoningIsNoTools) {
  Activity activity;
  activity.calls = 1;
  activity.acts = {act(Act::Kind::call, "m1", 1000, "Bash", 1)};
  const Attribution a = attribute({activity, std::vector<ResponseRow>{response("m1", {0, 0, 0, 0, 100, 90})}, {0, 0, 0, 0, 100, 90}, "s"});
  EXPECT_EQ(tokens_of(a, "Bash"), 10);
  EXPECT_EQ(tokens_of(a, kWordsRow), 90);
}

TEST(Attribution, ATurnsSumIsSharedByAllItsDeeds) {
  Activity activity;
  activity.calls = 1;
  activity.acts = {act(Act::Kind::call, "", 100, "sh", 1), act(Act::Kind::result, "", 900, "sh", 1), act(Act::Kind::text, "", 100)};
  const Attribution a = attribute({activity, std::vector<ResponseRow>{response("turn", {550, 0, 0, 0, 100, 0})}, {550, 0, 0, 0, 100, 0}, "s"});
  EXPECT_EQ(tokens_of(a, "sh"), 500 + 50);
  EXPECT_EQ(sum(a), 650);
}

TEST(Attribution, WhatTheStreamDoesNotShowIsARowOfItsOwn) {
  const Attribution a = attribute({Activity{}, std::vector<ResponseRow>{response("m1", {10, 0, 0, 0, 5, 0})}, {20, 0, 0, 0, 9, 0}, "s"});
  EXPECT_EQ(tokens_of(a, kUnseenRow), 15);
  EXPECT_EQ(tokens_of(a, kSettledRow), 14);
  EXPECT_EQ(sum(a), 29);
}

TEST(Attribution, WorkersAddUpToTheResponses) {
  Activity activity;
  activity.workers["t1"] = "worker 0";
  Act said = act(Act::Kind::text, "m2", 10);
  said.worker = "t1";
  activity.acts = {act(Act::Kind::text, "m1", 10), said};
  std::vector<ResponseRow> rows{response("m1", {1, 0, 0, 0, 2, 0}), response("m2", {3, 0, 0, 0, 4, 0}), response("m3", {5, 0, 0, 0, 6, 0})};
  rows[2].session = "other";
  const Attribution a = attribute({activity, rows, {9, 0, 0, 0, 12, 0}, "s"});
  ASSERT_EQ(a.workers.size(), 3U);
  EXPECT_EQ(a.workers[0].name, "main agent");
  EXPECT_EQ(a.workers[0].counts.output, 2);
  EXPECT_EQ(a.workers[1].name, "session other");
  EXPECT_EQ(a.workers[2].name, "worker 0");
  EXPECT_EQ(a.workers[2].counts.output, 4);
}

}  // namespace
}  // namespace ts::report
