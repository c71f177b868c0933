#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "accounting/budget/meter.hpp"

/// The pieces that all JSON outputs share. Only for .cpp files: it pulls nlohmann in.
namespace ts::report {

/// Keys in the order they were put.
using Json = nlohmann::ordered_json;

template <class T>
[[nodiscard]] Json or_null(const std::optional<T>& value) {
  return value ? Json(*value) : Json(nullptr);
}
[[nodiscard]] inline Json text_or_null(const std::string& text) { return text.empty() ? Json(nullptr) : Json(text); }

/// The parts, their 5 min and 1 h shares, and the requests (null where not said).
[[nodiscard]] inline Json counts_json(const Totals& totals) {
  const TokenCounts& c = totals.counts;
  const bool unsaid = totals.requests == 0 && !(c == TokenCounts{});
  return {{"input", c.input},
          {"cache_write", c.cache_write()},
          {"cache_write_5m", c.cache_write_5m},
          {"cache_write_1h", c.cache_write_1h},
          {"cache_read", c.cache_read},
          {"output", c.output},
          {"reasoning", c.reasoning},
          {"requests", unsaid ? Json(nullptr) : Json(totals.requests)}};
}

/// Counts with their sums by formula.
[[nodiscard]] inline Json totals_json(const Totals& totals) {
  Json j = counts_json(totals);
  j["fresh"] = by_formula(totals.counts, Formula::fresh);
  j["total"] = by_formula(totals.counts, Formula::total);
  return j;
}

[[nodiscard]] inline Json parse_json(const ParseStats& p) {
  return {{"lines", p.lines}, {"events", p.events}, {"ignored", p.ignored}, {"malformed", p.malformed}, {"bytes_dropped", p.bytes_dropped}};
}

/// Two-space indent; text that is no UTF-8 is replaced, never an exception.
[[nodiscard]] inline std::string dump(const Json& j) { return j.dump(2, ' ', false, Json::error_handler_t::replace); }

}  // namespace ts::report
