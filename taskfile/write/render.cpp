#include "taskfile/write/render.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "accounting/base/ascii.hpp"
#include "accounting/base/text.hpp"
#include "taskfile/text/words.hpp"

namespace ts::taskfile {
namespace {

/// The manners in which a duration or a variance is written.
enum class Manner { clock, minutes, seconds_short, seconds_long, hours, signed_percent, over_under, difference };

std::int64_t rounded(std::int64_t value, std::int64_t unit) { return (value + unit / 2) / unit; }

Manner duration_manner(std::string_view placeholder) {
  const std::string low = ascii_lower(placeholder);
  if (low.find("min") != std::string::npos) return Manner::minutes;
  if (low.find("second") != std::string::npos) return Manner::seconds_long;
  if (low.find("sec") != std::string::npos) return Manner::seconds_short;
  if (low.find("hour") != std::string::npos) return Manner::hours;
  return Manner::clock;
}

std::string duration_text(std::int64_t seconds, Manner manner) {
  switch (manner) {
    case Manner::minutes: return fmt::format("{} min", std::max<std::int64_t>(rounded(seconds, 60), 1));
    case Manner::seconds_short: return fmt::format("{} sec", seconds);
    case Manner::seconds_long: return fmt::format("{} seconds", seconds);
    case Manner::hours: return fmt::format("{:.1f} hours", static_cast<double>(seconds) / 3600.0);
    default: return clock_text(seconds);
  }
}

Manner variance_manner(const Field& field) {
  const std::string low = ascii_lower(field.text);
  if (low.find("over") != std::string::npos || low.find("under") != std::string::npos) return Manner::over_under;
  if (low.find('%') != std::string::npos) return Manner::signed_percent;
  return field.wants_difference ? Manner::difference : Manner::signed_percent;
}

std::string variance_text(const FieldSource& source, Manner manner) {
  const std::int64_t percent = variance_percent(source.totals.tokens, *source.estimate_high);
  if (manner == Manner::over_under) return fmt::format("{}% {}", std::abs(percent), percent < 0 ? "under" : "over");
  if (manner == Manner::difference) {
    const Tokens difference = source.totals.tokens - *source.estimate_high;
    return (difference < 0 ? "" : "+") + with_commas(difference);
  }
  return fmt::format("{:+}%", percent);
}

std::optional<std::int64_t> number_of(FieldKind kind, const RunTotals& totals) {
  switch (kind) {
    case FieldKind::actual: return totals.tokens;
    case FieldKind::api_calls: return totals.api_calls;
    case FieldKind::input: return totals.input;
    case FieldKind::output: return totals.output;
    case FieldKind::cache_read: return totals.cache_read;
    case FieldKind::cache_write: return totals.cache_write;
    default: return std::nullopt;
  }
}

std::string count_text(std::int64_t value, Notation notation) {
  return notation == Notation::yaml ? fmt::format("{}", value) : with_commas(value);
}

std::optional<std::string> in_manner(const Field& field, const FieldSource& source, Manner manner) {
  const RunTotals& totals = source.totals;
  const auto words = [](const std::string& text) { return text.empty() ? std::optional<std::string>() : text; };
  switch (field.kind) {
    case FieldKind::agent_id: return words(totals.session);
    case FieldKind::model: return words(totals.model);
    case FieldKind::duration: return totals.seconds ? std::optional(duration_text(*totals.seconds, manner)) : std::nullopt;
    case FieldKind::cost: return totals.cost ? std::optional(exact_dollars(*totals.cost)) : std::nullopt;
    case FieldKind::variance:
      if (source.estimate_high.value_or(0) == 0) return std::nullopt;
      return variance_text(source, manner);
    default: break;
  }
  const auto number = number_of(field.kind, totals);
  return number ? std::optional(count_text(*number, field.notation)) : std::nullopt;
}

}  // namespace

std::int64_t variance_percent(Tokens actual, Tokens estimate) {
  return static_cast<std::int64_t>(std::llround(100.0 * (static_cast<double>(actual) - static_cast<double>(estimate)) / static_cast<double>(estimate)));
}

std::optional<std::string> rendered(const Field& field, const FieldSource& source) {
  const Manner manner = field.kind == FieldKind::variance ? variance_manner(field) : duration_manner(field.text);
  return in_manner(field, source, manner);
}

std::optional<std::string> rendered_again(const Field& field, const FieldSource& before, const FieldSource& after) {
  constexpr std::array manners = {Manner::clock,          Manner::minutes,    Manner::seconds_short, Manner::seconds_long, Manner::hours,
                                  Manner::signed_percent, Manner::over_under, Manner::difference};
  if (before.totals.runs == 0) return std::nullopt;
  for (const Manner manner : manners)
    if (const auto old = in_manner(field, before, manner); old && *old == field.text) return in_manner(field, after, manner);
  return std::nullopt;
}

}  // namespace ts::taskfile
