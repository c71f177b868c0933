#pragma once

#include "accounting/ledger/budget_rows.hpp"
#include "accounting/ledger/database.hpp"
#include "accounting/ledger/gate.hpp"
#include "accounting/ledger/queue.hpp"

namespace ts::ledger {

/// The gate over the ledger's database.
class SqliteGate final : public Gate {
 public:
  SqliteGate(std::shared_ptr<Database> database, std::chrono::seconds lease)
      : database_(std::move(database)), lease_(lease) {}

  Result<GateAnswer> ask(const GateRequest& request, UtcTime now) override;
  Result<GateAnswer> admit(const GateRequest& request, UtcTime now) override;
  Result<void> leave_queue(const RunId& run) override;
  Result<void> cancel_waiting(const RunId& run) override;
  Result<std::vector<Waiting>> waiting(UtcTime now) override;
  Result<void> change_cap(const RunId& run, const Cap& cap, UtcTime now) override;
  Result<void> may_write_task(const RunId& run) override;

 private:
  struct Weighed {
    GateAnswer answer;
    std::vector<StoredBudget> covering;   ///< as GateAnswer::budgets
    Wants wants;                          ///< what the run takes if it starts, or waits for
  };
  Result<Weighed> answer(const GateRequest& request, UtcTime now);
  Result<void> take(const GateRequest& request, Weighed& weighed, UtcTime now);

  std::shared_ptr<Database> database_;
  std::chrono::seconds lease_;
};

}  // namespace ts::ledger
