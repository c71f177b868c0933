#pragma once

#include <map>
#include <string>
#include <string_view>

#include "accounting/budget/meter.hpp"

namespace ts {

using ModelTotals = std::map<std::string, Totals, std::less<>>;

/// What one session of one source comes to: the sum of its responses, or what the agent settled it at, whichever is higher
/// part by part.
class SessionSums {
 public:
  void add(std::string_view model, const Totals& growth);
  /// True: it changed something.
  bool settle(const SettlementEvent& event);
  /// What the settlement stood at before the launch.
  void note_past(const SettlementEvent& event);

  [[nodiscard]] bool settled() const { return !settlements_.empty(); }
  /// Per model; the parts' sums are the session's. Requests are those of its responses (a settlement does not tell any).
  [[nodiscard]] ModelTotals effective() const;

 private:
  /// Model, then settlement id.
  using Settlements = std::map<std::string, std::map<std::string, TokenCounts, std::less<>>, std::less<>>;
  static bool raise(Settlements& settlements, const SettlementEvent& event);

  ModelTotals responses_;
  Settlements settlements_;
  Settlements past_;
};

}  // namespace ts
