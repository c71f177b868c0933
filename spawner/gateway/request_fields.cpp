// What the names in a request's body mean: the facts that are taken from it and the edits that are made to it.
#include <algorithm>
#include <charconv>

#include "spawner/gateway/request_body.hpp"
#include "spawner/gateway/request_names.hpp"

namespace ts::gateway {
namespace {

constexpr std::size_t kMaxTurns = 100'000;
constexpr std::uint64_t kFileWeight = 6000;  ///< an image is billed like so many bytes of text, whatever its size…
constexpr std::uint64_t kFilePart = 32;      ///< …a document by its length as well
constexpr std::uint64_t kPrime = 0x100000001b3;

std::string padded(std::string text, std::size_t size) {
  text.resize(std::max(text.size(), size), ' ');
  return text;
}

}  // namespace

std::string_view limit_name(ApiShape shape, std::string_view host) {
  switch (shape) {
    case ApiShape::openai_responses: return "max_output_tokens";
    case ApiShape::gemini: return "maxOutputTokens";
    case ApiShape::openai_chat: return host.ends_with("openai.com") || host.ends_with("azure.com") ? "max_completion_tokens" : "max_tokens";
    case ApiShape::anthropic_messages: break;
  }
  return {};
}

/// Strings make the hashes; what may change between turns without changing the conversation stays out of them.
void BodyPass::weigh(std::string_view bytes) {
  if (cache_mark_ != 0 || key_ == "type") return;
  const std::string_view root = key_at(1);
  std::uint64_t* hash = nullptr;
  if (root == messages_key(shape_)) hash = &turn_hash_;
  if (root == "tools" || root == "model") hash = &tools_hash_;
  if (hash == nullptr) return;
  std::uint64_t h = *hash;
  for (const char c : bytes) h = (h ^ static_cast<unsigned char>(c)) * kPrime;
  *hash = h;
}

/// A value ended: whether a whole message ended with it.
void BodyPass::note_message() {
  const bool element = stack_.size() == 2 && !stack_.back().object && key_at(1) == messages_key(shape_);
  const bool text = stack_.size() == 1 && key_at(1) == messages_key(shape_) && facts_.turns.empty();  // Responses: "input": "text"
  if ((element || text) && facts_.turns.size() < kMaxTurns) facts_.turns.push_back(turn_hash_);
  if (element) facts_.ends_with_user = role_ != "assistant" && role_ != "model";
  if (facts_.thread == 0 && (text || (element && role_ == "user"))) facts_.thread = turn_hash_;
}

void BodyPass::note_string() {
  // A file or an image in base64.
  const bool file = string_size_ > 1000 && (key_ == "data" || key_ == "file_data" || std::string_view{token_}.starts_with("data:"));
  facts_.weight += file ? std::min<std::uint64_t>(string_size_, kFileWeight + string_size_ / kFilePart) : string_size_;
  if (stack_.size() == 1 && key_at(1) == "model") facts_.model = token_;
  if (stack_.size() == 1 && key_at(1) == "prompt_cache_key") cache_key_ = std::hash<std::string>{}(token_);
  if (stack_.size() == 3 && key_ == "role" && key_at(1) == messages_key(shape_)) role_ = token_;
  if (stack_.size() == 1 && (limit_key(key_at(1)) || key_at(1) == "stream")) facts_.broken = true;
  if (cache_mark_ == 0 && key_ != "type" && key_at(1) == messages_key(shape_)) turn_hash_ = (turn_hash_ ^ 0xff) * kPrime;
}

bool BodyPass::in_config() const { return stack_.size() == 2 && stack_.back().object && config_key(key_at(1)); }

bool BodyPass::watched() const { return !stack_.empty() && stack_.back().object && (stack_.size() == 1 || stack_.size() == 2); }

/// Before the bracket that closes the innermost object or array: what has to be added there.
void BodyPass::add_what_is_missing(std::string* out) {
  const std::size_t depth = stack_.size();
  const std::string comma = stack_.back().members ? "," : "";
  const std::string limit = edit_.max_output ? std::to_string(*edit_.max_output) : "";
  if (depth == 2 && stack_.back().object && !limit_seen_ && shape_ == ApiShape::gemini && config_key(key_at(1)) && edit_.max_output) {
    insert(comma + "\"maxOutputTokens\":" + limit, out);
    limit_seen_ = true;
  }
  if (depth == 2 && !stack_.back().object && key_at(1) == messages_key(shape_) && !edit_.message.empty()) insert(comma + std::string(edit_.message), out);
  if (depth == 2 && stack_.back().object && key_at(1) == "stream_options" && edit_.include_usage && !facts_.include_usage) {
    insert(comma + "\"include_usage\":true", out);
    facts_.include_usage = true;
  }
  if (depth == 1) {
    std::string added;
    if (edit_.max_output && !limit_seen_ && !edit_.limit_name.empty()) {
      const std::string member = std::string("\"").append(edit_.limit_name).append("\":") + limit;
      added += shape_ == ApiShape::gemini ? ",\"generationConfig\":{" + member + "}" : "," + member;
    }
    if (edit_.include_usage && !usage_option_seen_) added += ",\"stream_options\":{\"include_usage\":true}";
    if (!stack_.back().members && !added.empty()) added.erase(0, 1);
    insert(added, out);
  }
}

void BodyPass::insert(std::string_view text, std::string* out) {
  if (out == nullptr) return;
  out->append(text);
  grown_ += text.size();
}

void BodyPass::number(std::string_view name, std::string* out) {
  if (name.empty()) return;
  const bool root = stack_.size() == 1;
  const bool limit = root ? shape_ != ApiShape::gemini && limit_key(name) : shape_ == ApiShape::gemini && in_config() && gemini_limit_key(name);
  const bool thinking = !root && shape_ == ApiShape::anthropic_messages && key_at(1) == "thinking" && name == "budget_tokens";
  const bool choices = root ? name == "n" && shape_ == ApiShape::openai_chat : in_config() && (name == "candidateCount" || name == "candidate_count");
  if (!limit && !thinking && !choices) return;
  Tokens value = 0;
  const auto [end, error] = std::from_chars(token_.data(), token_.data() + token_.size(), value);
  if (error != std::errc{} || end != token_.data() + token_.size() || value < 0 || value > kMaxTokens) {
    facts_.broken = true;  // 3.2e4, or a number past all limits
    return;
  }
  if (choices) facts_.choices = std::max(facts_.choices, value);
  if (thinking) facts_.thinking_budget = value;
  if (limit) {
    limit_seen_ = true;
    facts_.max_output = std::max(facts_.max_output.value_or(0), value);
  }
  if (!edit_.max_output || out == nullptr) return;
  // The thinking budget must stay below the limit.
  const Tokens most = thinking ? std::max<Tokens>(*edit_.max_output - 1, 0) : *edit_.max_output;
  if ((limit || thinking) && value > most) token_ = padded(std::to_string(most), token_.size());
}

void BodyPass::word(std::string_view name, std::string* out) {
  if (stack_.size() == 1 && name == "stream") facts_.stream = token_ == "true";
  // "max_tokens": null is no limit: a limit takes its place.
  const bool limit = stack_.size() == 1 ? shape_ != ApiShape::gemini && limit_key(name) : in_config() && gemini_limit_key(name);
  if (limit && token_ == "null" && edit_.max_output && out != nullptr) {
    const std::string text = padded(std::to_string(*edit_.max_output), token_.size());
    grown_ += text.size() - token_.size();
    token_ = text;
    limit_seen_ = true;
  }
  if (stack_.size() == 1 && token_ == "null" && edit_.include_usage && name == "stream_options" && out != nullptr) {
    grown_ += 22 - token_.size();
    token_ = R"({"include_usage":true})";
    usage_option_seen_ = true;
  }
  if (stack_.size() == 2 && key_at(1) == "stream_options" && name == "include_usage") {
    if (edit_.include_usage && token_ != "true" && out != nullptr) token_ = "true ";
    facts_.include_usage = token_.starts_with("true");
  }
}

}  // namespace ts::gateway
