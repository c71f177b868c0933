// What a run writes while it lives and when it ends.
#include "accounting/ledger/posting.hpp"
#include "accounting/ledger/sqlite_claims.hpp"
#include "accounting/ledger/fence.hpp"
#include "accounting/ledger/reservations.hpp"
#include "accounting/ledger/sqlite_ledger.hpp"
#include "accounting/ledger/statements.hpp"

namespace ts::ledger {
namespace {

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

void upsert(Sql& sql, long long run, const ResponseRow& row) {
  static const std::string text = upsert_text();
  execute(sql, text, [&](auto&& visit) {
    visit("run", run);
    fields_of(row, visit);
  });
}

std::optional<ResponseState> known_state(Sql& sql, long long run, const ResponseRow& row) {
  ResponseState state;
  TokenCounts& c = state.counts;
  if (!first_row(sql, Select{"SELECT model, at, requests, input, cache_write_5m, cache_write_1h, cache_read, "
                             "output, reasoning FROM responses "
                             "WHERE run = ? AND source = ? AND response_id = ?",
                             values(run, row.source, row.response_id),
                             into(state.model, state.at, state.requests, c.input, c.cache_write_5m,
                                  c.cache_write_1h, c.cache_read, c.output, c.reasoning)}))
    return std::nullopt;
  return state;
}

/// A response after one more report: highest of each part, the newest model that was said, the first time.
ResponseState joined(const std::optional<ResponseState>& before, const ResponseRow& row) {
  ResponseState after{row.model, row.counts, row.requests, row.at};
  if (!before) return after;
  after.counts = highest(before->counts, row.counts);
  after.requests = std::max(before->requests, row.requests);
  after.at = before->at;
  if (after.model.empty()) after.model = before->model;
  return after;
}

const PriceBook& prices_of(const BooksOptions& options) {
  return options.prices ? options.prices() : builtin_prices();
}

}  // namespace

Result<void> SqliteLedger::record(const RunId& run, std::span<const ResponseRow> rows, const Totals& live,
                                  UtcTime now, std::chrono::milliseconds wait) {
  return database_->write(Durability::eventual, wait, [&]() -> Result<void> {
    TS_TRY(const RunRow row, run_row(sql(), run));
    if (!rows.empty()) write_responses(row, run, rows, now);
    if (!row.open) return {};
    ColumnNames names;
    fields_of(live, names);
    execute(sql(), "UPDATE runs SET " + names.assignments + ", heartbeat = max(heartbeat, ?) WHERE n = ?",
            [&](auto&& visit) {
              fields_of(live, visit);
              visit("heartbeat", now);
              visit("n", row.n);
            });
    renew_reservations_of(sql(), row.n, now + options_.lease);
    renew_claims_of(sql(), run.text, now + options_.lease);
    return {};
  });
}

void SqliteLedger::write_responses(const RunRow& row, const RunId& run, std::span<const ResponseRow> rows,
                                   UtcTime now) {
  const Posting::Prices prices = [this]() -> const PriceBook& { return prices_of(options_); };
  Posting posting(sql(), prices);
  for (const ResponseRow& response : rows) {
    if (responses_.insert(row.n, response)) {
      posting.add(response.source, std::nullopt, joined(std::nullopt, response));
      continue;
    }
    const auto before = known_state(sql(), row.n, response);
    upsert(sql(), row.n, response);
    posting.add(response.source, before, joined(before, response));
  }
  posting.post(row.n, run.text, now);
}

void SqliteLedger::prepare_finish() {
  (void)database_->rehearse([&]() -> Result<void> {
    (void)run_row(sql(), RunId{});
    write_end(RunRow{}, RunId{}, RunEnd{});
    return {};
  });
}

Result<void> SqliteLedger::finish(const RunId& run, const RunEnd& end) {
  if (end.outcome == Outcome::running)
    return Error{Errc::invalid_argument, "run " + run.text + ": running is not an end"};
  return database_->write(Durability::full, database_->patience(), [&]() -> Result<void> {
    TS_TRY(const RunRow row, run_row(sql(), run));
    if (row.open || (row.crashed && end.outcome != Outcome::crashed)) {
      write_end(row, run, end);
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

void SqliteLedger::write_end(const RunRow& row, const RunId& run, const RunEnd& end) {
  row.open ? write_first_end_rows(sql(), row.n, end) : write_end_rows(sql(), row.n, end);
  for (const std::string& session : end.sessions)
    if (!session.empty())
      execute(sql(), "INSERT OR IGNORE INTO run_sessions (session, run) VALUES (?, ?)", values(session, row.n));
  // Nothing counted before, nothing counts now: there is nothing to settle, which is most of the work.
  if (!row.open || row.posted || !(end.totals == Totals{}) || !end.by_model.empty()) {
    const Posting::Prices prices = [this]() -> const PriceBook& { return prices_of(options_); };
    Posting(sql(), prices).settle(row.n, run.text, end);
  }
  if (!row.open)
    roll_up(sql(), {row.n});
  else if (row.n % kRunsAtOnce == 0)
    roll_up_ended(sql());
  else if (row.has_task && end.outcome == Outcome::completed)
    roll_up_if_late(sql(), row.n);
  release_reservations_of(sql(), row.n);
  if (row.claims) note_kept_claim(sql(), row.n);
  release_claims_of(sql(), run.text);
}

}  // namespace ts::ledger
