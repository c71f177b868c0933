#include "accounting/ledger/sqlite_ledger.hpp"

#include "accounting/ledger/fence.hpp"

namespace ts::ledger {
Result<void> SqliteLedger::begin(const RunStart& run) {
  return database_->write(Durability::full, database_->patience(), [&]() -> Result<void> {
    TS_CHECK(insert_run(sql(), run));
    return {};
  });
}

Result<void> SqliteLedger::set_cap(const RunId& run, const Cap& cap, UtcTime now) {
  return database_->write(Durability::full, database_->patience(), [&]() -> Result<void> {
    TS_TRY(const RunRow row, run_row(sql(), run));
    if (!row.open)
      return Error{Errc::conflict, "run " + run.text + ": it has ended, so its cap stays as it was"};
    execute(sql(),
            "INSERT INTO cap_changes (at, new_limit, new_formula, new_source, run, old_limit, old_formula, "
            "old_source) "
            "SELECT ?, ?, ?, ?, n, cap_limit, cap_formula, cap_source FROM runs WHERE n = ?",
            values(now, cap.limit, cap.formula, cap.source, row.n));
    execute(sql(), "UPDATE runs SET cap_limit = ?, cap_formula = ?, cap_source = ? WHERE n = ?",
            values(cap.limit, cap.formula, cap.source, row.n));
    return {};
  });
}

Result<std::vector<CapChange>> SqliteLedger::cap_changes(const RunId& run) {
  std::vector<CapChange> changes;
  TS_CHECK(database_->read([&]() -> Result<void> {
    CapChange change;
    for_each_row(sql(),
                 Select{"SELECT at, old_limit, old_formula, old_source, new_limit, new_formula, new_source "
                        "FROM cap_changes "
                        "WHERE run = (SELECT n FROM runs WHERE id = ?) ORDER BY n",
                        values(run.text),
                        into(change.at, change.before.limit, change.before.formula, change.before.source,
                             change.after.limit, change.after.formula, change.after.source)},
                 [&] { changes.push_back(change); });
    return {};
  }));
  return changes;
}

Result<void> SqliteLedger::mark_task_written(const RunId& run) {
  return database_->write(Durability::full, database_->patience(), [&]() -> Result<void> {
    TS_TRY(const RunRow row, run_row(sql(), run));
    if (is_held_by_another(sql(), row.n)) TS_CHECK(check_fence(sql(), row.n));
    execute(sql(), "UPDATE runs SET task_written = 1 WHERE n = ?", values(row.n));
    return {};
  });
}

Result<RunRecord> SqliteLedger::find(std::string_view id) {
  if (id.empty())
    return Error{Errc::invalid_argument, "no run id given: `tracked-spawn ps --all` lists the runs"};
  const std::string text(id);
  std::vector<RunRecord> found;
  TS_CHECK(database_->read([&]() -> Result<void> {
    // substr, not LIKE: an id may come from a command line with wildcards in it.
    found = select_runs(
        {"WHERE id >= ? AND substr(id, 1, length(?)) = ? ORDER BY id LIMIT 11", {text, text, text}});
    return {};
  }));
  if (found.empty()) return no_run_error(id);
  if (found.size() == 1 || found.front().start.id.text == id) return std::move(found.front());
  std::string ids;
  for (std::size_t i = 0; i < std::min<std::size_t>(found.size(), 10); ++i)
    ids += " " + found[i].start.id.text;
  return Error{Errc::ambiguous,
               "run " + text + ": several runs begin so:" + ids + (found.size() > 10 ? " …" : "")};
}

Result<std::vector<RunRecord>> SqliteLedger::list(const RunFilter& filter) {
  // Runs that are open are in no sums, and of those there are few: without the hint all that ever ran are looked at.
  Query query{filter.running_only ? "INDEXED BY runs_no_facet WHERE facet IS NULL AND ended IS NULL" : "WHERE 1", {}};
  const auto only = [&](const char* column, const std::string& value) {
    if (value.empty()) return;
    query.tail += std::string(" AND ") + column + " = ?";
    query.texts.push_back(value);
  };
  only("task_id", filter.task_id);
  only("task_file", filter.task_file);
  only("host", filter.host);
  query.tail += " ORDER BY started DESC, n DESC";
  if (filter.newest) query.tail += " LIMIT " + std::to_string(*filter.newest);
  std::vector<RunRecord> found;
  TS_CHECK(database_->read([&]() -> Result<void> {
    // Each launch asks for open runs, and most find none: this is compiled in a tenth of the time.
    long long open = 0;
    if (filter.running_only && !first_row(sql(), Select{"SELECT n FROM runs INDEXED BY runs_no_facet WHERE facet IS NULL AND ended IS NULL LIMIT 1", kNoParameters, into(open)})) return {};
    found = select_runs(query);
    return {};
  }));
  return found;
}

Result<RunCounts> SqliteLedger::count_since(UtcTime since) {
  RunCounts counts;
  TS_CHECK(database_->read([&]() -> Result<void> {
    (void)first_row(sql(), Select{"SELECT count(*), coalesce(sum(outcome IN ('failed', 'crashed')), 0) FROM runs "
                                  "WHERE started >= ? AND outcome <> 'refused'",
                                  values(since), into(counts.begun, counts.failed)});
    return {};
  }));
  return counts;
}

Result<std::vector<ResponseRow>> SqliteLedger::responses(const RunId& run) {
  std::vector<ResponseRow> rows;
  TS_CHECK(database_->read([&]() -> Result<void> {
    ResponseRow row;
    ColumnNames names;
    fields_of(row, names);
    for_each_row(sql(),
                 Select{"SELECT " + names.list +
                            " FROM responses WHERE run = (SELECT n FROM runs WHERE id = ?) ORDER BY n",
                        values(run.text), [&](auto&& visit) { fields_of(row, visit); }},
                 [&] { rows.push_back(row); });
    return {};
  }));
  return rows;
}

std::vector<RunRecord> SqliteLedger::select_runs(const Query& query) {
  RunRecord record;
  RunEnd end;
  long long n = 0;
  const auto columns = [&](auto&& visit) {
    fields_of(record.start, visit);
    fields_of(end, visit);
    visit("heartbeat", record.heartbeat);
    visit("task_written", record.task_written);
    visit("n", n);
  };
  const auto parameters = [&](auto&& visit) {
    for (const std::string& text : query.texts) visit("", text);
  };
  ColumnNames names;
  columns(names);
  std::vector<RunRecord> found;
  for_each_row(sql(), Select{"SELECT " + names.list + " FROM runs " + query.tail, parameters, columns}, [&] {
    record.live = end.totals;
    found.push_back(record);
    if (end.outcome != Outcome::running) load_parts(n, found.back().end.emplace(end));
  });
  return found;
}

void SqliteLedger::load_parts(long long n, RunEnd& end) {
  std::string name;
  Totals totals;
  const auto each = [&](const char* table, const char* column, const auto& use) {
    const auto columns = [&](auto&& visit) {
      visit(column, name);
      fields_of(totals, visit);
    };
    ColumnNames names;
    columns(names);
    for_each_row(
        sql(), Select{"SELECT " + names.list + " FROM " + table + " WHERE run = ?", values(n), columns}, use);
  };
  each("run_sources", "source", [&] {
    if (const auto source = source_named(name)) end.by_source[static_cast<std::size_t>(*source)] = totals;
  });
  each("run_models", "model", [&] { end.by_model[name] = totals; });
}

}  // namespace ts::ledger
