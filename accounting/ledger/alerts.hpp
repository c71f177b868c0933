#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "accounting/base/result.hpp"
#include "accounting/base/units.hpp"
#include "accounting/budget/period.hpp"
#include "accounting/budget/spend.hpp"

namespace ts::ledger {

/// What an alert tells. Stored by name; names are never reused.
enum class AlertEvent {
  raised,     ///< a threshold was reached
  recovered,  ///< thresholds are no longer reached: the limit rose, or a rolling window moved on
  forecast,   ///< at this pace the budget will be reached
  rate,       ///< a run spends far faster than it did
};
[[nodiscard]] std::string_view name_of(AlertEvent event);
/// Absent: no event has that name.
[[nodiscard]] std::optional<AlertEvent> alert_event_named(std::string_view name);

/// An alert as it was raised; never changed afterwards.
struct Alert {
  std::int64_t n = 0;  ///< rises with each alert of a ledger
  AlertEvent event = AlertEvent::raised;
  std::string budget;  ///< empty: of no budget
  Measure measure = Measure::fresh;
  Period period;
  int percent = 0;          ///< the threshold; of several the highest. 0: none
  std::string level;        ///< the threshold's name
  std::vector<int> others;  ///< the lower thresholds that came or went with it
  std::int64_t used = 0;    ///< by `measure`
  std::int64_t limit = 0;
  UtcTime at;
  std::string run;   ///< whose spending brought it; empty: nobody's
  std::string text;  ///< for people, one line
  friend bool operator==(const Alert&, const Alert&) = default;
};

/// An alert on its way to a sink.
struct Delivery {
  Alert alert;
  int attempt = 1;  ///< this one's number
};

/// What became of a delivery so far.
struct DeliveryRecord {
  std::int64_t alert = 0;
  std::string sink;
  std::string state;  ///< pending, done, failed (given up)
  int attempts = 0;
  UtcTime next_try;    ///< where it is pending
  std::string detail;  ///< "HTTP 200", or why not
};

struct AlertFilter {
  std::string budget = {};                 ///< empty: any
  std::string run = {};                    ///< empty: any
  std::int64_t after = 0;                  ///< only those with a higher n
  std::optional<std::size_t> newest = {};  ///< at most so many
};

/// Alerts and whether they reached those who should hear them. Raising is the ledger's: in the transaction
/// that spends.
class Alerts {
 public:
  virtual ~Alerts() = default;

  /// Oldest first.
  [[nodiscard]] virtual Result<std::vector<Alert>> list(const AlertFilter& filter) = 0;

  /// Looks at all budgets as of `now`: for what changes by time alone, such as the recovery of a rolling
  /// window.
  [[nodiscard]] virtual Result<void> sweep(UtcTime now) = 0;

  /// Raises an alert that no threshold brings, at most once for each (`event`, `once`). False: it was there
  /// already.
  /// Waits at most `wait` for other writers, then busy: a run that meters must not stand still.
  [[nodiscard]] virtual Result<bool> raise_once(const Alert& alert, const std::string& once,
                                                std::chrono::milliseconds wait) = 0;

  /// Takes at most `count` alerts that `sink` has not got yet and whose time has come. They are the caller's
  /// until `now + lease`; of many processes that ask at once each alert goes to one. Alerts older than
  /// `since` are left out.
  struct Take {
    std::string sink;
    UtcTime since;
    std::chrono::seconds lease{60};
    std::size_t count = 20;
  };
  [[nodiscard]] virtual Result<std::vector<Delivery>> take(const Take& take, UtcTime now) = 0;
  /// When the next delivery to the sink is due: the past, if one is due now. Absent: nothing is left to deliver.
  [[nodiscard]] virtual Result<std::optional<UtcTime>> next_due(const std::string& sink, UtcTime since) = 0;
  /// How the deliveries of these alerts stand, by alert and sink.
  [[nodiscard]] virtual Result<std::vector<DeliveryRecord>> deliveries(const AlertFilter& filter) = 0;
  /// It arrived; `detail` for the record ("HTTP 200").
  [[nodiscard]] virtual Result<void> delivered(std::int64_t alert, const std::string& sink,
                                               const std::string& detail) = 0;
  /// It didn't. `next_try`: when to try again; absent: never.
  struct Failure {
    std::string detail;
    std::optional<UtcTime> next_try;
  };
  [[nodiscard]] virtual Result<void> failed(std::int64_t alert, const std::string& sink,
                                            const Failure& failure) = 0;
};

}  // namespace ts::ledger
