#include "spawner/gateway/route.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "spawner/gateway/refusal.hpp"

namespace ts::gateway {
namespace {

TEST(Route, KnowsTheShapesByTheirPaths) {
  const auto shape = [](std::string_view path) { return route("POST", "/tok/0" + std::string(path), "tok", 1)->shape; };
  EXPECT_EQ(shape("/v1/messages"), ApiShape::anthropic_messages);
  EXPECT_EQ(shape("/v1/messages?beta=true"), ApiShape::anthropic_messages);
  EXPECT_EQ(shape("/v1/responses"), ApiShape::openai_responses);
  EXPECT_EQ(shape("/compatible-mode/v1/chat/completions"), ApiShape::openai_chat);
  EXPECT_EQ(shape("/v1beta/models/gemini-2.5-pro:generateContent"), ApiShape::gemini);
  EXPECT_EQ(shape("/v1/messages/count_tokens"), std::nullopt);
  EXPECT_EQ(shape("/v1beta/models/gemini-2.5-pro:countTokens"), std::nullopt);
  EXPECT_EQ(shape(""), std::nullopt);
  const auto gemini = route("POST", "/tok/1/v1beta/models/gemini-2.5-pro:streamGenerateContent?alt=sse", "tok", 2);
  ASSERT_TRUE(gemini);
  EXPECT_EQ(gemini->upstream, 1U);
  EXPECT_EQ(gemini->model, "gemini-2.5-pro");
  EXPECT_TRUE(gemini->streams);
  EXPECT_EQ(gemini->target, "/v1beta/models/gemini-2.5-pro:streamGenerateContent?alt=sse");
  EXPECT_EQ(route("GET", "/tok/0/v1/messages", "tok", 1)->shape, std::nullopt);
}

TEST(Route, NothingWithoutTheToken) {
  for (const std::string_view target : {"", "/", "/tok", "/tok/", "/tok/x", "/tok/1/v1/messages", "/tok/0x/v1", "/tik/0/v1/messages", "/tokk/0/v1/messages",
                                        "/v1/messages", "tok/0/v1/messages", "/to/0/v1", "http://127.0.0.1/tok/0/v1/messages", "/tok/99999999999999999999999/v1", "/tok/-1/v1"})
    EXPECT_FALSE(route("POST", target, "tok", 1)) << target;
  EXPECT_FALSE(route("POST", "//0/v1/messages", "", 1));
  EXPECT_TRUE(route("POST", route_prefix("tok", 0) + "/v1/messages", "tok", 1));
}

TEST(Route, HopByHopHeaders) {
  for (const std::string_view name : {"Connection", "keep-alive", "Transfer-Encoding", "TE", "Upgrade", "Proxy-Authorization"}) EXPECT_TRUE(hop_by_hop(name, "")) << name;
  EXPECT_TRUE(hop_by_hop("X-Local", "close, x-local"));
  for (const std::string_view name : {"Authorization", "x-api-key", "content-type", "anthropic-beta"}) EXPECT_FALSE(hop_by_hop(name, "close, x-local")) << name;
}

TEST(Refusal, HasTheProvidersShape) {
  using nlohmann::json;
  const std::string words = "the cap of \"40,000\" is reached\n\x01 · resume";
  const auto anthropic = json::parse(error_body(ApiShape::anthropic_messages, 400, words));
  EXPECT_EQ(anthropic["type"], "error");
  EXPECT_EQ(anthropic["error"]["type"], "invalid_request_error");
  EXPECT_EQ(anthropic["error"]["message"], words);
  const auto openai = json::parse(error_body(ApiShape::openai_responses, 400, words));
  EXPECT_EQ(openai["error"]["message"], words);
  EXPECT_EQ(openai["error"]["type"], "invalid_request_error");
  const auto google = json::parse(error_body(ApiShape::gemini, 400, words));
  EXPECT_EQ(google["error"]["code"], 400);
  EXPECT_EQ(google["error"]["message"], words);
  for (const ApiShape shape : {ApiShape::anthropic_messages, ApiShape::openai_responses, ApiShape::openai_chat, ApiShape::gemini}) {
    const std::string event = error_event(shape, kCapStatus, words);
    EXPECT_TRUE(event.ends_with("\n\n"));
    const auto data = event.find("data: ");
    EXPECT_TRUE(json::accept(event.substr(data + 6))) << event;
  }
}

TEST(Refusal, AnOutageIsNoReachedCap) {
  using nlohmann::json;
  for (const ApiShape shape : {ApiShape::openai_responses, ApiShape::openai_chat}) {
    EXPECT_EQ(json::parse(error_body(shape, kCapStatus, "x"))["error"]["code"], "token_cap_reached");
    for (const int status : {413, 502, 503}) EXPECT_TRUE(json::parse(error_body(shape, status, "x"))["error"]["code"].is_null()) << status;
  }
  for (const ApiShape shape : {ApiShape::anthropic_messages, ApiShape::openai_responses, ApiShape::openai_chat, ApiShape::gemini}) {
    const std::string event = error_event(shape, 502, "the provider can't be reached");
    EXPECT_EQ(event.find("token_cap"), std::string::npos) << event;
    EXPECT_EQ(event.find("invalid_"), std::string::npos) << event;
    EXPECT_EQ(event.find("400"), std::string::npos) << event;
  }
}

}  // namespace
}  // namespace ts::gateway
