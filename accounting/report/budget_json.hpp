#pragma once

#include <functional>
#include <string>
#include <vector>

#include "accounting/ledger/gate.hpp"
#include "accounting/report/history.hpp"

namespace ts::report {

/// {"budget", "measure", "limit", "used", "reserved", "left", "percent", "level", "period": {…}, "scope": {…}, "thresholds": […], "spent": {…}}
[[nodiscard]] std::string budget_json(const ledger::BudgetState& state);
/// An array of them.
[[nodiscard]] std::string budgets_json(const std::vector<ledger::BudgetState>& states);

/// What `can-start` knows besides the gate's answer.
struct StartAdvice {
  std::optional<std::int64_t> suggested_cap;  ///< in the cap's unit
  std::string suggested_why;
  std::optional<PastSpending> past = {};  ///< what runs of its kind took
};
/// {"verdict", "may_start", "reason", "obstacle", "cap": {…}, "headroom", "suggested_cap", "suggested_why", "past", "budgets": […], "claim", "ask_again"}
[[nodiscard]] std::string answer_json(const ledger::GateAnswer& answer, const StartAdvice& advice);

/// How a claim stands: "held", "expired" (whoever asks next gets it), "owner gone".
using ClaimState = std::function<std::string(const ledger::Claim&)>;
[[nodiscard]] std::string claim_json(const ledger::Claim& claim, const ClaimState& state);
/// The runs that wait in front of the gate, in the order of coming.
[[nodiscard]] std::string waiting_json(const std::vector<ledger::Waiting>& waiting);
[[nodiscard]] std::string claims_json(const std::vector<ledger::Claim>& claims, const ClaimState& state);

}  // namespace ts::report
