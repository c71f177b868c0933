#pragma once

#include <chrono>
#include <filesystem>
#include <memory>
#include <span>
#include <vector>

#include "accounting/ledger/background_recorder.hpp"
#include "accounting/ledger/books.hpp"

namespace ts::session {

/// One run's place in the ledger. A ledger that others keep locked holds the run up for some seconds at most: what can't be written
/// now is tried again, and what can't be written by the end stays in the run's folder for `recover`.
class LedgerEntry {
 public:
  /// How long a locked ledger may delay the launch, the loop, and the end; each in all, not per call. At the launch and the end it is
  /// waited for longer while other processes get on with it (Database::write), up to `queue` more.
  struct Waits {
    std::chrono::milliseconds launch{4'000};
    std::chrono::milliseconds live{15};
    std::chrono::milliseconds end{20'000};
    std::chrono::milliseconds queue{30'000};
  };
  /// What is to be written when the run has ended.
  struct Ending {
    const ledger::RunEnd& end;
    std::vector<ledger::ResponseRow> rows;   ///< that the loop had no time to give
    Totals totals;
    UtcTime now;
  };

  /// There is no ledger until open().
  explicit LedgerEntry(const ledger::RunStart& start) : LedgerEntry(start, Waits{}) {}
  LedgerEntry(const ledger::RunStart& start, Waits waits) : start_(start), waits_(waits) {}

  void open(std::filesystem::path path, ledger::BooksOptions options = {});
  /// The books for settling other runs before the launch, with little patience. Null: not open.
  [[nodiscard]] ledger::Books* for_recovery();
  /// The books for the gate, with the launch's patience. Null: not open.
  [[nodiscard]] ledger::Books* for_launch();
  /// The gate has written the run's row.
  void note_row() { row_ = Row::written; }
  /// Writes the run's row. False: trouble() tells why it is not there (yet).
  bool begin();
  /// While the agent starts: what finish() would otherwise spend its time on.
  void prepare_finish();
  /// While the agent runs. Null: there is no ledger for this run. Errors: busy, the next call may do.
  [[nodiscard]] Result<ledger::Ledger*> live();
  [[nodiscard]] Result<ledger::Books*> live_books();
  /// Who writes the run's responses while the agent runs; as live().
  [[nodiscard]] Result<ledger::BackgroundRecorder*> recorder();
  /// Rows and outcome, and the row where that is still missing. Nothing is done, and no error given, where there is no ledger.
  [[nodiscard]] Result<void> finish(const Ending& ending);
  /// Errors: conflict (the task has gone to another run). Where there is no ledger to tell, it may.
  [[nodiscard]] Result<void> may_write_task();
  void mark_task_written();
  /// Nothing more is to be written. The connection stays open until the process exits, for closing it would only take time.
  void leave();

  [[nodiscard]] const Error& trouble() const { return trouble_; }
  /// The row is still missing and may yet be written.
  [[nodiscard]] bool is_pending() const { return row_ == Row::pending; }
  [[nodiscard]] bool has_ledger() const { return row_ != Row::impossible; }

 private:
  enum class Row { pending, written, impossible };
  bool ensure_row(std::chrono::milliseconds wait);
  void open_books(std::chrono::milliseconds wait);
  [[nodiscard]] std::chrono::milliseconds left() const;
  void wait_until(std::chrono::milliseconds from_now);

  const ledger::RunStart& start_;
  Waits waits_;
  std::filesystem::path path_;
  ledger::BooksOptions options_;
  std::unique_ptr<ledger::Books> books_;   ///< null: not open (yet)
  std::unique_ptr<ledger::BackgroundRecorder> recorder_;   ///< null: nothing was recorded yet
  Row row_ = Row::impossible;
  Error trouble_;
  std::chrono::steady_clock::time_point patience_ends_;
};

}  // namespace ts::session
