#pragma once

#include <algorithm>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "accounting/budget/meter.hpp"
#include "accounting/ledger/records.hpp"
#include "spawner/capture/event_log.hpp"

namespace ts::loop {

/// Price of counts of one model at a moment. Absent: the model has no price.
using PriceOf = std::function<std::optional<MicroUsd>(std::string_view model, const TokenCounts& counts, UtcTime at)>;

struct MeteringSetup {
  Meter::IndexFactory index;    ///< where each source keeps its responses
  Formula formula = Formula::fresh;
  PriceOf price;
  std::function<UtcTime()> now;
};

/// Everything that was counted in one run: the meter, the rows that the ledger has not got yet, sessions and versions named.
/// One sink a source; all of one thread. No I/O but the event log's.
class Metering {
 public:
  /// Lifetime: `log` must outlive it.
  Metering(MeteringSetup setup, capture::EventLog& log);
  ~Metering();

  [[nodiscard]] UsageSink& sink(Source source);
  /// Hears the usage that stood in the run's transcripts before the launch, and lowers by it the totals that stdout gives.
  /// Only for agents whose totals hold that past (agents::Profile::stdout_holds_past).
  [[nodiscard]] UsageSink& past_of_stdout();
  /// The transcript that the next events come from, for the event log.
  void set_file(std::string path) { file_ = std::move(path); }

  /// What a run within this one says it has spent, by this one's cap's formula: all of it, and it only grows.
  void note_nested(std::string_view run, std::int64_t spent);
  /// What its requests through this one's gateway cost, so much more. It says that itself, too: the higher of the two counts.
  void bill_nested(std::string_view run, std::int64_t cost);
  struct NestedSpending {
    std::int64_t told = 0;
    std::int64_t billed = 0;
    [[nodiscard]] std::int64_t spent() const { return std::max(told, billed); }
  };
  /// What runs within this one have spent.
  [[nodiscard]] const std::map<std::string, NestedSpending, std::less<>>& nested() const { return nested_; }

  /// A run within this one records the session: what comes of it from now on, printed or in transcripts, is not counted here. (Its requests through
  /// this run's gateway say whose they are.) False: it is this run's own, having been named here first; or there are too many.
  bool leave_to_nested(std::string_view session);

  /// The run's count by the cap's formula, now, with that of the runs within it. Units: tokens, or micro-USD for Formula::usd (unpriced models add nothing).
  [[nodiscard]] std::int64_t observed() const;
  /// Cost of the ruling source. Absent: nothing has a price. `unpriced` gets the models without one.
  [[nodiscard]] std::optional<MicroUsd> cost(std::vector<std::string>* unpriced = nullptr) const;
  [[nodiscard]] const Meter& meter() const { return meter_; }
  [[nodiscard]] Formula formula() const { return setup_.formula; }
  /// What counts of one model add to observed(); a model without a price adds nothing.
  [[nodiscard]] std::int64_t cost_of(std::string_view model, const TokenCounts& counts) const;
  [[nodiscard]] const std::function<UtcTime()>& clock() const { return setup_.now; }

  /// True once after each change of any count.
  [[nodiscard]] bool take_changed() { return std::exchange(changed_, false); }
  [[nodiscard]] std::size_t pending_rows() const { return rows_.size(); }
  /// Rows that changed since they were last taken.
  [[nodiscard]] std::vector<ledger::ResponseRow> take_rows();
  /// The ledger did not take them: they are pending again, unless newer ones are.
  void put_back(std::vector<ledger::ResponseRow>&& rows);

  /// Called when a session is named for the first time.
  std::function<void(std::string_view session, Source source)> on_session;
  /// In the order they were named; the first is the main one.
  [[nodiscard]] const std::vector<std::string>& sessions() const { return sessions_; }
  [[nodiscard]] const std::string& agent_version() const { return version_; }
  [[nodiscard]] const std::string& main_model() const { return model_; }
  /// Usage events that were delivered, of all sources.
  [[nodiscard]] std::uint64_t events() const { return events_; }

 private:
  class Sink;
  class PastOfStdout;
  void on_usage(Source source, const UsageEvent& event);
  void on_settlement(Source source, const SettlementEvent& event);
  void on_session_named(Source source, const SessionEvent& event);

  MeteringSetup setup_;
  capture::EventLog& log_;
  Meter meter_;
  std::vector<std::unique_ptr<Sink>> sinks_;
  std::unique_ptr<PastOfStdout> past_;
  std::map<std::string, ledger::ResponseRow, std::less<>> rows_;
  std::vector<std::string> sessions_;
  std::string version_;
  std::string model_;
  std::string file_;
  std::map<std::string, NestedSpending, std::less<>> nested_;
  std::set<std::string, std::less<>> left_to_nested_;   ///< sessions
  bool changed_ = false;
  std::uint64_t events_ = 0;
};

}  // namespace ts::loop
