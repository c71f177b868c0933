#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "accounting/budget/zone.hpp"

namespace ts {

/// What a budget's limit is for. Stored by name.
enum class PeriodKind { hour, day, week, month, rolling, total };
[[nodiscard]] std::string_view name_of(PeriodKind kind);
/// Absent: no kind has that name.
[[nodiscard]] std::optional<PeriodKind> period_kind_named(std::string_view name);

/// When a budget begins anew.
struct PeriodRule {
  PeriodKind kind = PeriodKind::month;
  int reset_day = 1;  ///< month: 1–31, in shorter months the last day; week: 1 (Monday) – 7 (Sunday)
  std::chrono::minutes window{0};  ///< rolling: how far back; a multiple of 15 minutes, an hour to 400 days
  std::string zone = "UTC";        ///< whose midnight; see Zone
  friend bool operator==(const PeriodRule&, const PeriodRule&) = default;
};

/// Errors: invalid_argument with what is allowed. Whether the zone exists is not looked at.
[[nodiscard]] Result<void> validate(const PeriodRule& rule);

/// [start, end). A total has no end and starts in 1970.
struct Period {
  UtcTime start;
  std::optional<UtcTime> end;
  friend bool operator==(const Period&, const Period&) = default;
};

/// The period that `time` is in; for a rolling window the one that ends with `time`'s quarter of an hour.
/// Periods of one rule leave no gap and don't overlap, whatever the wall clock does. `rule` must be valid.
[[nodiscard]] Period period_at(const PeriodRule& rule, const Zone& zone, UtcTime time);

/// Usage is summed up in quarters of an hour of UTC: no period of a valid rule begins inside one.
inline constexpr std::chrono::minutes kSlot{15};
[[nodiscard]] UtcTime slot_of(UtcTime time);

/// For people: "November 2026", "2026-11-21", "week of 2026-11-16", "last 24 h", "in all".
[[nodiscard]] std::string period_label(const PeriodRule& rule, const Zone& zone, const Period& period);

}  // namespace ts
