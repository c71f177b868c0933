#include "spawner/gateway/keep_back.hpp"

#include <gtest/gtest.h>

namespace ts::gateway {
namespace {

Ending ending_of(ApiShape shape, ApiBody body, std::string_view text, std::size_t step) {
  EndingReader reader(shape, body);
  for (std::size_t at = 0; at < text.size(); at += step) reader.push(text.substr(at, step));
  reader.finish();
  return reader.ending();
}

struct Case {
  ApiShape shape;
  ApiBody body;
  std::string_view text;
  Ending ending;
};

constexpr Case kCases[] = {
    {ApiShape::anthropic_messages, ApiBody::sse, "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"stop_reason\":null}}\n\n"
     "data: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"max_tokens\"},\"usage\":{\"output_tokens\":9}}\n\n", Ending::at_limit},
    {ApiShape::anthropic_messages, ApiBody::sse, "data: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":null}}\r\n\r\n"
     "data: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"tool_use\"}}\r\n\r\n", Ending::natural},
    {ApiShape::anthropic_messages, ApiBody::sse, "data: {\"type\":\"message_start\"}\n\n", Ending::untold},
    {ApiShape::anthropic_messages, ApiBody::json, "{\"content\":[{\"type\":\"tool_use\",\"input\":{\"stop_reason\":\"max_tokens\"}}],\"stop_reason\":\"tool_use\"}", Ending::natural},
    {ApiShape::anthropic_messages, ApiBody::json, " {\n \"stop_reason\" : \"max_tokens\" }", Ending::at_limit},
    {ApiShape::openai_responses, ApiBody::sse, "data: {\"type\":\"response.created\",\"response\":{\"status\":\"in_progress\",\"incomplete_details\":null}}\n\n"
     "data: {\"type\":\"response.incomplete\",\"response\":{\"status\":\"incomplete\",\"incomplete_details\":{\"reason\":\"max_output_tokens\"}}}\n\n", Ending::at_limit},
    {ApiShape::openai_responses, ApiBody::sse, "data: {\"type\":\"response.incomplete\",\"response\":{\"status\":\"incomplete\",\"incomplete_details\":{\"reason\":\"content_filter\"}}}\n\n",
     Ending::natural},
    {ApiShape::openai_responses, ApiBody::json, "{\"status\":\"completed\",\"incomplete_details\":null}", Ending::natural},
    {ApiShape::openai_responses, ApiBody::sse, "data: {\"type\":\"response.created\",\"response\":{\"status\":\"in_progress\",\"incomplete_details\":null}}\n\n", Ending::untold},
    {ApiShape::openai_chat, ApiBody::sse, "data: {\"choices\":[{\"delta\":{},\"finish_reason\":null}]}\n\ndata: {\"choices\":[{\"finish_reason\":\"length\"}]}\n\ndata: [DONE]\n\n",
     Ending::at_limit},
    {ApiShape::openai_chat, ApiBody::json, "{\"choices\":[{\"finish_reason\":\"length\"},{\"finish_reason\":\"stop\"}]}", Ending::at_limit},
    {ApiShape::openai_chat, ApiBody::json, "{\"choices\":[{\"finish_reason\":\"stop\"},{\"finish_reason\":\"tool_calls\"}]}", Ending::natural},
    {ApiShape::gemini, ApiBody::json, "[{\"candidates\":[{\"index\":0}]},\n{\"candidates\":[{\"finishReason\":\"MAX_TOKENS\"}]}]", Ending::at_limit},
    {ApiShape::gemini, ApiBody::sse, "data: {\"response\":{\"candidates\":[{\"finishReason\":\"STOP\"}]}}\r\n\r\n", Ending::natural},
    {ApiShape::gemini, ApiBody::sse, "data: nonsense\n\ndata: {\"candidates\":7,\"finishReason\":", Ending::untold},
};

TEST(KeepBack, HowAnAnswerEndedInAllShapes) {
  for (const Case& one : kCases)
    for (std::size_t step = 1; step <= one.text.size(); ++step) ASSERT_EQ(ending_of(one.shape, one.body, one.text, step), one.ending) << one.text << " by " << step;
}

TEST(KeepBack, OnlyWhatOurLimitCutIsCutByIt) {
  const OutputLimit limit{8000, 16'000};
  EXPECT_FALSE(cut_by(limit, Ending::natural, 8000));
  EXPECT_FALSE(cut_by(limit, Ending::natural, 16'000));
  EXPECT_TRUE(cut_by(limit, Ending::at_limit, 8000));
  EXPECT_TRUE(cut_by(limit, Ending::at_limit, 7990)) << "some stop a little before it";
  EXPECT_FALSE(cut_by(limit, Ending::at_limit, 4096)) << "the model's own limit";
  EXPECT_TRUE(cut_by(limit, Ending::at_limit, std::nullopt));
  EXPECT_TRUE(cut_by(limit, Ending::untold, 16'000));
  EXPECT_FALSE(cut_by(limit, Ending::untold, 15'999));
  EXPECT_FALSE(cut_by(limit, Ending::untold, std::nullopt));
}

TEST(KeepBack, WhatIsKeptIsCountedAndGivenBack) {
  std::size_t total = 5;
  {
    KeptAnswer kept(ApiShape::openai_chat, ApiBody::json, total);
    kept.add("abc");
    kept.add("de");
    EXPECT_EQ(kept.bytes(), "abcde");
    EXPECT_EQ(total, 10U);
  }
  EXPECT_EQ(total, 5U);
}

}  // namespace
}  // namespace ts::gateway
