#pragma once

#include <string>

#include "accounting/import/scan.hpp"

namespace ts {

/// What `meter --json` prints: counts, fresh, total, cost, sources and parse statistics of all, and the same per model, per
/// session and per file. One JSON object without a line end. What isn't known is null; bytes that are no UTF-8 become U+FFFD.
[[nodiscard]] std::string to_json(const ScanResult& result);

}  // namespace ts
