#pragma once

#include <string_view>

#include "accounting/usage/json_reader.hpp"
#include "accounting/usage/shapes.hpp"

namespace ts {

/// A `message` object of Claude Code or of the Messages API.
struct ClaudeMessage {
  std::string_view id;
  std::string_view model;
  std::string_view role;
  RawUsage usage;
  bool has_usage = false;         ///< a whole usage object was read
  std::string_view usage_text;    ///< its bytes, braces included
};

/// What one line of Claude Code says, as far as counting needs it.
/// Lifetime: the views point into the line.
struct ClaudeLine {
  std::string_view type;
  std::string_view subtype;
  std::string_view session;
  std::string_view parent;        ///< parent_tool_use_id
  std::string_view model;
  std::string_view version;
  std::string_view cwd;
  std::string_view uuid;
  std::string_view timestamp;
  ClaudeMessage message;
  std::string_view event_type;    ///< of a stream_event
  ClaudeMessage event_message;    ///< of a stream_event's message_start
  RawUsage event_usage;           ///< of a stream_event's message_delta
  RawUsage usage;                 ///< beside the type: a result's
  std::string_view model_usage;   ///< a result's modelUsage, unread
};

/// Reads the line as far as it is whole; what stands behind a break is not known. The reader tells whether it broke.
[[nodiscard]] ClaudeLine read_claude_line(json::Reader& reader, UsageShape shape);

/// Reads the message object that comes next; any other value is passed over.
void read_claude_message(json::Reader& reader, UsageShape shape, ClaudeMessage& message);

}  // namespace ts
