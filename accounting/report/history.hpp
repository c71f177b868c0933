#pragma once

#include <optional>
#include <string>
#include <vector>

#include "accounting/budget/percentile.hpp"
#include "accounting/ledger/history.hpp"
#include "accounting/ledger/ledger.hpp"

namespace ts::report {

/// What comparable runs are. Empty texts: any.
struct Likeness {
  std::string category = {};
  std::string role = {};
  std::string agent = {};
  std::string not_run = {};  ///< a run that shall not be compared with itself
};

/// What runs of a kind took.
struct PastSpending {
  Likeness likeness;   ///< the narrowest that has enough runs
  Spread fresh;        ///< tokens of a run
  std::size_t cut_off = 0;   ///< runs among them that were stopped: they might have taken more
};

/// Whether a run ended before it was done, so that it might have taken more.
[[nodiscard]] bool was_cut_off(ledger::Outcome outcome);

/// "service, engineer, claude": what the runs have in common. "all runs": nothing.
[[nodiscard]] std::string described(const Likeness& likeness);

/// Of ended, metered runs: those alike in category, role and agent, else (fewer than `enough`) in category and role, else in role.
/// Absent: not even of the role is there one.
[[nodiscard]] std::optional<PastSpending> spending_like(const std::vector<ledger::PastRun>& runs, const Likeness& likeness, std::size_t enough = 3);

/// The same out of a ledger's newest runs. Absent: there is none. Errors: the ledger's.
[[nodiscard]] Result<std::optional<PastSpending>> past_spending(ledger::Ledger& ledger, const Likeness& likeness);

/// "12 (service, engineer): median 20,100, 90th percentile 48,000 fresh tokens; suggested cap 48K; 1 cut off".
[[nodiscard]] std::string in_words(const PastSpending& past);
/// {"like", "runs", "p50", "p75", "p90", "highest", "cut_off", "suggested_cap"}
[[nodiscard]] std::string past_json(const PastSpending& past);

/// The cap that a history suggests: its 90th percentile, rounded up.
[[nodiscard]] Tokens suggested_cap(const Spread& spread);

}  // namespace ts::report
