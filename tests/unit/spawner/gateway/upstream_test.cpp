#include "spawner/gateway/upstream.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "spawner/gateway/wiring.hpp"

namespace ts::gateway {
namespace {

TEST(Upstream, ReadsBaseUrls) {
  const auto plain = parse_base_url("http://127.0.0.1:8080/x/v1/");
  ASSERT_TRUE(plain.has_value());
  EXPECT_EQ(plain->path, "/x/v1");
  EXPECT_EQ(plain->port, 8080);
  EXPECT_FALSE(plain->tls);
  EXPECT_EQ(plain->authority(), "127.0.0.1:8080");
  EXPECT_EQ(parse_base_url("HTTPS://API.Anthropic.com")->text(), "https://api.anthropic.com");
  EXPECT_EQ(parse_base_url("https://[::1]:9/v1")->authority(), "[::1]:9");
  EXPECT_EQ(parse_base_url("https://h:443")->authority(), "h");
  for (const char* bad : {"", "ftp://x", "http://", "https://user:secret@h", "https://h:0", "https://h:99999", "https://h:", "https://h/?q", "https://h/a b", "https://[::1", "h/v1", "https://h\r\nx"}) {
    const auto result = parse_base_url(bad);
    EXPECT_TRUE(result.has_error()) << bad;
    EXPECT_EQ(result.error().message.find("secret"), std::string::npos);
  }
}

TEST(Upstream, TakesTheProxyFromTheEnvironment) {
  const BaseUrl api = *parse_base_url("https://api.anthropic.com");
  const auto direct = proxy_for(api, {});
  ASSERT_TRUE(direct.has_value());
  EXPECT_FALSE(direct->has_value());
  const auto proxy = proxy_for(api, {{"HTTPS_PROXY", "http://me:p%40ss@proxy.local:3128/"}});
  ASSERT_TRUE(proxy.has_value() && proxy->has_value());
  EXPECT_EQ((*proxy)->host, "proxy.local");
  EXPECT_EQ((*proxy)->port, 3128);
  EXPECT_EQ((*proxy)->credentials, "me:p@ss");
  for (const char* list : {"*", "anthropic.com", ".anthropic.com", "x, API.anthropic.com", "*.anthropic.com", "api.anthropic.com:443"})
    EXPECT_FALSE(proxy_for(api, {{"HTTPS_PROXY", "http://p:1"}, {"NO_PROXY", list}})->has_value()) << list;
  for (const char* list : {"", "thropic.com", "api.anthropic.com:80", "example.org"})
    EXPECT_TRUE(proxy_for(api, {{"https_proxy", "p:1"}, {"no_proxy", list}})->has_value()) << list;
  EXPECT_EQ(proxy_for(api, {{"ALL_PROXY", "socks5://p:1"}}).error().code, Errc::unsupported);
  EXPECT_FALSE(proxy_for(*parse_base_url("http://127.0.0.1:1"), {{"HTTP_PROXY", "p:1"}})->has_value());
}

Command command(std::vector<std::string> argv, agents::Environment env = {}) { return {std::move(argv), std::move(env)}; }

Command wired(const Command& before, std::span<const ExtraVariable> extra = {}, Wiring* plan = nullptr) {
  const auto wiring = plan_wiring(agents::detect(before.argv), before, extra);
  EXPECT_TRUE(wiring.has_value()) << (wiring.has_error() ? wiring.error().message : "");
  std::vector<std::string> urls;
  for (std::size_t i = 0; i < wiring->upstreams.size(); ++i) urls.push_back("http://127.0.0.1:9/tok/" + std::to_string(i));
  if (plan != nullptr) *plan = *wiring;
  return *wire(*wiring, before, urls);
}

TEST(Wiring, ByVariable) {
  Wiring plan;
  EXPECT_EQ(wired(command({"claude", "-p", "x"}), {}, &plan).env.at("ANTHROPIC_BASE_URL"), "http://127.0.0.1:9/tok/0");
  EXPECT_EQ(plan.upstreams.at(0).base.text(), "https://api.anthropic.com");
  wired(command({"claude"}, {{"ANTHROPIC_BASE_URL", "http://127.0.0.1:77/corp"}}), {}, &plan);
  EXPECT_EQ(plan.upstreams.at(0).base.text(), "http://127.0.0.1:77/corp");
  EXPECT_EQ(wired(command({"gemini"})).env.at("GOOGLE_GEMINI_BASE_URL"), "http://127.0.0.1:9/tok/0");
  EXPECT_EQ(wired(command({"qwen"}, {{"OPENAI_BASE_URL", "https://dash.example/compatible-mode/v1"}}), {}, &plan).env.at("OPENAI_BASE_URL"), "http://127.0.0.1:9/tok/0/v1");
  EXPECT_EQ(plan.upstreams.at(0).base.text(), "https://dash.example/compatible-mode");
  EXPECT_EQ(wired(command({"qwen"}, {{"OPENAI_BASE_URL", "https://h/api"}}), {}, &plan).env.at("OPENAI_BASE_URL"), "http://127.0.0.1:9/tok/0");
  EXPECT_EQ(plan.upstreams.at(0).base.path, "/api");
}

TEST(Wiring, ByArgument) {
  Wiring plan;
  const Command fresh = wired(command({"npx", "codex", "exec", "hi"}), {}, &plan);
  EXPECT_EQ(fresh.argv, (std::vector<std::string>{"npx", "codex", "-c", "openai_base_url=\"http://127.0.0.1:9/tok/0/v1\"", "exec", "hi"}));
  EXPECT_EQ(plan.upstreams.at(0).base.text(), "https://api.openai.com");
  const Command own = wired(command({"codex", "-c", "openai_base_url=\"http://h:1/v1\"", "exec"}), {}, &plan);
  EXPECT_EQ(own.argv, (std::vector<std::string>{"codex", "-c", "openai_base_url=\"http://127.0.0.1:9/tok/0/v1\"", "exec"}));
  EXPECT_EQ(plan.upstreams.at(0).base.text(), "http://h:1");
}

TEST(Wiring, Opencode) {
  Wiring plan;
  const Command out = wired(command({"opencode", "run"}, {{"OPENCODE_CONFIG_CONTENT", R"({"model":"mock/m1","provider":{"mock":{"npm":"x","options":{"baseURL":"http://h:1/v1","apiKey":"k"}}}})"}}), {}, &plan);
  const auto config = nlohmann::json::parse(out.env.at("OPENCODE_CONFIG_CONTENT"));
  EXPECT_EQ(config["model"], "mock/m1");
  EXPECT_EQ(config["provider"]["mock"]["npm"], "x");
  EXPECT_EQ(config["provider"]["mock"]["options"]["apiKey"], "k");
  for (std::size_t i = 0; i < plan.slots.size(); ++i) {
    EXPECT_EQ(config["provider"][plan.slots[i].name]["options"]["baseURL"], "http://127.0.0.1:9/tok/" + std::to_string(i));
    if (plan.slots[i].name == "mock") {
      EXPECT_EQ(plan.upstreams[i].base.text(), "http://h:1/v1");
    }
    if (plan.slots[i].name == "anthropic") {
      EXPECT_EQ(plan.upstreams[i].base.text(), "https://api.anthropic.com/v1");
    }
  }
  const Command broken = command({"opencode"}, {{"OPENCODE_CONFIG_CONTENT", "nope"}});
  EXPECT_TRUE(plan_wiring(agents::detect(broken.argv), broken, {}).has_error());
}

TEST(Wiring, AnyToolByItsVariable) {
  const ExtraVariable extra[] = {*parse_extra_variable("MY_BASE=/v1")};
  Wiring plan;
  EXPECT_EQ(wired(command({"sometool"}, {{"MY_BASE", "https://h/v1"}}), extra, &plan).env.at("MY_BASE"), "http://127.0.0.1:9/tok/0/v1");
  EXPECT_EQ(plan.upstreams.at(0).base.text(), "https://h");
  const Command unset = command({"sometool"});
  EXPECT_EQ(plan_wiring(agents::detect(unset.argv), unset, extra).error().code, Errc::invalid_argument);
  EXPECT_EQ(plan_wiring(agents::detect(unset.argv), unset, {}).error().code, Errc::unsupported);
  for (const char* bad : {"", "=x", "A=v1", "A B=/v1"}) EXPECT_TRUE(parse_extra_variable(bad).has_error()) << bad;
}

TEST(Wiring, LoopbackIsKeptOffTheProxy) {
  const Command out = wired(command({"claude"}, {{"HTTPS_PROXY", "http://p:1"}, {"NO_PROXY", "corp.local"}}));
  EXPECT_EQ(out.env.at("NO_PROXY"), "corp.local,127.0.0.1");
  EXPECT_FALSE(wired(command({"claude"})).env.contains("NO_PROXY"));
}

}  // namespace
}  // namespace ts::gateway
