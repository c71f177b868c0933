#pragma once

#include "accounting/ledger/statements.hpp"

// What keeps a run that lost its task from writing to it, within a transaction that the caller has begun.

namespace ts::ledger {

/// Errors: conflict where the run's claim went to a later owner while it ran. A run without a claim may write.
[[nodiscard]] Result<void> check_fence(Sql& sql, long long run);
/// The run ends: if it has its claim still, nobody who claims the task later fences it off. Before the claim is released.
void note_kept_claim(Sql& sql, long long run);
/// Whether somebody works on the run's task now who is not the run.
[[nodiscard]] bool is_held_by_another(Sql& sql, long long run);

}  // namespace ts::ledger
