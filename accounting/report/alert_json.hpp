#pragma once

#include <string>
#include <vector>

#include "accounting/ledger/alerts.hpp"

namespace ts::report {

/// One line: {"alert", "event", "budget", "measure", "period", "percent", "level", "others", "used", "limit", "at", "run", "text"}.
[[nodiscard]] std::string alert_line(const ledger::Alert& alert);

/// An array of alerts, each with its "deliveries".
[[nodiscard]] std::string alerts_json(const std::vector<ledger::Alert>& alerts, const std::vector<ledger::DeliveryRecord>& deliveries);

}  // namespace ts::report
