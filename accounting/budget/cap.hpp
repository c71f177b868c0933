#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "accounting/base/result.hpp"
#include "accounting/base/units.hpp"
#include "accounting/usage/counts.hpp"

namespace ts {

/// `none`: the user wants no cap.
struct NoCap {
  friend bool operator==(const NoCap&, const NoCap&) = default;
};
/// `120000`, `120k`, `120,000`, `1.5M`.
struct TokenCap {
  Tokens tokens = 0;
  friend bool operator==(const TokenCap&, const TokenCap&) = default;
};
/// `4x`, `2.5x`: so many times the upper estimate. Units: thousandths.
struct FactorCap {
  std::int64_t thousandths = 4000;
  friend bool operator==(const FactorCap&, const FactorCap&) = default;
};
/// `$5`, `$0.25`.
struct DollarCap {
  MicroUsd limit = 0;
  friend bool operator==(const DollarCap&, const DollarCap&) = default;
};
/// What the text of a cap says.
using CapSpec = std::variant<NoCap, TokenCap, FactorCap, DollarCap>;

/// Reads `120000`, `120k`, `120,000`, `1.5M`, `4x`, `$5`, `none`. The letters' case doesn't matter.
/// Errors: invalid_argument (empty, zero, negative, unknown unit, a part of a token), ambiguous (`10.000`),
/// too_large (above 2⁵³ tokens); the message names the text and the accepted forms.
[[nodiscard]] Result<CapSpec> parse_cap(std::string_view text);

/// The same for a count alone (`--estimate`, `extend +40k`): only the forms of TokenCap.
/// Errors: as parse_cap(); the message doesn't say whose count it is.
[[nodiscard]] Result<Tokens> parse_token_count(std::string_view text);

/// A cap that somebody stated in words, and where.
struct StatedCap {
  std::string text;   ///< as parse_cap() reads it
  std::string where;  ///< "command line", "tasks/TASK-914.md:195"
};

/// The upper end of an estimate, and where it stands.
struct UpperEstimate {
  Tokens high = 0;
  std::string where;  ///< "line 7", "command line"
};

/// All that may decide a run's cap, first what wins.
struct CapSources {
  std::optional<StatedCap> said;          ///< command line or environment
  std::optional<StatedCap> written;       ///< the task file's own cap, its number literally
  std::optional<StatedCap> configured;    ///< a configuration file's, where nobody states one for this run
  std::optional<UpperEstimate> estimate;  ///< of the task
  FactorCap factor;                       ///< × estimate where no cap is stated
  std::optional<Formula> formula;         ///< `--cap-formula`; absent: fresh, or usd for `$5`
};

/// The cap that rules a run. The fields are those of ledger::Cap.
struct ResolvedCap {
  std::optional<std::int64_t> limit;  ///< tokens, or micro-USD with Formula::usd; absent: no cap
  Formula formula = Formula::fresh;
  std::string source;                 ///< "command line", "tasks/TASK-914.md:195", "4 × 10K (line 7)", "none"
  std::vector<std::string> notes;     ///< what the user should hear, such as an estimate of zero that was passed over
};

/// Command line, else the task file's written cap, else the configured one, else factor × upper estimate. An estimate of zero counts as none.
/// Errors: refused where no cap can be found (the message says how to give one), invalid_argument where a stated cap
/// can't be read or doesn't fit the formula, too_large where factor × estimate passes 2⁵³.
[[nodiscard]] Result<ResolvedCap> resolve_cap(const CapSources& sources);

/// "40,000 fresh tokens", "$5.00", "no cap": as it is shown to people.
[[nodiscard]] std::string describe_limit(const ResolvedCap& cap);

}  // namespace ts
