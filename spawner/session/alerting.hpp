#pragma once

#include <functional>

#include "accounting/ledger/books.hpp"
#include "spawner/session/console.hpp"
#include "spawner/session/options.hpp"

namespace ts::session {

/// Alerts older than this are no news: a sink that is new doesn't get them, and one that can't be reached is given up.
inline constexpr std::chrono::hours kAlertIsNews{24};

/// When to try again after the `attempt`th failure: a second, two, four, … an hour.
[[nodiscard]] std::chrono::seconds backoff(int attempt);

struct Delivered {
  int arrived = 0;
  int failed = 0;   ///< and tried again later, or given up
  std::vector<std::string> troubles;
};

/// Hands what is due to each sink, once each. Errors: the ledger's.
[[nodiscard]] Result<Delivered> deliver_due(ledger::Books& books, const Surroundings& world, const std::function<UtcTime()>& now);

/// When the next delivery is due. Absent: none is left.
[[nodiscard]] Result<std::optional<UtcTime>> next_delivery(ledger::Books& books, const Surroundings& world, UtcTime now);

/// Looks at all budgets as of now: windows that have moved on recover, and who spends so fast that a limit will be reached is
/// told once a period. Errors: the ledger's.
[[nodiscard]] Result<void> look_ahead(ledger::Books& books, const Surroundings& world, UtcTime now);

/// Makes the configured budgets what the configuration says. Errors: as Budgets::put_from(), with the file.
[[nodiscard]] Result<void> apply_budgets(ledger::Books& books, const Surroundings& world, UtcTime now);

/// Configured budgets that the ledger has not, or not so; writes nothing.
[[nodiscard]] Result<std::vector<std::string>> unapplied_budgets(ledger::Books& books, const Surroundings& world);

}  // namespace ts::session
