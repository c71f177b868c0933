#pragma once

#include <functional>
#include <map>
#include <tuple>

#include "accounting/budget/prices.hpp"
#include "accounting/ledger/budget_rows.hpp"
#include "accounting/ledger/rollup.hpp"

namespace ts::ledger {

/// What is known of a response before or after a report.
struct ResponseState {
  std::string model;
  TokenCounts counts;
  std::int64_t requests = 0;
  UtcTime at;
};

/// Brings what a run has newly spent into usage, budgets, reservations and alerts, in the transaction that
/// records it. The run's count is the ruling source's: the highest by fresh tokens (ties: the better source),
/// until its end says.
class Posting {
 public:
  using Prices = std::function<const PriceBook&()>;
  Posting(Sql& sql, const Prices& prices) : sql_(sql), prices_(prices) {}

  /// A response was reported. `before` absent: for the first time.
  void add(Source source, const std::optional<ResponseState>& before, const ResponseState& after);
  /// Writes what was added. Nothing added: nothing is done.
  void post(long long run, const std::string& id, UtcTime now);
  /// The same of a run that was brought in from elsewhere: what is added counts though it has ended.
  void post_imported(long long run, const std::string& id, UtcTime now);
  /// Prices all of a run's responses anew. `settled`: how it ended, if its end settled its usage.
  void recost(long long run, const std::string& id, const std::optional<RunEnd>& settled, UtcTime now);
  /// The end's totals by model are what counts; what they differ from the responses falls to the end's own
  /// slot.
  void settle(long long run, const std::string& id, const RunEnd& end);

 private:
  using Cell = std::pair<std::string, UtcTime>;  ///< model, slot
  using Cells = UsageCells;

  [[nodiscard]] Spend priced(const std::string& model, const ResponseState& state);
  [[nodiscard]] const PriceRow* price_row(const std::string& model, UtcTime at);
  [[nodiscard]] std::optional<Source> ruling_of(long long run);
  [[nodiscard]] Cells cells_of(const std::string& table_and_filter, long long run,
                               std::optional<Source> source);
  bool write_added(long long run);
  Cells newly_counted(long long run, Source ruling, const std::string& posted);
  void apply(long long run, const std::string& id, const Cells& changes, UtcTime now);
  void apply_to_budget(const StoredBudget& budget, const Cells& changes, const Attribution& whose);
  static Cells changes_between(const Cells& before, Cells after);

  Sql& sql_;
  const Prices& prices_;
  std::string last_model_;  ///< most responses are of the model before them: its name is looked up once
  const PriceRow* last_price_ = nullptr;
  std::map<Source, Cells> added_;
  long long run_ = 0;
  std::string id_;
  UtcTime now_;
};

}  // namespace ts::ledger
