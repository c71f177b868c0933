#include <array>

#include "accounting/ledger/records.hpp"

namespace ts::ledger {
namespace {

constexpr std::array<std::string_view, 10> kOutcomeNames = {
    "running", "completed", "failed", "cap", "stopped", "refused", "crashed", "time_limit", "idle_limit", "imported"};

}  // namespace

std::string_view name_of(Outcome outcome) {
  return kOutcomeNames[static_cast<std::size_t>(outcome)];
}

std::optional<Outcome> outcome_named(std::string_view name) {
  for (std::size_t i = 0; i < kOutcomeNames.size(); ++i)
    if (kOutcomeNames[i] == name) return static_cast<Outcome>(i);
  return std::nullopt;
}

}  // namespace ts::ledger
