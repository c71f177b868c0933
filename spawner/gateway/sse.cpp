#include "spawner/gateway/sse.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "accounting/usage/json_reader.hpp"

namespace ts::gateway {
namespace {

constexpr std::size_t kLongestEvent = std::size_t{1} << 20;
constexpr std::array<std::string_view, 7> kTexts = {"text", "thinking", "partial_json", "content", "arguments", "reasoning_content", "reasoning"};

/// Lengths of the strings in which a model's words travel.
std::uint64_t words_in(json::Reader& reader, std::string_view key, int depth) {
  std::uint64_t sum = 0;
  std::string_view text;
  const char next = depth > 12 ? '\0' : reader.peek();
  if (next == '{' && reader.enter_object()) {
    std::string_view name;
    while (reader.next_key(name)) sum += words_in(reader, name, depth + 1);
  } else if (next == '[' && reader.enter_array()) {
    while (reader.next_element()) sum += words_in(reader, key, depth + 1);
  } else if (next == '"' && reader.string(text)) {
    if (std::ranges::find(kTexts, key) != kTexts.end()) sum = text.size();
  } else {
    reader.skip();
  }
  return sum;
}

}  // namespace

/// False: the client must not see the event that carries it.
bool EventTap::data(std::string_view text) {
  if (!text.starts_with('{')) return true;
  if (shape_ == ApiShape::openai_responses) {
    // The events that end an item repeat its whole text: only the pieces count.
    const std::string_view delta = json::member(text, {"delta"});
    if (!delta.starts_with('{')) said_ += delta.size();
    return true;
  }
  json::Reader reader(text);
  said_ += words_in(reader, {}, 0);
  if (hide_ != Hide::chat_usage || !json::has_key(text, "\"usage\"")) return true;
  std::string choices(json::member(text, {"choices"}));
  std::erase_if(choices, [](char c) { return c == ' ' || c == '\n' || c == '\t'; });
  return choices != "[]" || !json::member(text, {"usage"}).starts_with('{');
}

void EventTap::event(std::string_view raw) {
  bool shown = true;
  for (std::size_t at = 0; at < raw.size();) {
    const auto end = std::min(raw.find('\n', at), raw.size());
    std::string_view line = raw.substr(at, end - at);
    if (line.ends_with('\r')) line.remove_suffix(1);
    at = end + 1;
    if (!line.starts_with("data:")) continue;
    line.remove_prefix(line.starts_with("data: ") ? 6 : 5);
    shown = data(line) && shown;
  }
  if (hide_ == Hide::chat_usage && shown) out_.append(raw);
}

std::string_view EventTap::push(std::string_view chunk) {
  out_.clear();
  std::size_t begin = 0;
  for (std::size_t at = 0; at < chunk.size(); ++at) {
    const char c = chunk[at];
    if (c == '\r') continue;
    if (c != '\n') {
      blank_line_ = false;
      // Nothing but a line end ends a line: jump there.
      const auto next = chunk.find('\n', at);
      at = (next == std::string_view::npos ? chunk.size() : next) - 1;
      continue;
    }
    if (!std::exchange(blank_line_, true)) continue;
    const std::string_view part = chunk.substr(begin, at + 1 - begin);
    begin = at + 1;
    if (skip_event_) {
      if (hide_ == Hide::chat_usage) out_.append(part);
    } else if (pending_.empty()) {
      event(part);
    } else {
      pending_.append(part);
      event(pending_);
    }
    skip_event_ = false;
    pending_.clear();
  }
  const std::string_view rest = chunk.substr(begin);
  if (!skip_event_) pending_.append(rest);
  if (skip_event_ && hide_ == Hide::chat_usage) out_.append(rest);
  if (pending_.size() > kLongestEvent) {
    skip_event_ = true;
    if (hide_ == Hide::chat_usage) out_.append(pending_);
    pending_ = {};
  }
  return hide_ == Hide::nothing ? chunk : std::string_view{out_};
}

std::string_view EventTap::finish() {
  out_.clear();
  if (!pending_.empty()) event(pending_);
  pending_.clear();
  return out_;
}

}  // namespace ts::gateway
