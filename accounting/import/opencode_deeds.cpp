#include "accounting/import/opencode_deeds.hpp"

#include <chrono>
#include <vector>

#include "accounting/base/text.hpp"
#include "accounting/import/opencode_message.hpp"
#include "accounting/import/sqlite_file.hpp"

namespace ts {
namespace {

// Originals come before their copies, and parents before their children.
constexpr char kSessions[] =
    "SELECT id, coalesce(parent_id, ''), coalesce(time_created, 0), coalesce(version, ''), coalesce(directory, '') FROM session"
    " ORDER BY coalesce(time_created, 0), id";
constexpr char kMessages[] = "SELECT id, data FROM message WHERE session_id = ?1 ORDER BY time_created, id";
constexpr char kParts[] = "SELECT data FROM part WHERE message_id = ?1 ORDER BY id";

struct Session {
  std::string id;
  std::string parent;
  std::int64_t created_ms = 0;
  std::string version;
  std::string directory;
};

class Reader {
 public:
  Reader(const SqliteFile& db, DeedSinks sinks) : db_(db), sinks_(sinks) {}

  /// `worker`: the sub-agent that the session is; empty: it is a main agent's.
  Result<void> session(const Session& session, std::string_view worker) {
    sinks_.usage.on_session({session.id, {}, session.version, session.directory});
    TS_TRY(SqliteFile::Rows rows, db_.select(kMessages, session.id));
    while (true) {
      TS_TRY(const bool more, rows.next());
      if (!more) return {};
      OpencodeMessage message;
      const OpencodeRead what = read_opencode_message(rows.text(1), message);
      const std::string id(rows.text(0));
      const bool torn = what == OpencodeRead::malformed && !message.from_model;  // else its counts are odd, which doesn't matter here
      if (torn || originals_.id_of(id, message, session.created_ms) != id) continue;
      TS_CHECK(parts(id, message, worker));
      if (what == OpencodeRead::usage) usage(session, id, message);
    }
  }

 private:
  static std::optional<UtcTime> time_of(const OpencodeMessage& message) {
    if (message.created_ms <= 0 || message.created_ms > kMaxTokens / 1000) return std::nullopt;
    return UtcTime(std::chrono::milliseconds(message.created_ms));
  }

  Result<void> parts(const std::string& id, const OpencodeMessage& message, std::string_view worker) {
    const auto at = time_of(message);
    const std::string said = at ? rfc3339(*at) : "";
    Deed of;
    of.kind = message.from_model ? DeedKind::text : DeedKind::prompt;
    if (message.from_model) of.response = id;
    of.worker = worker;
    of.at = said;
    TS_TRY(SqliteFile::Rows rows, db_.select(kParts, id));
    while (true) {
      TS_TRY(const bool more, rows.next());
      if (!more) return {};
      read_opencode_part(rows.text(0), of, sinks_.deeds);
    }
  }

  void usage(const Session& session, const std::string& id, const OpencodeMessage& message) {
    UsageEvent event;
    event.response_id = id;
    event.model = message.model;
    event.session = session.id;
    event.counts = message.counts;
    event.at = time_of(message);
    sinks_.usage.on_usage(event);
  }

  const SqliteFile& db_;
  DeedSinks sinks_;
  OpencodeOriginals originals_;
};

Result<std::vector<Session>> sessions_of(const SqliteFile& db, const std::set<std::string>& wanted) {
  TS_TRY(SqliteFile::Rows rows, db.select(kSessions));
  std::vector<Session> all;
  while (true) {
    TS_TRY(const bool more, rows.next());
    if (!more) return all;
    std::string id(rows.text(0));
    if (wanted.contains(id)) all.push_back({std::move(id), std::string(rows.text(1)), rows.number(2), std::string(rows.text(3)), std::string(rows.text(4))});
  }
}

}  // namespace

Result<bool> read_opencode_deeds(const std::string& path, const std::set<std::string>& sessions, DeedSinks sinks) {
  TS_TRY(const SqliteFile db, SqliteFile::open(path));
  TS_TRY(const bool known, is_opencode(db));
  if (!known) return false;
  TS_TRY(const std::vector<Session> found, sessions_of(db, sessions));
  Reader reader(db, sinks);
  for (const Session& session : found) TS_CHECK(reader.session(session, sessions.contains(session.parent) ? session.id : std::string()));
  return true;
}

}  // namespace ts
