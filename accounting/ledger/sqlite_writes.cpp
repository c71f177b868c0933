// What a run writes while it lives and when it ends.
#include "accounting/ledger/sqlite_ledger.hpp"

namespace ts::ledger {
namespace {

constexpr std::chrono::milliseconds kPatience{60'000};

/// Insert, or raise to the highest of each part; a report that raises nothing writes nothing.
std::string upsert_text() {
  ColumnNames names;
  const ResponseRow row;
  fields_of(row, names);
  std::string raise, higher;
  const auto part = [&](const std::string& name) {
    raise += ", " + name + " = max(" + name + ", excluded." + name + ")";
    higher += " OR excluded." + name + " > " + name;
  };
  for (const char* name : kCountNames) part(name);
  part("requests");
  return "INSERT INTO responses (run, " + names.list + ") VALUES (?, " + names.marks +
         ") ON CONFLICT (run, source, response_id) DO UPDATE SET "
         "model = CASE WHEN excluded.model <> '' THEN excluded.model ELSE model END, "
         "session = CASE WHEN excluded.session <> '' THEN excluded.session ELSE session END" +
         raise +
         " WHERE (excluded.model <> '' AND excluded.model <> model) OR (excluded.session <> '' AND "
         "excluded.session <> session)" +
         higher;
}

}  // namespace

/// One statement for all rows of a transaction: its parameters are the fields of `row_`.
class ResponseUpsert {
 public:
  ResponseUpsert(soci::session& sql, long long run) : statement_(sql), run_(run), writer_(statement_) {
    statement_.exchange(soci::use(run_));
    fields_of(row_, writer_);
    static const std::string text = upsert_text();
    prepare(statement_, text);
  }
  void write(const ResponseRow& row) {
    fields_of(row, writer_.again());
    statement_.execute(true);
  }

 private:
  soci::statement statement_;
  long long run_;
  ResponseRow row_;
  RowWriter writer_;
};

Result<void> SqliteLedger::record(const RunId& run, std::span<const ResponseRow> rows, const Totals& live,
                                  UtcTime now, std::chrono::milliseconds wait) {
  return database_->write(Durability::eventual, wait, [&]() -> Result<void> {
    TS_TRY(const RunRow row, row_of(run));
    if (!rows.empty()) {
      ResponseUpsert upsert(sql(), row.n);
      for (const ResponseRow& response : rows) upsert.write(response);
    }
    if (!row.open) return {};
    ColumnNames names;
    fields_of(live, names);
    soci::statement update(sql());
    RowWriter writer(update);
    fields_of(live, writer);
    writer("heartbeat", now);
    writer("n", row.n);
    prepare(update, "UPDATE runs SET " + names.assignments + ", heartbeat = max(heartbeat, ?) WHERE n = ?");
    update.execute(true);
    return {};
  });
}

Result<void> SqliteLedger::finish(const RunId& run, const RunEnd& end) {
  if (end.outcome == Outcome::running)
    return Error{Errc::invalid_argument, "run " + run.text + ": running is not an end"};
  return database_->write(Durability::full, kPatience, [&]() -> Result<void> {
    TS_TRY(const RunRow row, row_of(run));
    if (row.open || (row.crashed && end.outcome != Outcome::crashed)) {
      write_end(row, end);
      return {};
    }
    if (end.outcome == Outcome::crashed) return {};
    const std::vector<RunRecord> known = select_runs({"WHERE id = ?", {run.text}});
    if (known.size() == 1 && known.front().end == end) return {};
    return Error{
        Errc::conflict,
        "run " + run.text + ": it has already ended in another way: `tracked-spawn show " + run.text + "`"};
  });
}

void SqliteLedger::write_end(const RunRow& row, const RunEnd& end) {
  ColumnNames names;
  fields_of(end, names);
  soci::statement update(sql());
  RowWriter writer(update);
  fields_of(end, writer);
  writer("heartbeat", end.ended);
  writer("n", row.n);
  prepare(update, "UPDATE runs SET " + names.assignments + ", heartbeat = max(heartbeat, ?) WHERE n = ?");
  update.execute(true);
  const auto put_part = [&](const char* table, const char* column, const std::string& name,
                            const Totals& totals) {
    ColumnNames parts;
    fields_of(totals, parts);
    soci::statement insert(sql());
    RowWriter part(insert);
    part("run", row.n);
    part(column, name);
    fields_of(totals, part);
    prepare(insert, std::string("INSERT INTO ") + table + " (run, " + column + ", " + parts.list +
                        ") VALUES (?, ?, " + parts.marks + ")");
    insert.execute(true);
  };
  sql() << "DELETE FROM run_sources WHERE run = ?", soci::use(row.n);
  sql() << "DELETE FROM run_models WHERE run = ?", soci::use(row.n);
  for (const Source source : {Source::stream, Source::transcript, Source::gateway})
    if (const auto& totals = end.by_source[static_cast<std::size_t>(source)])
      put_part("run_sources", "source", std::string(name_of(source)), *totals);
  for (const auto& [model, totals] : end.by_model) put_part("run_models", "model", model, totals);
}

}  // namespace ts::ledger
