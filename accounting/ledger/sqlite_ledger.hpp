#pragma once

#include "accounting/ledger/database.hpp"
#include "accounting/ledger/rows.hpp"

namespace ts::ledger {

/// A run's row number, and whether the run is still open.
struct RunRow {
  long long n = 0;
  bool open = false;
  bool crashed = false;  ///< ended by recovery, not by itself
};

/// The Ledger over one SQLite file.
class SqliteLedger final : public Ledger {
 public:
  explicit SqliteLedger(std::unique_ptr<Database> database) : database_(std::move(database)) {}

  Result<void> begin(const RunStart& run) override;
  Result<void> record(const RunId& run, std::span<const ResponseRow> rows, const Totals& live, UtcTime now,
                      std::chrono::milliseconds wait) override;
  Result<void> finish(const RunId& run, const RunEnd& end) override;
  Result<void> set_cap(const RunId& run, const Cap& cap, UtcTime now) override;
  Result<std::vector<CapChange>> cap_changes(const RunId& run) override;
  Result<void> mark_task_written(const RunId& run) override;

  Result<RunRecord> find(std::string_view id) override;
  Result<std::vector<RunRecord>> list(const RunFilter& filter) override;
  Result<std::vector<ResponseRow>> responses(const RunId& run) override;

 private:
  /// A SELECT over runs: what follows `FROM runs`, and the values of its parameters.
  struct Query {
    std::string tail;
    std::vector<std::string> texts;
  };
  std::vector<RunRecord> select_runs(const Query& query);
  void load_parts(long long n, RunEnd& end);
  Result<RunRow> row_of(const RunId& run);
  void write_end(const RunRow& row, const RunEnd& end);
  soci::session& sql() { return database_->sql(); }

  std::unique_ptr<Database> database_;
};

}  // namespace ts::ledger
