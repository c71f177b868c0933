#include "spawner/capture/event_log.hpp"

#include <array>
#include <utility>

#include "accounting/base/text.hpp"

namespace ts::capture {

namespace {

constexpr std::size_t kGather = 64 * 1024;

/// Length of the valid UTF-8 sequence at the front of `text`; 0: invalid.
std::size_t utf8_length(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const auto tail = [&](std::size_t n) {
    if (text.size() < n) return false;
    for (std::size_t i = 1; i < n; ++i)
      if ((byte(i) & 0xC0) != 0x80) return false;
    return true;
  };
  const unsigned char b = byte(0);
  if (b < 0x80) return 1;
  if (b >= 0xC2 && b < 0xE0) return tail(2) ? 2 : 0;
  if (b >= 0xE0 && b < 0xF0) {
    if (!tail(3) || (b == 0xE0 && byte(1) < 0xA0) || (b == 0xED && byte(1) >= 0xA0)) return 0;
    return 3;
  }
  if (b >= 0xF0 && b < 0xF5) {
    if (!tail(4) || (b == 0xF0 && byte(1) < 0x90) || (b == 0xF4 && byte(1) >= 0x90)) return 0;
    return 4;
  }
  return 0;
}

void append_ascii(std::string& out, char c) {
  constexpr std::string_view hex = "0123456789abcdef";
  switch (c) {
    case '"': out += "\\\""; return;
    case '\\': out += "\\\\"; return;
    case '\n': out += "\\n"; return;
    case '\r': out += "\\r"; return;
    case '\t': out += "\\t"; return;
    default: break;
  }
  const auto value = static_cast<unsigned char>(c);
  if (value >= 0x20 && value != 0x7F) {
    out += c;
    return;
  }
  out += "\\u00";
  out += hex[value >> 4];
  out += hex[value & 15];
}

}  // namespace

void append_json_string(std::string& out, std::string_view text) {
  out += '"';
  while (!text.empty()) {
    const std::size_t length = utf8_length(text);
    if (length == 1) append_ascii(out, text.front());
    else if (length == 0) out += "\xEF\xBF\xBD";
    else out.append(text.substr(0, length));
    text.remove_prefix(length == 0 ? 1 : length);
  }
  out += '"';
}

EventLog::EventLog(RawFile file) : file_(std::move(file)) {}

EventLog::~EventLog() { flush(); }

void EventLog::usage(UtcTime at, Source source, const UsageEvent& event, std::string_view file) {
  begin(at, "usage");
  field("source", name_of(source));
  field("response", event.response_id);
  field("model", event.model);
  field("session", event.session);
  counts(event.counts);
  field("requests", event.requests);
  if (event.at) field("said_at", rfc3339(*event.at));
  field("file", file);
  end();
}

void EventLog::settlement(UtcTime at, Source source, const SettlementEvent& event) {
  begin(at, "settlement");
  field("source", name_of(source));
  field("settlement", event.settlement_id);
  field("session", event.session);
  field("model", event.model);
  counts(event.counts);
  end();
}

void EventLog::session(UtcTime at, Source source, const SessionEvent& event) {
  begin(at, "session");
  field("source", name_of(source));
  field("session", event.session);
  field("model", event.model);
  field("version", event.version);
  field("cwd", event.cwd);
  end();
}

void EventLog::note(UtcTime at, std::string_view kind, std::initializer_list<EventField> fields) {
  begin(at, kind);
  for (const EventField& f : fields) {
    if (const auto* text = std::get_if<std::string_view>(&f.value)) {
      field(f.key, *text);
    } else if (const auto* number = std::get_if<std::int64_t>(&f.value)) {
      field(f.key, *number);
    } else {
      pending_ += ',';
      append_json_string(pending_, f.key);
      pending_ += std::get<bool>(f.value) ? ":true" : ":false";
    }
  }
  end();
}

void EventLog::flush() {
  if (pending_.empty()) return;
  file_.append(pending_);
  pending_.clear();
}

void EventLog::begin(UtcTime at, std::string_view kind) {
  pending_ += "{\"at\":\"" + rfc3339(at) + "\",\"kind\":";
  append_json_string(pending_, kind);
}

void EventLog::field(std::string_view key, std::string_view text) {
  if (text.empty()) return;
  pending_ += ',';
  append_json_string(pending_, key);
  pending_ += ':';
  append_json_string(pending_, text);
}

void EventLog::field(std::string_view key, std::int64_t number) {
  pending_ += ',';
  append_json_string(pending_, key);
  pending_ += ':' + std::to_string(number);
}

void EventLog::counts(const TokenCounts& counts) {
  const std::array<std::pair<std::string_view, Tokens>, 6> parts = {{{"input", counts.input},
                                                                     {"cache_write_5m", counts.cache_write_5m},
                                                                     {"cache_write_1h", counts.cache_write_1h},
                                                                     {"cache_read", counts.cache_read},
                                                                     {"output", counts.output},
                                                                     {"reasoning", counts.reasoning}}};
  for (const auto& [key, value] : parts) field(key, value);
}

void EventLog::end() {
  pending_ += "}\n";
  if (pending_.size() >= kGather) flush();
}

}  // namespace ts::capture
