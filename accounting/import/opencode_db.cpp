#include "accounting/import/opencode_db.hpp"

#include <fmt/format.h>
#include <sqlite3.h>

#include <filesystem>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>

namespace ts {
namespace {

using Json = nlohmann::json;

struct CloseDb {
  void operator()(sqlite3* db) const { sqlite3_close(db); }
};
struct EndStatement {
  void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
};
using Db = std::unique_ptr<sqlite3, CloseDb>;
using Statement = std::unique_ptr<sqlite3_stmt, EndStatement>;

Error db_error(const std::string& path, sqlite3* db, int code) {
  const Errc errc = code == SQLITE_BUSY || code == SQLITE_LOCKED      ? Errc::busy
                    : code == SQLITE_CORRUPT || code == SQLITE_NOTADB ? Errc::corrupt
                    : code == SQLITE_CANTOPEN                         ? Errc::permission_denied
                                                                      : Errc::io;
  return {errc, fmt::format("meter: {}: {}", path, db == nullptr ? "can't open" : sqlite3_errmsg(db))};
}

/// A URI for SQLite: what has a meaning there is escaped.
std::string uri_of(const std::string& path, bool immutable) {
  std::string uri = "file:";
  for (const char c : path)
    if (c == '?' || c == '#' || c == '%')
      uri += fmt::format("%{:02x}", static_cast<unsigned char>(c));
    else
      uri += c;
  return uri + (immutable ? "?mode=ro&immutable=1" : "?mode=ro");
}

Result<Db> open_db(const std::string& path) {
  // Without a log beside it nobody writes; opening it the usual way would leave files of ours there.
  std::error_code ignored;
  const bool immutable = !std::filesystem::exists(path + "-wal", ignored);
  sqlite3* raw = nullptr;
  const int code = sqlite3_open_v2(uri_of(path, immutable).c_str(), &raw, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX, nullptr);
  Db db(raw);
  if (code != SQLITE_OK) return db_error(path, raw, code);
  sqlite3_busy_timeout(raw, 2000);
  return db;
}

Result<Statement> prepare(const std::string& path, sqlite3* db, const char* sql) {
  sqlite3_stmt* raw = nullptr;
  const int code = sqlite3_prepare_v2(db, sql, -1, &raw, nullptr);
  if (code != SQLITE_OK) return db_error(path, db, code);
  return Statement(raw);
}

std::string_view text_of(sqlite3_stmt* row, int column) {
  const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(row, column));
  if (text == nullptr) return {};
  return {text, static_cast<std::size_t>(sqlite3_column_bytes(row, column))};
}

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
  TS_TRY(const Db db, open_db(path));
  TS_TRY(const Statement known, prepare(path, db.get(), kIsOpencode));
  if (const int code = sqlite3_step(known.get()); code != SQLITE_ROW) return db_error(path, db.get(), code);
  if (sqlite3_column_int(known.get(), 0) < 4) return std::optional<ParseStats>();
  TS_TRY(const Statement rows, prepare(path, db.get(), kMessages));
  ParseStats stats;
  MessageReader reader;
  Originals originals;
  std::string session;
  int code = SQLITE_OK;
  while ((code = sqlite3_step(rows.get())) == SQLITE_ROW) {
    ++stats.lines;
    Message message;
    const Read what = reader.read(text_of(rows.get(), 2), message);
    if (session != text_of(rows.get(), 1)) {
      session = text_of(rows.get(), 1);
      sink.on_session({session, message.model, text_of(rows.get(), 4), text_of(rows.get(), 5)});
    }
    ++(what == Read::usage ? stats.events : what == Read::malformed ? stats.malformed : stats.ignored);
    if (what != Read::usage) continue;
    UsageEvent event;
    event.response_id = originals.id_of(text_of(rows.get(), 0), message, sqlite3_column_int64(rows.get(), 3));
    event.model = message.model;
    event.session = session;
    event.counts = message.counts;
    if (message.created_ms > 0) event.at = UtcTime(std::chrono::milliseconds(message.created_ms));
    sink.on_usage(event);
  }
  if (code != SQLITE_DONE) return db_error(path, db.get(), code);
  return std::optional<ParseStats>(stats);
}

}  // namespace ts
