#pragma once

#include "accounting/ledger/database.hpp"

// Runs as rows, within a transaction that the caller has begun.

namespace ts::ledger {

/// A run's row number, and whether the run is still open.
struct RunRow {
  long long n = 0;
  bool open = false;
  bool crashed = false;  ///< ended by recovery, not by itself
  bool posted = false;   ///< something of it counts already: it has usage
  bool claims = false;   ///< it was let in with a claim
  bool has_task = false;
};

/// Errors: not_found.
[[nodiscard]] Result<RunRow> run_row(Sql& sql, const RunId& run);

/// Writes a new run. Its row number. Errors: already_exists.
[[nodiscard]] Result<long long> insert_run(Sql& sql, const RunStart& run);

/// Writes how a run ended, and its totals by source and model, over those of an end that stood there before.
void write_end_rows(Sql& sql, long long run, const RunEnd& end);
/// The same of a run that had no end.
void write_first_end_rows(Sql& sql, long long run, const RunEnd& end);

/// The error for an id, or the beginning of one, that no run has.
[[nodiscard]] Error no_run_error(std::string_view id);

}  // namespace ts::ledger
