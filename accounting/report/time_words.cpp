#include "accounting/report/time_words.hpp"

#include <fmt/format.h>

#include "accounting/base/text.hpp"
#include "accounting/base/wall_clock.hpp"

namespace ts::report {

using std::chrono::days;

Result<UtcTime> parse_moment(std::string_view text, const Zone& zone, UtcTime now, std::string_view option) {
  if (text == "now") return now;
  const auto today = std::chrono::floor<days>(zone.local(now));
  if (text == "today") return zone.first_at(today);
  if (text == "yesterday") return zone.first_at(today - days(1));
  if (const auto wall = parse_wall(text)) {
    const auto whole = std::chrono::floor<std::chrono::seconds>(*wall);
    return zone.first_at(whole) + (*wall - whole);
  }
  if (const auto time = parse_rfc3339(text); time.has_value()) return *time;
  if (const auto ago = parse_duration(text); ago.has_value()) return now - *ago;
  return Error{Errc::invalid_argument,
               fmt::format("{} {}: not a time: 2026-11-21, \"2026-11-21 18:00\", 2026-11-21T18:00:00Z, today, yesterday, or how long ago: 24h, 7d",
                           option, printable(text))};
}

}  // namespace ts::report
