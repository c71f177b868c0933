#include "accounting/import/opencode_db.hpp"

#include "accounting/import/opencode_message.hpp"
#include "accounting/import/sqlite_file.hpp"

namespace ts {
namespace {

// Originals come before their copies: a copy's session is younger than the message.
constexpr char kMessages[] =
    "SELECT m.id, m.session_id, m.data, coalesce(s.time_created, 0), coalesce(s.version, ''), coalesce(s.directory, '')"
    " FROM message m LEFT JOIN session s ON s.id = m.session_id ORDER BY coalesce(s.time_created, 0), m.session_id, m.id";

}  // namespace

Result<std::optional<ParseStats>> read_opencode_db(const std::string& path, UsageSink& sink) {
  TS_TRY(const SqliteFile db, SqliteFile::open(path));
  TS_TRY(const bool known, is_opencode(db));
  if (!known) return std::optional<ParseStats>();
  TS_TRY(SqliteFile::Rows rows, db.select(kMessages));
  ParseStats stats;
  OpencodeOriginals originals;
  std::string session;
  while (true) {
    TS_TRY(const bool more, rows.next());
    if (!more) break;
    ++stats.lines;
    OpencodeMessage message;
    const OpencodeRead what = read_opencode_message(rows.text(2), message);
    if (session != rows.text(1)) {
      session = rows.text(1);
      sink.on_session({session, message.model, rows.text(4), rows.text(5)});
    }
    ++(what == OpencodeRead::usage ? stats.events : what == OpencodeRead::malformed ? stats.malformed : stats.ignored);
    if (what != OpencodeRead::usage) continue;
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
