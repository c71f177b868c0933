#include "spawner/gateway/request_body.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace ts::gateway {
namespace {

using nlohmann::json;

std::string edited(ApiShape shape, std::string_view text, BodyEdit edit, std::size_t step = 0) {
  BodyPass pass(shape, edit);
  std::string out;
  for (std::size_t at = 0; at < text.size(); at += step == 0 ? text.size() : step) pass.push(text.substr(at, step == 0 ? text.size() : step), &out);
  pass.finish();
  EXPECT_LE(pass.grown(), BodyPass::kMaxGrowth);
  EXPECT_EQ(out.size(), text.size() + pass.grown());
  return out;
}

RequestFacts facts(ApiShape shape, std::string_view text) {
  BodyPass pass(shape);
  pass.push(text, nullptr);
  pass.finish();
  return pass.facts();
}

struct Case {
  std::string_view what;
  ApiShape shape;
  std::string_view body;
  BodyEdit edit;
  std::string_view expected;
};

const Case kCases[] = {
    {"the limit is lowered in place", ApiShape::anthropic_messages, R"({"model":"m","max_tokens":32000,"messages":[]})", {1234, "", false},
     R"({"model":"m","max_tokens":1234 ,"messages":[]})"},
    {"a lower limit stays", ApiShape::anthropic_messages, R"({"max_tokens": 10})", {1234, "", false}, R"({"max_tokens": 10})"},
    {"white space stays", ApiShape::anthropic_messages, "{\r\n  \"max_tokens\" :\t32000\r\n}\n", {7, "", false}, "{\r\n  \"max_tokens\" :\t7    \r\n}\n"},
    {"the thinking budget stays below", ApiShape::anthropic_messages, R"({"thinking":{"type":"enabled","budget_tokens":31999},"max_tokens":32000})", {2000, "", false},
     R"({"thinking":{"type":"enabled","budget_tokens":1999 },"max_tokens":2000 })"},
    {"the same words deeper down are the agent's own", ApiShape::anthropic_messages,
     R"({"max_tokens":9,"messages":[{"max_tokens":32000,"content":"\"max_tokens\":32000"}],"tools":[{"input_schema":{"max_tokens":99999}}]})", {5, "", false},
     R"({"max_tokens":5,"messages":[{"max_tokens":32000,"content":"\"max_tokens\":32000"}],"tools":[{"input_schema":{"max_tokens":99999}}]})"},
    {"each name is clamped", ApiShape::openai_chat, R"({"max_tokens":500,"max_completion_tokens":900})", {100, "max_tokens", false},
     R"({"max_tokens":100,"max_completion_tokens":100})"},
    {"and each of a repeated name", ApiShape::openai_chat, R"({"max_tokens":500,"max_tokens":900})", {100, "max_tokens", false}, R"({"max_tokens":100,"max_tokens":100})"},
    {"a missing limit is added", ApiShape::openai_responses, R"({"model":"m"})", {100, "max_output_tokens", false}, R"({"model":"m","max_output_tokens":100})"},
    {"to an empty object too", ApiShape::openai_responses, "{ }", {100, "max_output_tokens", false}, R"({ "max_output_tokens":100})"},
    {"null is no limit", ApiShape::openai_responses, R"({"max_output_tokens":null,"a":1})", {100, "max_output_tokens", false}, R"({"max_output_tokens":100 ,"a":1})"},
    {"gemini's limit", ApiShape::gemini, R"({"generationConfig":{"temperature":0,"maxOutputTokens":65536}})", {100, "maxOutputTokens", false},
     R"({"generationConfig":{"temperature":0,"maxOutputTokens":100  }})"},
    {"gemini's, missing", ApiShape::gemini, R"({"generationConfig":{"temperature":0},"contents":[]})", {100, "maxOutputTokens", false},
     R"({"generationConfig":{"temperature":0,"maxOutputTokens":100},"contents":[]})"},
    {"gemini's, without a configuration", ApiShape::gemini, R"({"contents":[]})", {100, "maxOutputTokens", false},
     R"({"contents":[],"generationConfig":{"maxOutputTokens":100}})"},
    {"usage is asked for", ApiShape::openai_chat, R"({"stream":true})", {std::nullopt, "", true}, R"({"stream":true,"stream_options":{"include_usage":true}})"},
    {"usage among other options", ApiShape::openai_chat, R"({"stream":true,"stream_options":{"x":1}})", {std::nullopt, "", true},
     R"({"stream":true,"stream_options":{"x":1,"include_usage":true}})"},
    {"usage in empty options", ApiShape::openai_chat, R"({"stream_options":{}})", {std::nullopt, "", true}, R"({"stream_options":{"include_usage":true}})"},
    {"usage that was declined", ApiShape::openai_chat, R"({"stream_options":{"include_usage":false}})", {std::nullopt, "", true},
     R"({"stream_options":{"include_usage":true }})"},
    {"usage options of null", ApiShape::openai_chat, R"({"stream_options":null})", {std::nullopt, "", true}, R"({"stream_options":{"include_usage":true}})"},
};

