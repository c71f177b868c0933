#pragma once

#include <functional>
#include <optional>
#include <string>

#include "accounting/budget/zone.hpp"
#include "accounting/ledger/imports.hpp"

namespace ts {

/// The kinds of stores that older systems left.
enum class StoreKind {
  usage_records,  ///< SQLite: usage_records, alert_history
  api_calls,      ///< JSON lines, one a worker's session
  tokens_csv,     ///< CSV with an agent's running totals
  token_ledger,   ///< a Markdown table of guesses: Timestamp, Phase, Input, Output, Total, Cumulative
};
[[nodiscard]] std::string_view name_of(StoreKind kind);

/// What a file is, by its name and first bytes. Absent: no store. Errors: io, corrupt.
[[nodiscard]] Result<std::optional<StoreKind>> store_kind(const std::string& path);

/// How a store is read.
struct StoreRequest {
  std::string path;
  StoreKind kind = StoreKind::usage_records;
  Zone zone;                                   ///< of times that don't say theirs
  UtcTime modified;                            ///< the time of what says none
  std::optional<ledger::FileMark> mark = {};   ///< how far it was read before
};

/// What became of a store's lines or rows.
struct StoreRead {
  std::uint64_t lines = 0;      ///< that were read now
  std::uint64_t used = 0;       ///< of them, with usage
  std::uint64_t malformed = 0;  ///< of them, with usage that can't be read
  bool continued = false;       ///< only what is new was read
};

/// Takes what was read so far. The last batch has the mark that is right once all of them are written.
using PutBatch = std::function<Result<void>(ledger::ImportBatch&&)>;

/// Reads a store in batches of bounded size. `mark`: of the file as it was found; its offset and hash are filled in.
/// Errors: io, corrupt, busy; those of `put`.
[[nodiscard]] Result<StoreRead> read_store(const StoreRequest& request, ledger::FileMark mark, const PutBatch& put);

}  // namespace ts
