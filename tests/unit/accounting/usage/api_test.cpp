#include "accounting/usage/api.hpp"

#include <gtest/gtest.h>

#include "tests/support/usage_files.hpp"

namespace ts {
namespace {

struct Recorder : UsageSink {
  std::string id;
  std::string model;
  TokenCounts counts;
  int events = 0;
  void on_usage(const UsageEvent& event) override {
    id = event.response_id;
    model = event.model;
    counts = event.counts;
    ++events;
  }
  void on_settlement(const SettlementEvent&) override {}
  void on_session(const SessionEvent&) override {}
};

struct Case {
  std::string_view what;
  ApiShape shape;
  ApiBody body;
  std::string_view text;
  std::string_view id;
  TokenCounts expected;
};

constexpr TokenCounts counts(Tokens input, Tokens write, Tokens read, Tokens output, Tokens reasoning = 0) {
  return {.input = input, .cache_write_5m = write, .cache_write_1h = 0, .cache_read = read, .output = output, .reasoning = reasoning};
}

constexpr Case kCases[] = {
    {"anthropic sse", ApiShape::anthropic_messages, ApiBody::sse,
     "event: message_start\r\ndata: {\"type\":\"message_start\",\"message\":{\"id\":\"m\",\"model\":\"x\",\"usage\":{\"input_tokens\":4,\"cache_creation_input_tokens\":9,"
     "\"cache_read_input_tokens\":7,\"output_tokens\":1}}}\r\n\r\nevent: ping\r\ndata: {\"type\":\"ping\"}\r\n\r\n"
     "data: {\"type\":\"content_block_start\",\"content_block\":{\"id\":\"toolu\",\"input\":{\"usage\":{\"input_tokens\":99}}}}\n\n"
     "data: {\"type\":\"message_delta\",\"delta\":{},\"usage\":{\"output_tokens\":50}}\n\n",
     "m", counts(4, 9, 7, 50)},
    {"anthropic json", ApiShape::anthropic_messages, ApiBody::json, "{\n \"id\": \"m\",\n \"model\": \"x\", \"usage\": {\"input_tokens\": 4, \"output_tokens\": 50}\n}\n", "m",
     counts(4, 0, 0, 50)},
    {"responses sse", ApiShape::openai_responses, ApiBody::sse,
     "data: {\"type\":\"response.created\",\"response\":{\"id\":\"r\",\"model\":\"x\",\"usage\":null}}\n\n"
     "data: {\"type\":\"response.completed\",\"response\":{\"id\":\"r\",\"model\":\"x\",\"usage\":{\"input_tokens\":100,\"input_tokens_details\":{\"cached_tokens\":80},"
     "\"output_tokens\":30,\"output_tokens_details\":{\"reasoning_tokens\":20},\"total_tokens\":130}}}\n\n",
     "r", counts(20, 0, 80, 30, 20)},
    {"responses json", ApiShape::openai_responses, ApiBody::json, R"({"id":"r","model":"x","output":[{"id":"i"}],"usage":{"input_tokens":100,"output_tokens":30}})", "r",
     counts(100, 0, 0, 30)},
    {"chat sse", ApiShape::openai_chat, ApiBody::sse,
     "data: {\"id\":\"c\",\"model\":\"x\",\"choices\":[{\"delta\":{}}],\"usage\":null}\n\ndata: {\"id\":\"c\",\"choices\":[],\"usage\":{\"prompt_tokens\":100,"
     "\"completion_tokens\":30,\"prompt_tokens_details\":{\"cached_tokens\":80},\"completion_tokens_details\":{\"reasoning_tokens\":20}}}\n\ndata: [DONE]\n\n",
     "c", counts(20, 0, 80, 30, 20)},
    {"chat where completion leaves reasoning out", ApiShape::openai_chat, ApiBody::json,
     R"({"id":"c","model":"x","usage":{"prompt_tokens":10,"completion_tokens":5,"total_tokens":18,"completion_tokens_details":{"reasoning_tokens":3}}})", "c", counts(10, 0, 0, 8, 3)},
    {"gemini sse", ApiShape::gemini, ApiBody::sse,
     "data: {\"responseId\":\"g\",\"modelVersion\":\"x\",\"usageMetadata\":{\"promptTokenCount\":100,\"totalTokenCount\":100}}\n\n"
     "data: {\"responseId\":\"g\",\"modelVersion\":\"x\",\"usageMetadata\":{\"promptTokenCount\":100,\"cachedContentTokenCount\":60,\"candidatesTokenCount\":20,"
     "\"thoughtsTokenCount\":10,\"toolUsePromptTokenCount\":5,\"totalTokenCount\":135}}\n\n",
     "g", counts(45, 0, 60, 30, 10)},
    {"gemini: an array that grows", ApiShape::gemini, ApiBody::json,
     "[{\n  \"responseId\": \"g\", \"modelVersion\": \"x\", \"usageMetadata\": {\"promptTokenCount\": 10}\n}\n,\n{\"responseId\":\"g\",\"modelVersion\":\"x\","
     "\"usageMetadata\":{\"promptTokenCount\":10,\"candidatesTokenCount\":2}}\n]\n",
     "g", counts(10, 0, 0, 2)},
    {"no id in the body", ApiShape::openai_chat, ApiBody::json, R"({"usage":{"prompt_tokens":1,"completion_tokens":2}})", "given", counts(1, 0, 0, 2)},
};

TEST(ApiUsage, ReadsTheFourShapesWhateverTheChunks) {
  for (const Case& c : kCases) {
    for (std::size_t step = 1; step <= c.text.size(); step = step < 20 ? step + 1 : step * 2) {
      SCOPED_TRACE(std::string(c.what) + " in pieces of " + std::to_string(step));
      Recorder sink;
      auto usage = make_api_usage({c.shape, c.body, "given", "x"});
      for (std::size_t at = 0; at < c.text.size(); at += step) usage->push(c.text.substr(at, step), sink);
      usage->finish(sink);
      EXPECT_EQ(sink.id, c.id);
      EXPECT_EQ(sink.model, "x");
      EXPECT_EQ(sink.counts, c.expected);
      EXPECT_EQ(usage->counts(), std::optional(c.expected));
      EXPECT_EQ(usage->stats().malformed, 0U);
    }
  }
}

TEST(ApiUsage, ABodyThatIsCutOffKeepsWhatItSaid) {
  Recorder sink;
  auto usage = make_api_usage({ApiShape::anthropic_messages, ApiBody::sse, "given", "x"});
  usage->push("data: {\"type\":\"message_start\",\"message\":{\"id\":\"m\",\"usage\":{\"input_tokens\":4,\"output_tokens\":1}}}\n\ndata: {\"type\":\"mess", sink);
  usage->finish(sink);
  EXPECT_EQ(usage->counts(), std::optional(counts(4, 0, 0, 1)));
}

TEST(ApiUsage, ErrorsAndGarbageSayNothing) {
  for (const std::string_view text : {"", "{}", "{\"error\":{\"message\":\"usage\"}}", "<html>", "[[[[", "{\"usage\":[]}", "data: {\"usage\":3}\n"}) {
    Recorder sink;
    auto usage = make_api_usage({ApiShape::openai_chat, ApiBody::json, "given", ""});
    usage->push(text, sink);
    usage->finish(sink);
    EXPECT_EQ(sink.events, 0) << text;
    EXPECT_FALSE(usage->counts()) << text;
  }
}

}  // namespace
}  // namespace ts
