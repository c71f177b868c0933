#include "spawner/gateway/count.hpp"

#include <algorithm>
#include <array>
#include <span>
#include <utility>

#include "accounting/usage/json_reader.hpp"

namespace ts::gateway {
namespace {

constexpr std::array<std::string_view, 7> kAnthropic = {"model", "messages", "system", "tools", "tool_choice", "thinking", "mcp_servers"};
constexpr std::array<std::string_view, 11> kResponses = {"model", "input", "instructions", "tools", "tool_choice", "parallel_tool_calls",
                                                         "reasoning", "text", "truncation", "previous_response_id", "conversation"};

/// The members of an object whose names are among `names` (all of them if it is empty), as they stand there.
std::string members(std::string_view body, std::span<const std::string_view> names) {
  json::Reader reader(body);
  std::string out;
  std::string_view key;
  if (!reader.enter_object()) return {};
  while (reader.next_key(key)) {
    std::string_view value;
    if (!reader.raw(value)) return {};
    if (!names.empty() && std::ranges::find(names, key) == names.end()) continue;
    out.append(out.empty() ? "\"" : ",\"").append(key).append("\":").append(value);
  }
  return reader.ok() ? out : std::string{};
}

/// Puts `more` behind the path that ends in `last`, before the query.
std::optional<std::string> behind(std::string_view target, std::string_view last, std::string_view more) {
  const auto query = std::min(target.find('?'), target.size());
  const std::string_view path = target.substr(0, query);
  if (!path.ends_with(last)) return std::nullopt;
  return std::string(path).append(more).append(target.substr(query));
}

/// ".../models/M:streamGenerateContent?alt=sse&key=K" → ".../models/M:countTokens?key=K"
std::optional<CountQuestion> gemini(std::string_view target, std::string_view body) {
  const auto query = std::min(target.find('?'), target.size());
  const auto colon = target.substr(0, query).rfind(':');
  const auto models = target.substr(0, query).rfind("models/");
  if (colon == std::string_view::npos || models == std::string_view::npos || models > colon) return std::nullopt;
  std::string path = std::string(target.substr(0, colon)) + ":countTokens";
  char mark = '?';
  for (std::string_view rest = target.substr(std::min(query + 1, target.size())); !rest.empty();) {
    const auto end = std::min(rest.find('&'), rest.size());
    if (const auto item = rest.substr(0, end); !item.starts_with("alt=")) path.append(1, std::exchange(mark, '&')).append(item);
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  const std::string inside = members(body, {});
  if (inside.empty()) return std::nullopt;
  const bool named = !json::member(body, {"model"}).empty();
  const std::string model = named ? "" : "\"model\":\"" + std::string(target.substr(models, colon - models)) + "\",";
  return CountQuestion{std::move(path), "{\"generateContentRequest\":{" + model + inside + "}}"};
}

}  // namespace

std::optional<CountQuestion> count_question(ApiShape shape, std::string_view target, std::string_view body) {
  if (shape == ApiShape::gemini) return gemini(target, body);
  if (shape == ApiShape::openai_chat) return std::nullopt;
  const bool anthropic = shape == ApiShape::anthropic_messages;
  auto path = anthropic ? behind(target, "/messages", "/count_tokens") : behind(target, "/responses", "/input_tokens");
  const std::string inside = members(body, anthropic ? std::span<const std::string_view>(kAnthropic) : std::span<const std::string_view>(kResponses));
  if (!path || inside.empty()) return std::nullopt;
  return CountQuestion{std::move(*path), "{" + inside + "}"};
}

std::optional<Tokens> counted(ApiShape shape, std::string_view answer) {
  Tokens tokens = 0;
  const std::string_view text = json::member(answer, {shape == ApiShape::gemini ? "totalTokens" : "input_tokens"});
  if (json::parse_count(text, tokens) != json::CountState::good) return std::nullopt;
  return tokens;
}

}  // namespace ts::gateway
