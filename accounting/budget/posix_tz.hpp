#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace ts {

/// A rule for all years, as POSIX TZ strings state it: "CET-1CEST,M3.5.0,M10.5.0/3".
/// Source: POSIX.1-2017, 8.3 "TZ", with the wider hours of RFC 8536 3.3.1.
class PosixTz {
 public:
  /// Absent: not such a string.
  [[nodiscard]] static std::optional<PosixTz> parse(std::string_view text);

  /// Wall clock minus UTC in seconds, at a moment in seconds since 1970.
  [[nodiscard]] std::int64_t offset_at(std::int64_t seconds) const;

  /// The day of a year on which the clock changes, and the wall-clock second of that day.
  struct Change {
    enum class Kind { julian, day_of_year, month_week_day } kind = Kind::month_week_day;
    int day = 0;  ///< julian: 1–365 without leap days; day_of_year: 0–365; month_week_day: 0 (Sunday) – 6
    int week = 0;   ///< 1–4, 5 for the last
    int month = 0;  ///< 1–12
    std::int64_t second = 7200;
    /// Seconds since 1970 as the wall clock counts them.
    [[nodiscard]] std::int64_t in_year(int year) const;
  };

 private:
  struct Summer {
    std::int64_t offset = 0;
    Change begin, end;
  };
  std::int64_t standard_ = 0;
  std::optional<Summer> summer_;
};

}  // namespace ts
