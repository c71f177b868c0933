#pragma once

#include <map>

#include "accounting/import/stores.hpp"
#include "accounting/usage/lines.hpp"

// One function a kind of store, for read_store(), and what they share.

namespace ts {

[[nodiscard]] Result<StoreRead> read_usage_records(const StoreRequest& request, ledger::FileMark mark, const PutBatch& put);
[[nodiscard]] Result<StoreRead> read_api_calls(const StoreRequest& request, ledger::FileMark mark, const PutBatch& put);
[[nodiscard]] Result<StoreRead> read_tokens_csv(const StoreRequest& request, ledger::FileMark mark, const PutBatch& put);
[[nodiscard]] Result<StoreRead> read_token_ledger(const StoreRequest& request, ledger::FileMark mark, const PutBatch& put);

/// Runs by their keys, until there are enough for a transaction.
class RunsByKey {
 public:
  explicit RunsByKey(const PutBatch& put) : put_(put) {}
  /// The run of that key in this batch; a new one is empty.
  ledger::ImportedRun& of(const std::string& key);
  void add(ledger::ImportedRun& run, ledger::ResponseRow row);
  /// Writes what there is if it is enough.
  [[nodiscard]] Result<void> put_if_full();
  /// Writes the rest, and how far the file is read.
  [[nodiscard]] Result<void> finish(const ledger::FileMark& mark);
  [[nodiscard]] ledger::ImportBatch& batch() { return batch_; }

 private:
  const PutBatch& put_;
  ledger::ImportBatch batch_;
  std::map<std::string, std::size_t, std::less<>> places_;
  std::size_t rows_ = 0;
};

/// Reads whole lines from where the mark says, and sets `mark` behind the last of them. `head`: the file's first line is given
/// first, wherever reading begins. `line` may fail: then reading ends.
struct LineReading {
  std::function<Result<void>(std::string_view line)> head = {};   ///< absent: the first line is as any other
  std::function<Result<void>(std::string_view line)> line;
};
[[nodiscard]] Result<bool> read_store_lines(const StoreRequest& request, ledger::FileMark& mark, const LineReading& reading);

/// "claude-…" is claude's, and so on; other for what isn't known.
[[nodiscard]] std::string agent_of_model(std::string_view model);

/// RFC 3339, or a wall clock of the zone. Absent: neither.
[[nodiscard]] std::optional<UtcTime> store_time(std::string_view text, const Zone& zone);

/// A count in [0, kMaxTokens], thousands commas and a leading ~ allowed. Absent: none.
[[nodiscard]] std::optional<Tokens> store_count(std::string_view text);

/// The counts of a record; what its sum says beyond its parts is input too, so that nothing is lost.
[[nodiscard]] TokenCounts parts_of_sum(Tokens input, Tokens output, Tokens total);

/// A run that an older system tells of.
void describe_run(ledger::ImportedRun& run, const std::string& agent, UtcTime started);

/// {"NAME": "VALUE"} without what is empty.
[[nodiscard]] std::string labels_of(std::initializer_list<std::pair<std::string_view, std::string_view>> labels);

}  // namespace ts
