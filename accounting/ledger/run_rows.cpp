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
  if (!first_row(sql, Select{"SELECT n, outcome, ended FROM runs WHERE id = ?", values(run.text),
                             into(row.n, outcome, ended)}))
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

}  // namespace ts::ledger
