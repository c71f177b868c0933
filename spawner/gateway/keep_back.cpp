#include "spawner/gateway/keep_back.hpp"

#include <algorithm>
#include <array>

#include "accounting/usage/json_reader.hpp"

namespace ts::gateway {
namespace {

/// Source: the providers' references (stop_reason; incomplete_details.reason; finish_reason; finishReason).
constexpr std::array<std::string_view, 4> kLimitWords = {"max_tokens", "max_output_tokens", "length", "MAX_TOKENS"};
/// Providers stop some tokens before a limit, or count what they did not send: so near to it (one part of these) it was ours.
constexpr Tokens kNear = 8;

}  // namespace

EndingReader::EndingReader(ApiShape shape, ApiBody body)
    : shape_(shape), body_(body), lines_([this](std::string_view text) { line(text); }), document_([this](std::string_view text) { document(text); }) {}

void EndingReader::push(std::string_view bytes) {
  if (body_ == ApiBody::sse) {
    lines_.push(bytes);
  } else {
    document_.push(bytes);
  }
}

void EndingReader::finish() {
  lines_.finish();
  document_.finish();
}

void EndingReader::line(std::string_view text) {
  if (!text.starts_with("data:")) return;
  text.remove_prefix(5);
  if (text.starts_with(' ')) text.remove_prefix(1);
  document(text);
}

void EndingReader::note(std::string_view reason) {
  if (reason.empty() || reason == "null" || ending_ == Ending::at_limit) return;
  ending_ = std::ranges::find(kLimitWords, reason) == kLimitWords.end() ? Ending::natural : Ending::at_limit;
}

void EndingReader::choices(std::string_view array, std::string_view key) {
  json::Reader reader(array);
  std::string_view one;
  if (!reader.enter_array()) return;
  while (reader.next_element() && reader.raw(one)) note(json::member(one, {key}));
}

void EndingReader::document(std::string_view text) {
  if (!text.starts_with('{')) return;
  const auto within = [&](std::string_view wrapper) {
    const std::string_view inner = json::member(text, {wrapper});
    return inner.starts_with('{') ? inner : text;
  };
  switch (shape_) {
    case ApiShape::anthropic_messages:
      if (json::has_key(text, "\"stop_reason\"")) note(json::member(within("delta"), {"stop_reason"}));
      return;
    case ApiShape::openai_responses: {
      if (!json::has_key(text, "\"incomplete_details\"")) return;
      const std::string_view response = within("response");
      const std::string_view status = json::member(response, {"status"});
      note(status == "completed" ? status : json::member(response, {"incomplete_details", "reason"}));
      return;
    }
    case ApiShape::openai_chat:
      if (json::has_key(text, "\"finish_reason\"")) choices(json::member(text, {"choices"}), "finish_reason");
      return;
    case ApiShape::gemini:
      if (json::has_key(text, "\"finishReason\"")) choices(json::member(within("response"), {"candidates"}), "finishReason");
      return;
  }
}

bool cut_by(const OutputLimit& limit, Ending ending, std::optional<Tokens> output) {
  switch (ending) {
    case Ending::natural: return false;
    case Ending::at_limit: return !output || *output >= limit.each - limit.each / kNear;
    case Ending::untold: break;
  }
  return output && *output >= limit.all;
}

void KeptAnswer::add(std::string_view shown) {
  bytes_.append(shown);
  total_ += shown.size();
}

Ending KeptAnswer::finish() {
  ending_.finish();
  return ending_.ending();
}

}  // namespace ts::gateway
