#include "spawner/gateway/request_body.hpp"

#include <algorithm>
#include <charconv>

namespace ts::gateway {
namespace {

constexpr std::size_t kMaxDepth = 512;
constexpr std::size_t kKeptBytes = 256;      ///< of keys, scalars and short strings
constexpr std::size_t kMaxTurns = 100'000;
constexpr std::uint64_t kFileWeight = 6000;  ///< an image is billed like so many bytes of text, whatever its size…
constexpr std::uint64_t kFilePart = 32;      ///< …a document by its length as well
constexpr std::uint64_t kPrime = 0x100000001b3;
constexpr std::uint64_t kBasis = 0xcbf29ce484222325;

bool blank(char c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; }

bool limit_key(std::string_view key) { return key == "max_tokens" || key == "max_completion_tokens" || key == "max_output_tokens"; }
bool gemini_limit_key(std::string_view key) { return key == "maxOutputTokens" || key == "max_output_tokens"; }
bool config_key(std::string_view key) { return key == "generationConfig" || key == "generation_config"; }

std::string_view messages_key(ApiShape shape) {
  switch (shape) {
    case ApiShape::openai_responses: return "input";
    case ApiShape::gemini: return "contents";
    case ApiShape::anthropic_messages:
    case ApiShape::openai_chat: break;
  }
  return "messages";
}

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

BodyPass::BodyPass(ApiShape shape, BodyEdit edit) : shape_(shape), edit_(edit), tools_hash_(kBasis), turn_hash_(kBasis) { stack_.reserve(16); }

void BodyPass::push(std::string_view chunk, std::string* out) {
  const char* at = chunk.data();
  const char* const end = at + chunk.size();
  while (at < end) {
    if (state_ == State::done) {
      if (!facts_.broken && std::any_of(at, end, [](char c) { return !blank(c); })) facts_.broken = true;
      if (out != nullptr) out->append(at, end);
      return;
    }
    if (state_ == State::string || state_ == State::key_string) {
      const char* const next = string_part(at, end);
      if (out != nullptr) out->append(at, next);
      at = next;
      continue;
    }
    const char c = *at;
    if (state_ == State::scalar) {
      if (!blank(c) && c != ',' && c != '}' && c != ']') {
        if (token_.size() >= kKeptBytes) {
          if (out != nullptr) out->append(token_);
          fail();
          continue;
        }
        token_ += c;
        ++at;
        continue;
      }
      end_scalar(out);  // the byte that ended it is looked at again
      continue;
    }
    const bool starts_scalar = !structural(c, out);
    if (!starts_scalar && out != nullptr) *out += c;
    if (starts_scalar && state_ != State::scalar) {
      if (out != nullptr) *out += c;
      fail();
    }
    ++at;
  }
}

/// Takes one byte outside of strings and scalars. False: it began a scalar, which is kept back until its end (or it was out of place).
bool BodyPass::structural(char c, std::string* out) {
  if (blank(c)) return true;
  switch (state_) {
    case State::value:
      if (c == '"') {
        state_ = State::string;
        token_.clear();
        string_size_ = 0;
      } else if (c == '{' || c == '[') {
        if (stack_.empty() && c == '[') return false;
        open(c == '{');
      } else if (c == ']' && !stack_.empty() && !stack_.back().object && !stack_.back().members) {
        close(out);
      } else if (stack_.empty() || (c != '-' && c != 't' && c != 'f' && c != 'n' && (c < '0' || c > '9'))) {
        return false;
      } else {
        token_.assign(1, c);
        state_ = State::scalar;
        return false;
      }
      return true;
    case State::first_key:
    case State::key:
      if (c == '"') {
        state_ = State::key_string;
        key_.clear();
        strange_ = false;
        string_size_ = 0;
        return true;
      }
      if (c != '}' || state_ == State::key) return false;
      close(out);
      return true;
    case State::colon:
      if (c == ':') state_ = State::value;
      return c == ':';
    case State::comma:
      if (c == ',') {
        state_ = stack_.back().object ? State::key : State::value;
        return true;
      }
      if (c != (stack_.back().object ? '}' : ']')) return false;
      close(out);
      return true;
    case State::string:
    case State::key_string:
    case State::scalar:
    case State::done: break;
  }
  return false;
}

void BodyPass::open(bool object) {
  if (stack_.size() >= kMaxDepth) return fail();
  if (!stack_.empty()) stack_.back().members = true;
  if (stack_.size() == 1 && config_key(key_at(1))) config_seen_ = true;
  if (stack_.size() == 1 && key_at(1) == "stream_options") usage_option_seen_ = true;
  if (cache_mark_ == 0 && !stack_.empty() && stack_.back().object && key_ == "cache_control") cache_mark_ = stack_.size();
  if (stack_.size() == 2 && !stack_.back().object && key_at(1) == "tools") facts_.has_tools = true;
  if (stack_.size() == 2 && object) role_.clear();
  stack_.push_back({object, false});
  state_ = object ? State::first_key : State::value;
}

/// Before the bracket that closes the innermost object or array: what has to be added there.
void BodyPass::close(std::string* out) {
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
  stack_.pop_back();
  if (cache_mark_ != 0 && stack_.size() <= cache_mark_) cache_mark_ = 0;
  end_value();
}

void BodyPass::insert(std::string_view text, std::string* out) {
  if (out == nullptr) return;
  out->append(text);
  grown_ += text.size();
}

/// A value ended: what follows, and whether a whole message ended with it.
void BodyPass::end_value() {
  if (stack_.empty()) {
    state_ = State::done;
    facts_.whole = true;
    return;
  }
  stack_.back().members = true;
  state_ = State::comma;
  const bool element = stack_.size() == 2 && !stack_.back().object && key_at(1) == messages_key(shape_);
  const bool text = stack_.size() == 1 && key_at(1) == messages_key(shape_) && facts_.turns.empty();  // Responses: "input": "text"
  if ((element || text) && facts_.turns.size() < kMaxTurns) facts_.turns.push_back(turn_hash_);
  if (element) facts_.ends_with_user = role_ != "assistant" && role_ != "model";
  if (facts_.thread == 0 && (text || (element && role_ == "user"))) facts_.thread = turn_hash_;
}

const char* BodyPass::string_part(const char* at, const char* end) {
  const bool is_key = state_ == State::key_string;
  const char* const begin = at;
  bool closed = false;
  for (; at < end; ++at) {
    if (escaped_) {
      escaped_ = false;
    } else if (*at == '\\') {
      escaped_ = true;
      strange_ = strange_ || is_key;
    } else if (*at == '"') {
      closed = true;
      break;
    }
  }
  const std::string_view part(begin, static_cast<std::size_t>(at - begin));
  std::string& kept = is_key ? key_ : token_;
  kept.append(part.substr(0, kKeptBytes - std::min(kKeptBytes, kept.size())));
  if (!is_key) weigh(part);
  string_size_ += part.size();
  if (!closed) return end;
  if (is_key) {
    end_key();
  } else {
    end_string();
  }
  return at + 1;
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

void BodyPass::end_key() {
  state_ = State::colon;
  const std::size_t depth = stack_.size();
  if (depth < keys_.size()) {
    keys_[depth] = key_;
    // An escaped name would be read by the provider and not by us.
    if (strange_) facts_.broken = true;
  }
}

void BodyPass::end_string() {
  // A file or an image in base64.
  const bool file = string_size_ > 1000 && (key_ == "data" || key_ == "file_data" || std::string_view{token_}.starts_with("data:"));
  facts_.weight += file ? std::min<std::uint64_t>(string_size_, kFileWeight + string_size_ / kFilePart) : string_size_;
  if (stack_.size() == 1 && key_at(1) == "model") facts_.model = token_;
  if (stack_.size() == 1 && key_at(1) == "prompt_cache_key") cache_key_ = std::hash<std::string>{}(token_);
  if (stack_.size() == 3 && key_ == "role" && key_at(1) == messages_key(shape_)) role_ = token_;
  if (stack_.size() == 1 && (limit_key(key_at(1)) || key_at(1) == "stream")) facts_.broken = true;
  if (cache_mark_ == 0 && key_ != "type" && key_at(1) == messages_key(shape_)) turn_hash_ = (turn_hash_ ^ 0xff) * kPrime;
  end_value();
}

bool BodyPass::in_config() const { return stack_.size() == 2 && stack_.back().object && config_key(key_at(1)); }

bool BodyPass::watched() const { return !stack_.empty() && stack_.back().object && (stack_.size() == 1 || stack_.size() == 2); }

void BodyPass::end_scalar(std::string* out) {
  facts_.weight += token_.size();
  const bool digits = token_[0] == '-' || (token_[0] >= '0' && token_[0] <= '9');
  if (!digits && token_ != "true" && token_ != "false" && token_ != "null") {
    if (out != nullptr) out->append(token_);
    return fail();
  }
  const std::string_view name = watched() ? key_at(stack_.size()) : std::string_view{};
  if (digits) {
    number(name, out);
  } else {
    word(name, out);
  }
  if (out != nullptr) out->append(token_);
  end_value();
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

void BodyPass::finish() {
  if (!facts_.whole) facts_.broken = true;
  facts_.tools = tools_hash_;
  if (cache_key_ != 0) facts_.thread = cache_key_;
}

}  // namespace ts::gateway
