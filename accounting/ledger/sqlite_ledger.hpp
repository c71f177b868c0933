#pragma once

#include "accounting/ledger/books.hpp"
#include "accounting/ledger/database.hpp"
#include "accounting/ledger/response_insert.hpp"
#include "accounting/ledger/rows.hpp"
#include "accounting/ledger/run_rows.hpp"

namespace ts::ledger {

/// The Ledger over one SQLite file.
class SqliteLedger final : public Ledger {
 public:
  SqliteLedger(std::shared_ptr<Database> database, BooksOptions options)
      : database_(std::move(database)), options_(std::move(options)), responses_(database_->connection()) {}

  void set_patience(std::chrono::milliseconds patience) override { database_->set_patience(patience); }
  Result<void> begin(const RunStart& run) override;
  Result<void> record(const RunId& run, std::span<const ResponseRow> rows, const Totals& live, UtcTime now,
                      std::chrono::milliseconds wait) override;
  void prepare_finish() override;
  Result<void> finish(const RunId& run, const RunEnd& end) override;
  Result<void> set_cap(const RunId& run, const Cap& cap, UtcTime now) override;
  Result<std::vector<CapChange>> cap_changes(const RunId& run) override;
  Result<void> mark_task_written(const RunId& run) override;

  Result<RunRecord> find(std::string_view id) override;
  Result<std::vector<RunRecord>> list(const RunFilter& filter) override;
  Result<RunCounts> count_since(UtcTime since) override;
  Result<std::vector<PastRun>> past_runs(const HistoryFilter& filter) override;
  Result<std::vector<ResponseRow>> responses(const RunId& run) override;

 private:
  /// A SELECT over runs: what follows `FROM runs`, and the values of its parameters.
  struct Query {
    std::string tail;
    std::vector<std::string> texts;
  };
  std::vector<RunRecord> select_runs(const Query& query);
  void load_parts(long long n, RunEnd& end);
  void write_responses(const RunRow& row, const RunId& run, std::span<const ResponseRow> rows, UtcTime now);
  void write_end(const RunRow& row, const RunId& run, const RunEnd& end);
  Sql& sql() { return database_->sql(); }

  std::shared_ptr<Database> database_;
  BooksOptions options_;
  ResponseInsert responses_;
};

}  // namespace ts::ledger
