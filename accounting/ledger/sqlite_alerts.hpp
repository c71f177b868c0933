#pragma once

#include "accounting/budget/alert.hpp"
#include "accounting/ledger/alerts.hpp"
#include "accounting/ledger/budget_rows.hpp"

namespace ts::ledger {

/// Why the thresholds are looked at.
enum class AlertCause {
  spending,       ///< only a rolling window recovers, and only well below the threshold, so that it doesn't
                  ///< flutter
  limit_changed,  ///< what is no longer reached recovers and is armed again
};

/// Raises and recovers what is due of one budget in one period, within the caller's transaction. `run`: who
/// spent.
void check_alerts(Sql& sql, const StoredBudget& budget, AlertCause cause, UtcTime now,
                  const std::string& run);
/// The same for a period that need not be now's.
void check_alerts_in(Sql& sql, const StoredBudget& budget, const Period& period, UtcTime now,
                     const std::string& run);

/// Forgets which thresholds stand: all are armed again.
void disarm_alerts(Sql& sql, long long budget);

/// Alerts over the ledger's database.
class SqliteAlerts final : public Alerts {
 public:
  explicit SqliteAlerts(std::shared_ptr<Database> database) : database_(std::move(database)) {}

  Result<std::vector<Alert>> list(const AlertFilter& filter) override;
  Result<void> sweep(UtcTime now) override;
  Result<bool> raise_once(const Alert& alert, const std::string& once, std::chrono::milliseconds wait) override;
  Result<std::vector<Delivery>> take(const Take& take, UtcTime now) override;
  Result<std::optional<UtcTime>> next_due(const std::string& sink, UtcTime since) override;
  Result<std::vector<DeliveryRecord>> deliveries(const AlertFilter& filter) override;
  Result<void> delivered(std::int64_t alert, const std::string& sink, const std::string& detail) override;
  Result<void> failed(std::int64_t alert, const std::string& sink, const Failure& failure) override;

 private:
  std::shared_ptr<Database> database_;
};

}  // namespace ts::ledger
