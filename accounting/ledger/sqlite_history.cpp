#include "accounting/ledger/plain_rows.hpp"
#include "accounting/ledger/sqlite_ledger.hpp"

namespace ts::ledger {
namespace {

template <class Visitor>
void history_fields(PastRun& run, std::optional<Source>& ruling, Visitor&& visit) {
  fields_of_task(run, visit);
  visit("ended", run.ended);
  visit("outcome", run.outcome);
  visit("ruling", ruling);
  visit("cost", run.cost);
  fields_of(run.totals, visit);
}

}  // namespace

Result<std::vector<PastRun>> SqliteLedger::past_runs(const HistoryFilter& filter) {
  std::string tail = "WHERE 1";
  std::vector<std::string> texts;
  const auto only = [&](const char* column, const std::string& value) {
    if (value.empty()) return;
    tail += std::string(" AND ") + column + " = ?";
    texts.push_back(value);
  };
  only("sprint", filter.sprint);
  only("project", filter.project);
  only("role", filter.role);
  if (filter.ended_only) tail += " AND ended IS NOT NULL";
  tail += " ORDER BY started DESC, n DESC";
  if (filter.newest) tail += " LIMIT " + std::to_string(*filter.newest);
  PastRun any;
  std::optional<Source> ruling;
  ColumnNames names;
  history_fields(any, ruling, names);
  std::vector<PastRun> found;
  found.reserve(filter.newest.value_or(0));
  TS_CHECK(database_->read([&]() -> Result<void> {
    PlainRows rows(database_->connection(), "SELECT " + names.list + " FROM runs " + tail, texts);
    while (rows.next()) {
      PastRun& run = found.emplace_back();
      history_fields(run, ruling, rows.take());
      run.metered = run.ended ? ruling.has_value() : !(run.totals == Totals{});
    }
    return {};
  }));
  return found;
}

}  // namespace ts::ledger
