#include "accounting/usage/claude_line.hpp"

#include <utility>

namespace ts {
namespace {

/// Where a root key's string goes. Two spellings each: the stream's and the transcript's.
constexpr std::pair<std::string_view, std::string_view ClaudeLine::*> kStrings[] = {
    {"type", &ClaudeLine::type},
    {"subtype", &ClaudeLine::subtype},
    {"session_id", &ClaudeLine::session},
    {"sessionId", &ClaudeLine::session},
    {"parent_tool_use_id", &ClaudeLine::parent},
    {"model", &ClaudeLine::model},
    {"claude_code_version", &ClaudeLine::version},
    {"qwen_code_version", &ClaudeLine::version},
    {"version", &ClaudeLine::version},
    {"cwd", &ClaudeLine::cwd},
    {"uuid", &ClaudeLine::uuid},
    {"timestamp", &ClaudeLine::timestamp},
};

void read_event(json::Reader& reader, UsageShape shape, ClaudeLine& line) {
  if (!reader.enter_object()) {
    reader.skip();
    return;
  }
  std::string_view key;
  while (reader.next_key(key)) {
    if (key == "type") {
      reader.string(line.event_type);
    } else if (key == "message") {
      read_claude_message(reader, shape, line.event_message);
    } else if (key == "usage") {
      line.event_usage.read(reader, shape);
    } else {
      reader.skip();
    }
  }
}

bool read_string(json::Reader& reader, std::string_view key, ClaudeLine& line) {
  for (const auto& [name, member] : kStrings) {
    if (name != key) continue;
    reader.string(line.*member);
    return true;
  }
  return false;
}

}  // namespace

void read_claude_message(json::Reader& reader, UsageShape shape, ClaudeMessage& message) {
  if (!reader.enter_object()) {
    reader.skip();
    return;
  }
  std::string_view key;
  while (reader.next_key(key)) {
    if (key == "id") {
      reader.string(message.id);
    } else if (key == "model") {
      reader.string(message.model);
    } else if (key == "role") {
      reader.string(message.role);
    } else if (key == "usage" && reader.peek() == '{') {
      const char* begin = reader.position();
      message.has_usage = message.usage.read(reader, shape);
      message.usage_text = {begin, static_cast<std::size_t>(reader.position() - begin)};
    } else {
      reader.skip();
    }
  }
}

ClaudeLine read_claude_line(json::Reader& reader, UsageShape shape) {
  ClaudeLine line;
  if (!reader.enter_object()) {
    reader.skip();
    return line;
  }
  std::string_view key;
  while (reader.next_key(key)) {
    if (key == "message") {
      read_claude_message(reader, shape, line.message);
    } else if (key == "event") {
      read_event(reader, shape, line);
    } else if (key == "usage") {
      line.usage.read(reader, shape);
    } else if (key == "modelUsage") {
      reader.raw(line.model_usage);
    } else if (!read_string(reader, key, line)) {
      reader.skip();
    }
  }
  return line;
}

}  // namespace ts
