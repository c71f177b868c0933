#include "accounting/import/opencode_db.hpp"

#include <fmt/format.h>

#include <map>
#include <nlohmann/json.hpp>

#include "accounting/import/sqlite_file.hpp"

namespace ts {
namespace {

using Json = nlohmann::json;

/// One assistant message's `data`.
struct Message {
  std::string model;
  TokenCounts counts;
  std::int64_t created_ms = 0;
  std::int64_t completed_ms = 0;
};

enum class Read { usage, nothing, malformed };

/// Reads one message. A null count is an absent one; anything else that is no count makes the message malformed.
class MessageReader {
 public:
  static Read read(std::string_view text, Message& message) {
    const Json root = Json::parse(text, nullptr, false);
    if (root.is_discarded() || !root.is_object()) return Read::malformed;
    if (root.value(Json::json_pointer("/role"), Json()) != "assistant") return Read::nothing;
    const auto tokens = root.find("tokens");
    if (tokens == root.end() || !tokens->is_object()) return Read::nothing;
    if (const auto model = root.find("modelID"); model != root.end() && model->is_string()) message.model = model->get<std::string>();
    message.created_ms = time_of(root, "/time/created");
    message.completed_ms = time_of(root, "/time/completed");
    return counts_of(*tokens, message.counts);
  }

 private:
  static const Json* at(const Json& json, const char* pointer) {
    const Json::json_pointer path(pointer);
    return json.contains(path) ? &json.at(path) : nullptr;
  }

  static std::int64_t time_of(const Json& root, const char* pointer) {
    const Json* value = at(root, pointer);
    return value != nullptr && value->is_number_integer() ? value->get<std::int64_t>() : 0;
  }

  static Read counts_of(const Json& tokens, TokenCounts& counts) {
    bool good = true;
    const auto take = [&](const char* pointer) -> Tokens {
      const Json* value = at(tokens, pointer);
      if (value == nullptr || value->is_null()) return 0;
      // Past 2^63 nlohmann holds an unsigned number; both are over the limit.
      const bool fits = value->is_number_unsigned() && value->get<std::uint64_t>() <= static_cast<std::uint64_t>(kMaxTokens);
      good = good && fits;
      return fits ? value->get<Tokens>() : 0;
    };
    counts.input = take("/input");
    counts.cache_read = take("/cache/read");
    counts.cache_write_5m = take("/cache/write");
    counts.reasoning = take("/reasoning");
    counts.output = saturating_add(take("/output"), counts.reasoning);
    if (!good) return Read::malformed;
    return counts == TokenCounts{} ? Read::nothing : Read::usage;
  }
};

/// Gives the copies of one message its id.
class Originals {
 public:
  /// The response's id. Originals must come before their copies.
  std::string_view id_of(std::string_view row_id, const Message& message, std::int64_t session_created) {
    const TokenCounts& c = message.counts;
    const auto [place, fresh] = ids_.try_emplace(fmt::format("{} {} {} {} {} {} {}", message.created_ms, message.completed_ms,
                                                            message.model, c.input, c.cache_read, c.cache_write_5m, c.output),
                                                 row_id);
    // Older than its own session: it was copied there. Else equal figures are a coincidence.
    const bool copied = message.created_ms > 0 && message.created_ms < session_created;
    return fresh || copied ? std::string_view(place->second) : row_id;
  }

 private:
  std::map<std::string, std::string> ids_;   // what copies have in common → the first one's id
};

constexpr char kIsOpencode[] =
    "SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name IN ('message', 'session', 'part', 'project')";
// Originals come before their copies: a copy's session is younger than the message.
constexpr char kMessages[] =
    "SELECT m.id, m.session_id, m.data, coalesce(s.time_created, 0), coalesce(s.version, ''), coalesce(s.directory, '')"
    " FROM message m LEFT JOIN session s ON s.id = m.session_id ORDER BY coalesce(s.time_created, 0), m.session_id, m.id";

}  // namespace

Result<std::optional<ParseStats>> read_opencode_db(const std::string& path, UsageSink& sink) {
  TS_TRY(const SqliteFile db, SqliteFile::open(path));
  TS_TRY(const std::int64_t known, db.number(kIsOpencode));
  if (known < 4) return std::optional<ParseStats>();
  TS_TRY(SqliteFile::Rows rows, db.select(kMessages));
  ParseStats stats;
  MessageReader reader;
  Originals originals;
  std::string session;
  while (true) {
    TS_TRY(const bool more, rows.next());
    if (!more) break;
    ++stats.lines;
    Message message;
    const Read what = reader.read(rows.text(2), message);
    if (session != rows.text(1)) {
      session = rows.text(1);
      sink.on_session({session, message.model, rows.text(4), rows.text(5)});
    }
    ++(what == Read::usage ? stats.events : what == Read::malformed ? stats.malformed : stats.ignored);
    if (what != Read::usage) continue;
    UsageEvent event;
    event.response_id = originals.id_of(rows.text(0), message, rows.number(3));
    event.model = message.model;
    event.session = session;
    event.counts = message.counts;
    if (message.created_ms > 0) event.at = UtcTime(std::chrono::milliseconds(message.created_ms));
    sink.on_usage(event);
  }
  return std::optional<ParseStats>(stats);
}

}  // namespace ts
