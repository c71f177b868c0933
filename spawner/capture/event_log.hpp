#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "accounting/base/units.hpp"
#include "accounting/usage/event.hpp"
#include "spawner/capture/raw_file.hpp"

namespace ts::capture {

/// One member of a line in events.jsonl.
struct EventField {
  std::string_view key;
  std::variant<std::string_view, std::int64_t, bool> value;
};

/// events.jsonl: one JSON object a line, `{"at":"…","kind":"…",…}`; kinds usage, settlement, session and what note() is given.
/// Lines are gathered and written by flush(), or when 64 KiB have come together; never blocks its user, see RawFile.
class EventLog {
 public:
  explicit EventLog(RawFile file);
  ~EventLog();
  EventLog(EventLog&&) noexcept = default;
  EventLog& operator=(EventLog&&) = delete;

  /// `file`: the transcript it came from; empty: none.
  void usage(UtcTime at, Source source, const UsageEvent& event, std::string_view file = {});
  void settlement(UtcTime at, Source source, const SettlementEvent& event);
  void session(UtcTime at, Source source, const SessionEvent& event);
  /// A warning, a decision, a signal …
  void note(UtcTime at, std::string_view kind, std::initializer_list<EventField> fields);
  void flush();
  [[nodiscard]] std::optional<Error> take_trouble() { return file_.take_trouble(); }

 private:
  void begin(UtcTime at, std::string_view kind);
  void field(std::string_view key, std::string_view text);
  void field(std::string_view key, std::int64_t number);
  void counts(const TokenCounts& counts);
  void end();

  RawFile file_;
  std::string pending_;
};

/// `text` as a JSON string with its quotes; invalid UTF-8 becomes U+FFFD.
void append_json_string(std::string& out, std::string_view text);

}  // namespace ts::capture
