#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>
#include <variant>
#include <vector>

namespace ts {

/// What happens when the cap is reached.
enum class OnCap {
  stop,    ///< end the process tree
  hold,    ///< refuse to go on until somebody decides
  report,  ///< say it once, do nothing
};
[[nodiscard]] std::string_view name_of(OnCap action);
/// Absent: no action has that name.
[[nodiscard]] std::optional<OnCap> on_cap_named(std::string_view name);

/// Which limit ended a run. Stored by name; names are never reused.
enum class StopCause { cap, time, idle };
[[nodiscard]] std::string_view name_of(StopCause cause);

/// The limits of one run. `cap` and `Observed::spent` are in the same unit: tokens, or micro-USD.
struct RunLimits {
  std::optional<std::int64_t> cap;                        ///< absent: no cap. Never below 1.
  OnCap on_cap = OnCap::stop;
  std::optional<std::chrono::microseconds> max_time;
  std::optional<std::chrono::microseconds> max_idle;
  std::vector<int> thresholds = {50, 75, 90, 95};         ///< percent, ascending, each in 1..99
};

/// What was seen of the run up to now.
struct Observed {
  std::int64_t spent = 0;                  ///< by the cap's formula
  std::chrono::microseconds elapsed{0};    ///< since the launch, time on hold left out
  std::chrono::microseconds idle{0};       ///< since the agent last said or spent anything
  int already_warned = 0;                  ///< the highest Warn::threshold so far; 0: none
};

/// Go on.
struct Continue {
  friend bool operator==(const Continue&, const Continue&) = default;
};
/// Go on, and tell the user. `threshold` is 100 where the cap is reached and only to be reported.
struct Warn {
  int threshold = 0;
  std::vector<int> skipped;    ///< lower thresholds that were passed in the same jump and never warned of
  std::int64_t limit = 0;
  std::int64_t observed = 0;
  friend bool operator==(const Warn&, const Warn&) = default;
};
/// The cap is reached and the user wants to decide.
struct Hold {
  std::int64_t limit = 0;
  std::int64_t observed = 0;
  friend bool operator==(const Hold&, const Hold&) = default;
};
/// End the run. Units of `limit` and `observed`: the cap's, or microseconds for time and idle.
struct Stop {
  StopCause cause = StopCause::cap;
  std::int64_t limit = 0;
  std::int64_t observed = 0;
  friend bool operator==(const Stop&, const Stop&) = default;
};
using Decision = std::variant<Continue, Warn, Hold, Stop>;

/// The one place that weighs a run against its limits. Pure: equal arguments, equal decision.
/// A limit is reached at its value, not beyond it. The cap is weighed before the clock; any stop before a warning.
[[nodiscard]] Decision decide(const RunLimits& limits, const Observed& observed);

}  // namespace ts
