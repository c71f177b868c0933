#pragma once

#include "accounting/ledger/database.hpp"

// Runs as rows, within a transaction that the caller has begun.

namespace ts::ledger {

/// A run's row number, and whether the run is still open.
struct RunRow {
  long long n = 0;
  bool open = false;
  bool crashed = false;  ///< ended by recovery, not by itself
};

/// Errors: not_found.
[[nodiscard]] Result<RunRow> run_row(Sql& sql, const RunId& run);

/// Writes a new run. Its row number. Errors: already_exists.
[[nodiscard]] Result<long long> insert_run(Sql& sql, const RunStart& run);

/// Writes how a run ended, over what was there, and its totals by source and model.
void write_end_rows(Sql& sql, long long run, const RunEnd& end);

/// The error for an id, or the beginning of one, that no run has.
[[nodiscard]] Error no_run_error(std::string_view id);

}  // namespace ts::ledger
