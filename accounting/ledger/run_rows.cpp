#include "accounting/ledger/run_rows.hpp"

#include "accounting/base/text.hpp"
#include "accounting/ledger/statements.hpp"

namespace ts::ledger {

Error no_run_error(std::string_view id) {
  return {Errc::not_found,
          "run " + printable(id) + ": not in the ledger: `tracked-spawn ps --all` lists the runs"};
}

Result<RunRow> run_row(Sql& sql, const RunId& run) {
  RunRow row;
  std::string outcome;
  std::optional<UtcTime> ended;
  if (!first_row(sql, Select{"SELECT n, outcome, ended, posted_source <> '', claim_key <> '', task_id <> '' OR task_file <> '' FROM runs WHERE id = ?",
                             values(run.text), into(row.n, outcome, ended, row.posted, row.claims, row.has_task)}))
    return no_run_error(run.text);
  row.open = !ended.has_value();
  row.crashed = outcome == name_of(Outcome::crashed);
  return row;
}

Result<long long> insert_run(Sql& sql, const RunStart& run) {
  if (run_row(sql, run.id).has_value())
    return Error{Errc::already_exists, "run " + printable(run.id.text) + ": this id is taken: draw another"};
  ColumnNames names;
  fields_of(run, names);
  execute(sql, "INSERT INTO runs (" + names.list + ", heartbeat) VALUES (" + names.marks + ", ?)",
          [&](auto&& visit) {
            fields_of(run, visit);
            visit("heartbeat", run.started);
          });
  long long n = 0;
  sql.session().get_last_insert_id("runs", n);
  return n;
}

void write_end_rows(Sql& sql, long long run, const RunEnd& end) {
  execute(sql, "DELETE FROM run_sources WHERE run = ?", values(run));
  execute(sql, "DELETE FROM run_models WHERE run = ?", values(run));
  write_first_end_rows(sql, run, end);
}

void write_first_end_rows(Sql& sql, long long run, const RunEnd& end) {
  ColumnNames names;
  fields_of(end, names);
  execute(sql, "UPDATE runs SET " + names.assignments + ", heartbeat = max(heartbeat, ?) WHERE n = ?",
          [&](auto&& visit) {
            fields_of(end, visit);
            visit("heartbeat", end.ended);
            visit("n", run);
          });
  const auto put_part = [&](const char* table, const char* column, const std::string& name,
                            const Totals& totals) {
    ColumnNames parts;
    fields_of(totals, parts);
    execute(sql,
            std::string("INSERT INTO ") + table + " (run, " + column + ", " + parts.list +
                ") VALUES (?, ?, " + parts.marks + ")",
            [&](auto&& visit) {
              visit("run", run);
              visit(column, name);
              fields_of(totals, visit);
            });
  };
  for (const Source source : {Source::stream, Source::transcript, Source::gateway})
    if (const auto& totals = end.by_source[static_cast<std::size_t>(source)])
      put_part("run_sources", "source", std::string(name_of(source)), *totals);
  for (const auto& [model, totals] : end.by_model) put_part("run_models", "model", model, totals);
}

}  // namespace ts::ledger