TEST(BodyPass, EditsWhatMustChangeAndNothingElseWhateverThePieces) {
  for (const Case& c : kCases) {
    for (std::size_t step = 0; step <= c.body.size(); ++step) {
      SCOPED_TRACE(std::string(c.what) + " in pieces of " + std::to_string(step));
      const std::string out = edited(c.shape, c.body, c.edit, step);
      ASSERT_EQ(out, c.expected);
      EXPECT_TRUE(json::accept(out));
    }
  }
}

TEST(BodyPass, WithoutEditsEveryByteStays) {
  for (const std::string_view text : {R"({"max_tokens":32000,"a":[1,-2.5e+3,true,null,{"b":[]}],"c":"\u00e9\\\" } ] "})", "[1]", "", "garbage {", R"({"a":)", "{\"a\":1} trailing"})
    for (std::size_t step = 0; step <= text.size(); ++step) EXPECT_EQ(edited(ApiShape::anthropic_messages, text, {}, step), text);
}

TEST(BodyPass, FindsTheFacts) {
  const RequestFacts f = facts(ApiShape::anthropic_messages,
                               R"({"model":"claude-x","stream":true,"max_tokens":4096,"thinking":{"type":"enabled","budget_tokens":2048},)"
                               R"("messages":[{"role":"user","content":"hello"},{"role":"assistant","content":"hi"}]})");
  EXPECT_EQ(f.model, "claude-x");
  EXPECT_TRUE(f.stream);
  EXPECT_EQ(f.max_output, 4096);
  EXPECT_EQ(f.thinking_budget, 2048);
  EXPECT_EQ(f.turns.size(), 2U);
  EXPECT_TRUE(f.whole);
  EXPECT_FALSE(f.broken);
  EXPECT_EQ(facts(ApiShape::openai_chat, R"({"n":3,"stream_options":{"include_usage":true}})").choices, 3);
  EXPECT_EQ(facts(ApiShape::openai_responses, R"({"input":"just text"})").turns.size(), 1U);
}

TEST(BodyPass, AConversationIsKnownAgainAfterMoreTurnsAndMovedCacheMarks) {
  const auto shape = ApiShape::anthropic_messages;
  const RequestFacts first = facts(shape, R"({"messages":[{"role":"user","content":[{"type":"text","text":"one","cache_control":{"type":"ephemeral"}}]}]})");
  const RequestFacts later = facts(shape, R"({"messages":[{"role":"user","content":"one"},{"role":"assistant","content":[{"type":"text","text":"two"}]}]})");
  const RequestFacts other = facts(shape, R"({"messages":[{"role":"user","content":"uno"}]})");
  ASSERT_EQ(later.turns.size(), 2U);
  EXPECT_EQ(first.turns.at(0), later.turns.at(0));
  EXPECT_NE(later.turns.at(0), later.turns.at(1));
  EXPECT_NE(first.turns.at(0), other.turns.at(0));
}

TEST(BodyPass, ImagesWeighWhatTheyAreBilledLike) {
  const std::string image = R"({"messages":[{"content":[{"type":"image","source":{"type":"base64","data":")" + std::string(1'000'000, 'A') + R"("}}]}]})";
  const std::string text = R"({"messages":[{"content":[{"type":"text","text":")" + std::string(1'000'000, 'A') + R"("}]}]})";
  EXPECT_LT(facts(ApiShape::anthropic_messages, image).weight, 40'000U);
  EXPECT_GE(facts(ApiShape::anthropic_messages, text).weight, 1'000'000U);
}

TEST(BodyPass, WhatCanNotBeReadIsToldAsBroken) {
  for (const std::string_view text :
       {"", "[]", "{", "{\"a\"}", "{\"a\":1}}", "{\"a\":1} {}", "nul", "{\"a\":nope}", "{\"max_tokens\":1e9}", "{\"max_tokens\":-1}", "{\"max_tokens\":\"9\"}",
        "{\"max\\u005ftokens\":9}", "{\"max_tokens\":99999999999999999999}", "{,}", "{\"a\":[1,}"})
    EXPECT_TRUE(facts(ApiShape::anthropic_messages, text).broken) << text;
  std::string deep = "{\"a\":";
  deep.append(100'000, '[');
  EXPECT_TRUE(facts(ApiShape::anthropic_messages, deep).broken);
  EXPECT_TRUE(facts(ApiShape::anthropic_messages, "{\"a\":1" + std::string(100'000, '0') + "}").broken);
}

}  // namespace
}  // namespace ts::gateway
