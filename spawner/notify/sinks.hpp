#pragma once

#include <string>
#include <vector>

#include "accounting/base/result.hpp"
#include "accounting/base/units.hpp"

namespace ts::notify {

/// Who hears of alerts besides those who watch a run's stderr. Empty: not this one.
struct SinkSettings {
  std::string file;     ///< gets a line of JSON an alert
  std::string command;  ///< a shell command: the JSON on its stdin, the text in TRACKED_SPAWN_ALERT
  std::string webhook;  ///< a URL that the JSON is posted to
  std::string webhook_secret;

  [[nodiscard]] bool empty() const { return file.empty() && command.empty() && webhook.empty(); }
};

/// The names under which deliveries are recorded: "file", "command", "webhook".
[[nodiscard]] std::vector<std::string> names_of(const SinkSettings& sinks);

/// One alert as a sink gets it.
struct Message {
  std::string json;  ///< one line
  std::string text;  ///< one line, for people
};

/// What a sink may use of the world.
struct SinkWorld {
  std::vector<std::string> env_words;
  std::string cwd;
  UtcTime now;
};

/// Hands one message to one sink and waits for it, at most half a minute. What it said, for the record.
/// Errors: any; the message tells what went wrong.
[[nodiscard]] Result<std::string> send(const SinkSettings& sinks, const std::string& name, const Message& message, const SinkWorld& world);

}  // namespace ts::notify
