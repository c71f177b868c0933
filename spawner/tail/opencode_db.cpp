#include "spawner/tail/opencode_db.hpp"

#include <sqlite3.h>
#include <sys/stat.h>

#include <cmath>
#include <utility>

namespace ts::tail {

namespace {

constexpr int kBusyMs = 50;

constexpr const char* kSessions =
    "SELECT id, ifnull(parent_id, ''), directory, version, time_created FROM session"
    " WHERE time_updated >= ?1 OR EXISTS (SELECT 1 FROM message WHERE session_id = session.id AND message.time_created >= ?1)"
    " ORDER BY time_created, id";

// The steps are the requests; a message without steps gives its own counts.
constexpr const char* kMessages =
    "SELECT m.id, json_extract(m.data, '$.modelID'), json_extract(m.data, '$.time.created'), json_extract(m.data, '$.time.completed'),"
    " json_extract(m.data, '$.tokens.input'), json_extract(m.data, '$.tokens.output'), json_extract(m.data, '$.tokens.reasoning'),"
    " json_extract(m.data, '$.tokens.cache.read'), json_extract(m.data, '$.tokens.cache.write')"
    " FROM message m WHERE m.session_id = ?1 AND m.time_created >= ?2 AND json_valid(m.data) AND json_extract(m.data, '$.role') = 'assistant'"
    " ORDER BY m.time_created, m.id";

constexpr const char* kSteps =
    "SELECT json_extract(data, '$.tokens.input'), json_extract(data, '$.tokens.output'), json_extract(data, '$.tokens.reasoning'),"
    " json_extract(data, '$.tokens.cache.read'), json_extract(data, '$.tokens.cache.write')"
    " FROM part WHERE message_id = ?1 AND json_valid(data) AND json_extract(data, '$.type') = 'step-finish' ORDER BY id";

struct Finalize {
  void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
};
using Statement = std::unique_ptr<sqlite3_stmt, Finalize>;

Statement prepare(sqlite3* db, const char* sql) {
  sqlite3_stmt* raw = nullptr;
  sqlite3_prepare_v2(db, sql, -1, &raw, nullptr);
  return Statement(raw);
}

void bind(sqlite3_stmt* statement, int at, const std::string& text) {
  sqlite3_bind_text(statement, at, text.data(), static_cast<int>(text.size()), SQLITE_TRANSIENT);
}

std::string text(sqlite3_stmt* row, int column) {
  const unsigned char* bytes = sqlite3_column_text(row, column);
  if (bytes == nullptr) return {};
  return {reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(sqlite3_column_bytes(row, column))};
}

/// A count: a whole number in [0, kMaxTokens], or nothing. Absent: it is there and is no count.
std::optional<Tokens> count(sqlite3_stmt* row, int column) {
  const int type = sqlite3_column_type(row, column);
  if (type == SQLITE_NULL) return 0;
  if (type == SQLITE_INTEGER) {
    const sqlite3_int64 value = sqlite3_column_int64(row, column);
    if (value >= 0 && value <= kMaxTokens) return value;
  }
  if (type == SQLITE_FLOAT) {
    const double value = sqlite3_column_double(row, column);
    if (value >= 0 && value <= static_cast<double>(kMaxTokens) && std::floor(value) == value) return static_cast<Tokens>(value);
  }
  return std::nullopt;
}

/// Columns input, output, reasoning, cache read, cache write; opencode's output leaves reasoning out. Absent: one is no count.
std::optional<TokenCounts> counts(sqlite3_stmt* row, int first) {
  const auto input = count(row, first);
  const auto output = count(row, first + 1);
  const auto reasoning = count(row, first + 2);
  const auto read = count(row, first + 3);
  const auto write = count(row, first + 4);
  if (!input || !output || !reasoning || !read || !write) return std::nullopt;
  TokenCounts all;
  all.input = *input;
  all.output = saturating_add(*output, *reasoning);
  all.reasoning = *reasoning;
  all.cache_read = *read;
  all.cache_write_5m = *write;
  return all;
}

/// A path in a `file:` URI.
std::string uri_path(const std::string& path) {
  constexpr std::string_view hex = "0123456789ABCDEF";
  std::string out;
  for (char c : path) {
    if (c == '?' || c == '#' || c == '%') {
      const auto byte = static_cast<unsigned char>(c);
      out += '%';
      out += hex[byte >> 4];
      out += hex[byte & 15];
    } else {
      out += c;
    }
  }
  return out;
}

bool exists(const std::string& path) {
  struct stat found {};
  return ::stat(path.c_str(), &found) == 0;
}

/// Never a parameter that would make SQLite create `-wal` or `-shm`.
std::string read_only_uri(const std::string& path) {
  const std::string uri = "file:" + uri_path(path);
  if (!exists(path + "-wal")) return uri + "?mode=ro&immutable=1";
  if (!exists(path + "-shm")) return uri + "?mode=ro&readonly_shm=1";
  return uri + "?mode=ro";
}

/// Adds what the message's steps say. False: stopped by an error.
bool add_steps(sqlite3_stmt* steps, OpencodeMessage& message) {
  sqlite3_reset(steps);
  bind(steps, 1, message.id);
  TokenCounts sum;
  std::int64_t requests = 0;
  int answer = SQLITE_ROW;
  while ((answer = sqlite3_step(steps)) == SQLITE_ROW) {
    ++requests;
    if (const auto step = counts(steps, 0)) sum = sum + *step;
    else message.readable = false;
  }
  message.counts = highest(message.counts, sum);
  if (requests > 0) message.requests = requests;
  return answer == SQLITE_DONE;
}

}  // namespace

void OpencodeDb::Close::operator()(sqlite3* db) const { sqlite3_close_v2(db); }

Result<OpencodeDb> OpencodeDb::open(const std::string& path) {
  if (!exists(path)) return Error{Errc::not_found, "opencode: " + path + ": no such file"};
  sqlite3* raw = nullptr;
  const int answer = sqlite3_open_v2(read_only_uri(path).c_str(), &raw, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX, nullptr);
  OpencodeDb db(std::unique_ptr<sqlite3, Close>(raw), path);
  if (answer != SQLITE_OK) return db.failure();
  sqlite3_busy_timeout(raw, kBusyMs);
  sqlite3_exec(raw, "PRAGMA query_only=1; PRAGMA cache_size=-512;", nullptr, nullptr, nullptr);
  return db;
}

Error OpencodeDb::failure() const {
  const int answer = db_ ? sqlite3_errcode(db_.get()) : SQLITE_NOMEM;
  const std::string why = db_ ? sqlite3_errmsg(db_.get()) : "out of memory";
  Errc code = Errc::io;
  if (answer == SQLITE_BUSY || answer == SQLITE_LOCKED || answer == SQLITE_READONLY) code = Errc::busy;
  if (answer == SQLITE_CORRUPT || answer == SQLITE_NOTADB || answer == SQLITE_ERROR) code = Errc::corrupt;
  return {code, "opencode: " + path_ + ": " + why};
}

Result<std::vector<OpencodeSession>> OpencodeDb::sessions_since(std::int64_t since_ms) const {
  const Statement query = prepare(db_.get(), kSessions);
  if (!query) return failure();
  sqlite3_bind_int64(query.get(), 1, since_ms);
  std::vector<OpencodeSession> all;
  int answer = SQLITE_ROW;
  while ((answer = sqlite3_step(query.get())) == SQLITE_ROW)
    all.push_back({text(query.get(), 0), text(query.get(), 1), text(query.get(), 2), text(query.get(), 3), sqlite3_column_int64(query.get(), 4)});
  if (answer != SQLITE_DONE) return failure();
  return all;
}

Result<std::vector<OpencodeMessage>> OpencodeDb::messages(const std::string& session, std::int64_t since_ms) const {
  const Statement query = prepare(db_.get(), kMessages);
  const Statement steps = prepare(db_.get(), kSteps);
  if (!query || !steps) return failure();
  bind(query.get(), 1, session);
  sqlite3_bind_int64(query.get(), 2, since_ms);
  std::vector<OpencodeMessage> all;
  int answer = SQLITE_ROW;
  while ((answer = sqlite3_step(query.get())) == SQLITE_ROW) {
    OpencodeMessage message{text(query.get(), 0), text(query.get(), 1), sqlite3_column_int64(query.get(), 2),
                            sqlite3_column_int64(query.get(), 3), {}, 1, true};
    if (const auto own = counts(query.get(), 4)) message.counts = *own;
    else message.readable = false;
    if (!add_steps(steps.get(), message)) return failure();
    all.push_back(std::move(message));
  }
  if (answer != SQLITE_DONE) return failure();
  return all;
}

}  // namespace ts::tail
