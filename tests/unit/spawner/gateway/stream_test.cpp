#include <gtest/gtest.h>

#include "spawner/gateway/predict.hpp"
#include "spawner/gateway/sse.hpp"

namespace ts::gateway {
namespace {

constexpr std::string_view kChat =
    "data: {\"id\":\"c\",\"choices\":[{\"delta\":{\"content\":\"hello\"}}],\"usage\":null}\n\n"
    ": a comment\n\n"
    "data: {\"id\":\"c\",\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}],\"usage\":null}\r\n\r\n"
    "data: {\"id\":\"c\",\"choices\": [ ],\"usage\":{\"prompt_tokens\":3}}\n\n"
    "data: [DONE]\n\n";

std::string through(EventTap& tap, std::string_view text, std::size_t step) {
  std::string out;
  for (std::size_t at = 0; at < text.size(); at += step) out += tap.push(text.substr(at, step));
  out += tap.finish();
  return out;
}

TEST(EventTap, HidesTheUsageChunkThatNobodyAskedFor) {
  std::string expected(kChat);
  const auto from = expected.find("data: {\"id\":\"c\",\"choices\": [ ]");
  expected.erase(from, expected.find("data: [DONE]") - from);
  for (std::size_t step = 1; step <= kChat.size(); ++step) {
    EventTap tap(ApiShape::openai_chat, EventTap::Hide::chat_usage);
    ASSERT_EQ(through(tap, kChat, step), expected) << step;
    EXPECT_EQ(tap.said(), 5U);
  }
}

TEST(EventTap, PassesEveryByteAtOnceOtherwise) {
  for (std::size_t step = 1; step <= kChat.size(); ++step) {
    EventTap tap(ApiShape::openai_chat, EventTap::Hide::nothing);
    ASSERT_EQ(through(tap, kChat, step), kChat);
    EXPECT_EQ(tap.said(), 5U);
  }
}

TEST(EventTap, AnEventWithoutEndCostsNoMemoryAndNoByte) {
  EventTap tap(ApiShape::openai_chat, EventTap::Hide::chat_usage);
  const std::string piece(100'000, 'x');
  std::string out;
  for (int i = 0; i < 50; ++i) out += tap.push(piece);
  out += tap.push("\n\n");
  out += tap.finish();
  EXPECT_EQ(out.size(), 50 * piece.size() + 2);
  EXPECT_EQ(tap.push("data: [DONE]\n\n"), "data: [DONE]\n\n");
}

TEST(EventTap, CountsWhatTheModelSays) {
  EventTap anthropic(ApiShape::anthropic_messages, EventTap::Hide::nothing);
  (void)anthropic.push("event: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"delta\":{\"type\":\"text_delta\",\"text\":\"123456\"}}\n\n"
                       "data: {\"delta\":{\"partial_json\":\"{}\"}}\n\n");
  EXPECT_EQ(anthropic.said(), 8U);
  EventTap responses(ApiShape::openai_responses, EventTap::Hide::nothing);
  (void)responses.push("data: {\"type\":\"response.output_text.delta\",\"delta\":\"123\"}\n\ndata: {\"type\":\"response.output_text.done\",\"text\":\"123\"}\n\n");
  EXPECT_EQ(responses.said(), 3U);
}

RequestFacts request(std::uint64_t weight, std::vector<std::uint64_t> turns) {
  RequestFacts facts;
  facts.weight = weight;
  facts.turns = std::move(turns);
  facts.tools = 7;
  return facts;
}

Tokens fresh(const Prediction& p) { return by_formula(p.counts, Formula::fresh); }

TEST(Predictor, GoesOnFromTheLastResponseOfTheConversation) {
  const MonoTime start{};
  Predictor predictor;
  const RequestFacts first = request(60'000, {1});
  const Prediction blind = predictor.predict(ApiShape::anthropic_messages, first, start);
  EXPECT_EQ(blind.basis, Basis::bytes);
  EXPECT_GE(fresh(blind), 20'000);
  predictor.learn(first, blind, {.input = 4, .cache_write_5m = 15'000, .output = 100}, start);
  const Prediction next = predictor.predict(ApiShape::anthropic_messages, request(61'000, {1, 2, 3}), start + std::chrono::seconds(5));
  EXPECT_EQ(next.basis, Basis::conversation);
  EXPECT_EQ(next.cached_at_most, 15'000);
  EXPECT_LT(next.counts.cache_read, 15'000) << "a part of it may be billed anew";
  EXPECT_GE(fresh(next), 1'250);
  EXPECT_LE(fresh(next), 2'000);
  // The cache has grown old: all of it is written again.
  const Prediction late = predictor.predict(ApiShape::anthropic_messages, request(61'000, {1, 2, 3}), start + std::chrono::minutes(6));
  EXPECT_GE(fresh(late), 15'000);
}

TEST(Predictor, AnotherConversationWithTheSameToolsSharesTheirCache) {
  Predictor predictor;
  const RequestFacts first = request(60'000, {1});
  predictor.learn(first, predictor.predict(ApiShape::anthropic_messages, first, {}), {.input = 4, .cache_write_5m = 1200, .cache_read = 14'000, .output = 9}, {});
  const Prediction sibling = predictor.predict(ApiShape::anthropic_messages, request(60'100, {9}), {});
  EXPECT_EQ(sibling.basis, Basis::same_tools);
  EXPECT_EQ(sibling.cached_at_most, 14'000);
  EXPECT_LE(fresh(sibling), 3'000);
}

TEST(Predictor, WithoutASignOfACacheEverythingIsFresh) {
  Predictor predictor;
  const RequestFacts first = request(30'000, {1});
  predictor.learn(first, predictor.predict(ApiShape::openai_chat, first, {}), {.input = 7000, .output = 9}, {});
  EXPECT_GE(fresh(predictor.predict(ApiShape::openai_chat, request(31'000, {1, 2}), {})), 7000);
  const RequestFacts second = request(31'000, {1, 2});
  predictor.learn(second, predictor.predict(ApiShape::openai_chat, second, {}), {.input = 400, .cache_read = 6900, .output = 9}, {});
  EXPECT_LE(fresh(predictor.predict(ApiShape::openai_chat, request(32'000, {1, 2, 3}), {})), 2500);
}

TEST(Predictor, LearnsFromBeingShortAndTellsIt) {
  Predictor predictor;
  const RequestFacts first = request(10'000, {1});
  predictor.learn(first, predictor.predict(ApiShape::anthropic_messages, first, {}), {.cache_write_5m = 3000}, {});
  const RequestFacts second = request(10'100, {1, 2});
  const Prediction guess = predictor.predict(ApiShape::anthropic_messages, second, {});
  predictor.learn(second, guess, {.cache_write_5m = 2000, .cache_read = 1800}, {});
  EXPECT_EQ(predictor.error().times_short, 1U);
  EXPECT_EQ(predictor.error().most_short, 2000 - fresh(guess));
  EXPECT_GE(fresh(predictor.predict(ApiShape::anthropic_messages, request(10'200, {1, 2, 3}), {})), 1900);
}

TEST(Predictor, MemoryIsBounded) {
  Predictor predictor;
  for (std::uint64_t i = 0; i < 20'000; ++i) {
    RequestFacts facts = request(1000, {i});
    facts.tools = i;
    predictor.learn(facts, {}, {.input = 10}, {});
  }
  EXPECT_EQ(predictor.predict(ApiShape::openai_chat, [] { auto f = request(1000, {5}); f.tools = 5; return f; }(), {}).basis, Basis::bytes);
}

}  // namespace
}  // namespace ts::gateway
