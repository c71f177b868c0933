// The walk through a request's JSON, a byte at a time. What the names in it mean: request_fields.cpp.
#include "spawner/gateway/request_body.hpp"

#include <algorithm>

#include "spawner/gateway/request_names.hpp"

namespace ts::gateway {
namespace {

constexpr std::size_t kMaxDepth = 512;
constexpr std::size_t kKeptBytes = 256;      ///< of keys, scalars and short strings

bool blank(char c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; }

}  // namespace

BodyPass::BodyPass(ApiShape shape, BodyEdit edit) : shape_(shape), edit_(edit) { stack_.reserve(16); }

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

void BodyPass::close(std::string* out) {
  add_what_is_missing(out);
  stack_.pop_back();
  if (cache_mark_ != 0 && stack_.size() <= cache_mark_) cache_mark_ = 0;
  end_value();
}

/// A value ended: what follows.
void BodyPass::end_value() {
  if (stack_.empty()) {
    state_ = State::done;
    facts_.whole = true;
    return;
  }
  stack_.back().members = true;
  state_ = State::comma;
  note_message();
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
  note_string();
  end_value();
}

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

void BodyPass::finish() {
  if (!facts_.whole) facts_.broken = true;
  facts_.tools = tools_hash_;
  if (cache_key_ != 0) facts_.thread = cache_key_;
}

}  // namespace ts::gateway
