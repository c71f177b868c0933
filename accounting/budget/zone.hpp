#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "accounting/base/result.hpp"
#include "accounting/base/units.hpp"
#include "accounting/budget/posix_tz.hpp"

namespace ts {

/// The clock on the wall of a place: how far it is from UTC at any moment, past and future. Immutable; no
/// I/O.
class Zone {
 public:
  /// UTC.
  Zone() = default;

  /// "UTC", "Z", or a fixed offset "+05:30" (a multiple of 15 minutes up to 14 h). Absent: a name that needs
  /// a file. Errors: invalid_argument (an offset that can't be one).
  [[nodiscard]] static Result<std::optional<Zone>> without_file(std::string_view name);

  /// Reads a TZif file as /usr/share/zoneinfo holds them, versions 1 to 4. Source: RFC 8536, RFC 9636.
  /// Errors: corrupt, unsupported (zones with leap seconds).
  [[nodiscard]] static Result<Zone> parse(std::string name, std::string_view bytes);

  [[nodiscard]] const std::string& name() const { return name_; }

  /// Wall clock minus UTC.
  [[nodiscard]] std::chrono::seconds offset_at(UtcTime time) const;
  [[nodiscard]] std::chrono::local_seconds local(UtcTime time) const;

  /// The first moment at which the wall clock shows `wall`; where it jumps over it, the moment of the jump.
  [[nodiscard]] UtcTime first_at(std::chrono::local_seconds wall) const;

 private:
  struct Transition {
    std::int64_t at = 0;  ///< seconds since 1970, UTC
    std::int32_t offset = 0;
  };
  [[nodiscard]] std::int64_t offset_of(std::int64_t seconds) const;

  std::string name_ = "UTC";
  std::int64_t first_offset_ = 0;        ///< before all transitions
  std::vector<Transition> transitions_;  ///< in order of time
  std::optional<PosixTz> after_;         ///< after all transitions. Absent: the last one's offset stays
};

}  // namespace ts
