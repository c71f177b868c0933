#include "spawner/gateway/count.hpp"

#include <gtest/gtest.h>

namespace ts::gateway {
namespace {

TEST(Count, AnthropicTakesThePromptAlone) {
  const auto q = count_question(ApiShape::anthropic_messages, "/v1/messages?beta=true",
                                R"( {"model":"m", "max_tokens":5,"messages":[{"role":"user","content":"a \" \\ b"}],"stream":true,"metadata":{"user_id":"u"},"system":"s","tools":[{"name":"t"}]} )");
  ASSERT_TRUE(q);
  EXPECT_EQ(q->target, "/v1/messages/count_tokens?beta=true");
  EXPECT_EQ(q->body, R"({"model":"m","messages":[{"role":"user","content":"a \" \\ b"}],"system":"s","tools":[{"name":"t"}]})");
}

TEST(Count, ResponsesAndGemini) {
  const auto responses = count_question(ApiShape::openai_responses, "/v1/responses", R"({"model":"m","input":[],"store":false,"instructions":"i"})");
  ASSERT_TRUE(responses);
  EXPECT_EQ(responses->target, "/v1/responses/input_tokens");
  EXPECT_EQ(responses->body, R"({"model":"m","input":[],"instructions":"i"})");
  const auto gemini = count_question(ApiShape::gemini, "/v1beta/models/g-2:streamGenerateContent?alt=sse&key=K", R"({"contents":[],"generationConfig":{}})");
  ASSERT_TRUE(gemini);
  EXPECT_EQ(gemini->target, "/v1beta/models/g-2:countTokens?key=K");
  EXPECT_EQ(gemini->body, R"({"generateContentRequest":{"model":"models/g-2","contents":[],"generationConfig":{}}})");
}

TEST(Count, WhatCanNotBeAsked) {
  EXPECT_FALSE(count_question(ApiShape::openai_chat, "/v1/chat/completions", "{}"));
  EXPECT_FALSE(count_question(ApiShape::anthropic_messages, "/v1/messages", "{"));
  EXPECT_FALSE(count_question(ApiShape::anthropic_messages, "/v1/messages", "[]"));
  EXPECT_FALSE(count_question(ApiShape::anthropic_messages, "/v1/messages", R"({"stream":true})"));
  EXPECT_FALSE(count_question(ApiShape::openai_responses, "/v1/responses/x", R"({"input":"a"})"));
  EXPECT_FALSE(count_question(ApiShape::gemini, "/v1beta/other", R"({"contents":[]})"));
}

TEST(Count, ReadsTheNumberAndNothingElse) {
  EXPECT_EQ(counted(ApiShape::anthropic_messages, R"({"input_tokens": 2095})"), 2095);
  EXPECT_EQ(counted(ApiShape::gemini, R"({"totalTokens": 31, "promptTokensDetails": []})"), 31);
  for (const std::string_view bad : {"", "{}", "{\"input_tokens\":-1}", "{\"input_tokens\":1.5}", "{\"input_tokens\":99999999999999999999}", "{\"input_tokens\":\"x\"}", "<html>"})
    EXPECT_FALSE(counted(ApiShape::anthropic_messages, bad)) << bad;
}

}  // namespace
}  // namespace ts::gateway
