// usage_records and alert_history of an older system's SQLite database.
#include <fmt/format.h>

#include <algorithm>

#include "accounting/base/text.hpp"
#include "accounting/import/sqlite_file.hpp"
#include "accounting/import/store_readers.hpp"

namespace ts {
namespace {

constexpr char kRecords[] =
    "SELECT id, coalesce(timestamp, ''), coalesce(worker_id, ''), coalesce(issue_number, ''), coalesce(input_tokens, 0), "
    "coalesce(output_tokens, 0), coalesce(total_tokens, 0), coalesce(model, '') FROM usage_records WHERE id > ? OR id <= 0 OR id IS NULL ORDER BY id";
constexpr char kLast[] = "SELECT id, coalesce(timestamp, ''), coalesce(worker_id, ''), coalesce(issue_number, ''), coalesce(input_tokens, 0), "
                         "coalesce(output_tokens, 0), coalesce(total_tokens, 0), coalesce(model, '') FROM usage_records WHERE id = ?";
constexpr char kAlerts[] =
    "SELECT id, coalesce(timestamp, ''), coalesce(alert_level, ''), coalesce(percentage_used, 0), coalesce(tokens_used, 0), "
    "coalesce(message, '') FROM alert_history ORDER BY id";

std::string id_of(const SqliteFile::Rows& rows) {
  return fmt::format("{} {} {} {} {} {} {} {}", rows.number(0), rows.text(1), rows.text(2), rows.text(3), rows.number(4), rows.number(5), rows.number(6),
                     rows.text(7));
}

std::uint64_t hash_of(std::string_view text) {
  std::uint64_t hash = 0xcbf29ce484222325U;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3U;
  return (hash >> 1U) | 1U;
}

/// After which id reading goes on: none where the record that was the last isn't what it was.
Result<std::int64_t> read_so_far(const SqliteFile& db, const std::optional<ledger::FileMark>& mark) {
  if (!mark || mark->offset == 0) return 0;
  const auto last = static_cast<std::int64_t>(mark->offset);
  TS_TRY(SqliteFile::Rows rows, db.select(kLast, last));
  TS_TRY(const bool there, rows.next());
  return there && hash_of(id_of(rows)) == mark->before ? last : 0;
}

/// Absent: no count. SQLite keeps any text in any column, and would read it as 0.
std::optional<Tokens> count_at(const SqliteFile::Rows& rows, int column) {
  std::string_view text = rows.text(column);
  if (text.ends_with(".0")) text.remove_suffix(2);
  return store_count(text);
}

/// Absent: no counts that can be believed.
std::optional<TokenCounts> counts_of(const SqliteFile::Rows& rows) {
  const auto input = count_at(rows, 4), output = count_at(rows, 5), total = count_at(rows, 6);
  if (!input || !output || !total) return std::nullopt;
  return parts_of_sum(*input, *output, *total);
}

void add_record(const StoreRequest& request, const SqliteFile::Rows& rows, RunsByKey& runs, StoreRead& read) {
  const auto counts = counts_of(rows);
  const auto at = store_time(rows.text(1), request.zone);
  if (!counts || !at) {
    ++read.malformed;
    return;
  }
  if (*counts == TokenCounts{}) return;
  ++read.used;
  const std::string worker = printable(rows.text(2)), issue = printable(rows.text(3)), model(rows.text(7));
  ledger::ImportedRun& run = runs.of("usage_records " + worker + " " + issue);
  if (run.ids.empty()) {
    run.ids = "usage_records";
    describe_run(run, agent_of_model(model), *at);
    run.start.task_id = issue.empty() ? "" : "#" + issue;
    run.start.labels_json = labels_of({{"worker", worker}});
  }
  run.start.started = std::min(run.start.started, *at);
  ledger::ResponseRow row;
  row.response_id = id_of(rows);
  row.model = model;
  row.counts = *counts;
  row.at = *at;
  runs.add(run, std::move(row));
}

Result<void> add_alerts(const SqliteFile& db, const Zone& zone, ledger::ImportBatch& batch) {
  TS_TRY(const std::int64_t known, db.number("SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name = 'alert_history'"));
  if (known == 0) return {};
  TS_TRY(SqliteFile::Rows rows, db.select(kAlerts));
  while (true) {
    TS_TRY(const bool more, rows.next());
    if (!more) return {};
    const auto at = store_time(rows.text(1), zone);
    if (!at) continue;
    ledger::ImportedAlert alert;
    alert.key = fmt::format("alert_history {} {} {}", rows.number(0), rows.text(1), rows.text(2));
    alert.at = *at;
    alert.level = printable(rows.text(2), 40);
    const double percent = rows.real(3);
    alert.percent = static_cast<int>(std::clamp(percent, 0.0, 1e6));
    alert.used = std::clamp<std::int64_t>(rows.number(4), 0, kMaxTokens);
    alert.text = printable(rows.text(5), 500);
    batch.alerts.push_back(std::move(alert));
  }
}

}  // namespace

Result<StoreRead> read_usage_records(const StoreRequest& request, ledger::FileMark mark, const PutBatch& put) {
  TS_TRY(const SqliteFile db, SqliteFile::open(request.path));
  TS_TRY(const std::int64_t after, read_so_far(db, request.mark));
  StoreRead read;
  read.continued = after > 0;
  mark.offset = static_cast<std::uint64_t>(after);
  mark.before = after > 0 ? request.mark->before : 0;
  RunsByKey runs(put);
  TS_TRY(SqliteFile::Rows rows, db.select(kRecords, after));
  while (true) {
    TS_TRY(const bool more, rows.next());
    if (!more) break;
    ++read.lines;
    add_record(request, rows, runs, read);
    if (rows.number(0) > 0) {  // the others are read each time: none says what comes behind it
      mark.offset = static_cast<std::uint64_t>(rows.number(0));
      mark.before = hash_of(id_of(rows));
    }
    TS_CHECK(runs.put_if_full());
  }
  TS_CHECK(add_alerts(db, request.zone, runs.batch()));
  TS_CHECK(runs.finish(mark));
  return read;
}

}  // namespace ts
