#include "accounting/budget/decide.hpp"

namespace ts {
namespace {

__extension__ using Wide = __int128;

constexpr std::string_view kOnCapNames[] = {"stop", "hold", "report"};
constexpr std::string_view kCauseNames[] = {"cap", "time", "idle"};

bool reached(const RunLimits& limits, const Observed& observed, int percent) {
  return static_cast<Wide>(observed.spent) * 100 >= static_cast<Wide>(*limits.cap) * percent;
}

/// The highest threshold reached and not yet warned of, with those below it that it skips.
std::optional<Warn> due_warning(const RunLimits& limits, const Observed& observed) {
  Warn warn{0, {}, *limits.cap, observed.spent};
  const auto pass = [&](int threshold) {
    if (threshold <= observed.already_warned || !reached(limits, observed, threshold)) return;
    if (warn.threshold != 0) warn.skipped.push_back(warn.threshold);
    warn.threshold = threshold;
  };
  for (int threshold : limits.thresholds) pass(threshold);
  if (limits.on_cap == OnCap::report) pass(100);
  if (warn.threshold == 0) return std::nullopt;
  return warn;
}

std::optional<Stop> clock_stop(StopCause cause, std::optional<std::chrono::microseconds> limit,
                               std::chrono::microseconds seen) {
  if (!limit || seen < *limit) return std::nullopt;
  return Stop{cause, limit->count(), seen.count()};
}

}  // namespace

std::string_view name_of(OnCap action) { return kOnCapNames[static_cast<int>(action)]; }

std::optional<OnCap> on_cap_named(std::string_view name) {
  for (OnCap action : {OnCap::stop, OnCap::hold, OnCap::report})
    if (name_of(action) == name) return action;
  return std::nullopt;
}

std::string_view name_of(StopCause cause) { return kCauseNames[static_cast<int>(cause)]; }

Decision decide(const RunLimits& limits, const Observed& observed) {
  const bool cap_reached = limits.cap && observed.spent >= *limits.cap;
  if (cap_reached && limits.on_cap == OnCap::stop) return Stop{StopCause::cap, *limits.cap, observed.spent};
  if (auto stop = clock_stop(StopCause::time, limits.max_time, observed.elapsed)) return *stop;
  if (auto stop = clock_stop(StopCause::idle, limits.max_idle, observed.idle)) return *stop;
  if (cap_reached && limits.on_cap == OnCap::hold) return Hold{*limits.cap, observed.spent};
  if (limits.cap)
    if (auto warn = due_warning(limits, observed)) return *warn;
  return Continue{};
}

}  // namespace ts
