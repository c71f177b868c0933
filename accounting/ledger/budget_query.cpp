#include "accounting/ledger/budget_query.hpp"

#include <algorithm>

namespace ts::ledger {

std::optional<UsageQuery> query_of(const Budget& budget, const Zone& zone) {
  const Scope& scope = budget.scope;
  if (scope.task || !scope.labels.empty()) return std::nullopt;
  UsageQuery query{.zone = zone};
  const auto only = [&](Dimension dimension, const std::optional<std::string>& value) {
    if (value) query.only.push_back({dimension, *value});
  };
  only(Dimension::project, scope.project);
  only(Dimension::sprint, scope.sprint);
  only(Dimension::agent, scope.agent);
  only(Dimension::model, scope.model);
  only(Dimension::role, scope.role);
  return query;
}

Spend spend_of(const UsageSum& sum) {
  constexpr Int128 kMost = 4'000'000'000'000'000'000;
  return {sum.counts, sum.requests, static_cast<std::int64_t>(std::clamp(sum.cost.pico, -kMost, kMost)), sum.unpriced};
}

}  // namespace ts::ledger
