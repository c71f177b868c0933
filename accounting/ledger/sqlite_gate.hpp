#pragma once

#include "accounting/ledger/database.hpp"
#include "accounting/ledger/gate.hpp"

namespace ts::ledger {

/// The run lives: what it has reserved stays reserved. Within the caller's transaction, as all below.
void renew_reservations_of(Sql& sql, long long run, UtcTime expires);
/// The run has ended: what it didn't spend is free.
void release_reservations_of(Sql& sql, long long run);
/// Errors: conflict where the run's claim went to a later owner while it ran. A run without a claim may write.
[[nodiscard]] Result<void> check_fence(Sql& sql, long long run);
/// The run ends: if it has its claim still, nobody who claims the task later fences it off. Before the claim is released.
void note_kept_claim(Sql& sql, long long run);
/// Whether somebody works on the run's task now who is not the run.
[[nodiscard]] bool is_held_by_another(Sql& sql, long long run);

/// The gate over the ledger's database.
class SqliteGate final : public Gate {
 public:
  SqliteGate(std::shared_ptr<Database> database, std::chrono::seconds lease)
      : database_(std::move(database)), lease_(lease) {}

  Result<GateAnswer> ask(const GateRequest& request, UtcTime now) override;
  Result<GateAnswer> admit(const GateRequest& request, UtcTime now) override;
  Result<void> change_cap(const RunId& run, const Cap& cap, UtcTime now) override;
  Result<void> may_write_task(const RunId& run) override;

 private:
  Result<GateAnswer> answer(const GateRequest& request, UtcTime now);
  Result<void> take(const GateRequest& request, GateAnswer& granted, UtcTime now);

  std::shared_ptr<Database> database_;
  std::chrono::seconds lease_;
};

}  // namespace ts::ledger
