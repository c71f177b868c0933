#include "accounting/ledger/spent_runs.hpp"

#include "accounting/ledger/database.hpp"
#include "accounting/ledger/ledger.hpp"
#include "accounting/ledger/plain_rows.hpp"

namespace ts::ledger {
namespace {

template <class Visitor>
void spent_fields(PastRun& run, std::optional<Source>& ruling, Visitor&& visit) {
  visit("id", run.id.text);
  visit("agent", run.agent);
  visit("category", run.category);
  visit("ended", run.ended);
  visit("outcome", run.outcome);
  visit("ruling", ruling);
  for (std::size_t i = 0; i < std::size(kCountNames); ++i) visit(kCountNames[i], run.totals.counts.*kTokenParts[i]);
}

}  // namespace

Result<std::vector<PastRun>> spent_runs(const std::filesystem::path& ledger, const std::string& role, std::size_t most) {
  TS_TRY(const auto database, Database::open(ledger, OpenMode::read));
  PastRun any;
  std::optional<Source> ruling;
  ColumnNames names;
  spent_fields(any, ruling, names);
  std::vector<PastRun> found;
  found.reserve(most);
  TS_CHECK(database->read([&]() -> Result<void> {
    PlainRows rows(database->connection(),
                   "SELECT " + names.list + " FROM runs WHERE role = ? AND ended IS NOT NULL ORDER BY started DESC, n DESC LIMIT " + std::to_string(most), {role});
    while (rows.next()) {
      PastRun& run = found.emplace_back();
      spent_fields(run, ruling, rows.take());
      run.role = role;
      run.metered = ruling.has_value();
    }
    return {};
  }));
  return found;
}

}  // namespace ts::ledger
