#pragma once

#include <map>

#include "accounting/ledger/imports.hpp"
#include "accounting/ledger/posting.hpp"

namespace ts::ledger {

/// Writes one batch of an import, within the caller's transaction.
class ImportWriter {
 public:
  ImportWriter(Sql& sql, const Posting::Prices& prices, UtcTime now);

  [[nodiscard]] Result<void> add(const ImportedRun& run);
  void add(const EstimatedFile& file);
  void add(const ImportedAlert& alert);
  /// Brings what was added into usage, budgets and sums.
  void finish();
  [[nodiscard]] const ImportTally& tally() const { return tally_; }

 private:
  /// A run of tracked-spawn's own that had the session, and its time.
  struct OwnRun {
    long long n = 0;
    UtcTime started;
    std::optional<UtcTime> ended;
  };
  struct OpenRun {
    std::string agent;
    UtcTime started;
  };
  struct Touched {
    explicit Touched(Sql& sql, const Posting::Prices& prices) : posting(sql, prices) {}
    Posting posting;
    const ImportedRun* from = nullptr;  ///< absent: another session's file has told more of a response
    UtcTime last;
    bool fresh = false;
  };

  [[nodiscard]] std::vector<OwnRun> own_runs(const ImportedRun& run);
  bool counted_by(const std::vector<OwnRun>& own, const ResponseRow& row);
  [[nodiscard]] bool is_measured(const EstimatedUsage& row);
  [[nodiscard]] bool held(const ImportedRun& run, const ResponseRow& row) const;
  Result<long long> row_of(const ImportedRun& run);
  Touched& touch(long long run);
  void put(long long run, const std::string& ids, const ResponseRow& row);
  void grow(const std::string& ids, const ResponseRow& row);
  void describe(long long run, const Touched& touched);

  Sql& sql_;
  const Posting::Prices& prices_;
  UtcTime now_;
  ImportTally tally_;
  std::vector<OpenRun> open_;
  std::map<long long, Touched> touched_;
};

}  // namespace ts::ledger
