#include "accounting/ledger/budget_sums.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "accounting/base/text.hpp"
#include "accounting/ledger/budget_query.hpp"
#include "accounting/ledger/statements.hpp"
#include "accounting/ledger/usage_sql.hpp"

namespace ts::ledger {
namespace {

/// How many runs' attributions are kept while usage is read row by row.
constexpr std::size_t kMostRuns = 50'000;

/// Calls `each(slot, spend)` for all usage in [start, end) that the budget covers.
template <class Each>
void for_each_usage(Sql& sql, const StoredBudget& budget, const Period& between, const Each& each) {
  std::map<long long, Attribution> runs;
  long long run = 0;
  UtcTime slot;
  std::string model;
  Spend spend;
  const auto columns = [&](auto&& visit) {
    visit("run", run);
    visit("slot", slot);
    visit("model", model);
    fields_of(spend, visit);
  };
  ColumnNames names;
  columns(names);
  const bool all = between.start == UtcTime::min() && !between.end;
  const UtcTime end = between.end.value_or(UtcTime::max());
  const auto parameters = [&](auto&& visit) {
    if (all) return;
    visit("", between.start);
    visit("", end);
  };
  for_each_row(sql, Select{"SELECT " + names.list + " FROM usage" + (all ? "" : " WHERE slot >= ? AND slot < ?"), parameters, columns}, [&] {
    auto whose = runs.find(run);
    if (whose == runs.end()) {
      if (runs.size() == kMostRuns) runs.clear();
      whose = runs.emplace(run, attribution_of(sql, run)).first;
    }
    whose->second.model = model;
    if (budget.budget.scope.covers(whose->second)) each(slot, spend);
  });
}

/// Adds up the whole of `usage` anew: by bucket.
std::map<UtcTime, Spend> recomputed_use(Sql& sql, const StoredBudget& budget) {
  std::map<UtcTime, Spend> use;
  const Period always{UtcTime::min(), std::nullopt};
  auto query = query_of(budget.budget, budget.zone);
  if (!query || budget.budget.period.kind == PeriodKind::rolling) {
    for_each_usage(sql, budget, always, [&](UtcTime slot, const Spend& spend) { use[bucket_of(budget, slot)] += spend; });
    return use;
  }
  // No other period begins within an hour of its zone's clock.
  query->by = {Dimension::hour};
  for (const auto& [keys, row] : usage_groups(sql, *query)) use[bucket_of(budget, time_of(time_in(keys[0])))] += spend_of(row.all);
  return use;
}

}  // namespace

Spend spent_by_all(Sql& sql, const Period& between) {
  Spend spend;
  for (const auto& [keys, row] : usage_groups(sql, {.since = between.start, .until = between.end})) spend += spend_of(row.all);
  return spend;
}

std::vector<BudgetPoint> spent_by_step(Sql& sql, const StoredBudget& budget, const Period& between, std::chrono::minutes step) {
  std::vector<BudgetPoint> points;
  for (UtcTime at = between.start; at < *between.end; at += step) points.push_back({at, {}});
  for_each_usage(sql, budget, between, [&](UtcTime slot, const Spend& spend) { points[static_cast<std::size_t>((slot - between.start) / step)].spent += spend; });
  return points;
}

void rebuild_use(Sql& sql, const StoredBudget& budget) {
  execute(sql, "DELETE FROM budget_use WHERE budget = ?", values(budget.n));
  for (const auto& [bucket, spend] : recomputed_use(sql, budget)) add_use(sql, budget.n, bucket, spend);
}

void find_differences(Sql& sql, const StoredBudget& budget, std::vector<std::string>& differences) {
  std::map<UtcTime, Spend> kept;
  UtcTime bucket;
  Spend spend;
  const auto columns = [&](auto&& visit) {
    visit("bucket", bucket);
    fields_of(spend, visit);
  };
  ColumnNames names;
  columns(names);
  for_each_row(sql, Select{"SELECT " + names.list + " FROM budget_use WHERE budget = ?", values(budget.n), columns}, [&] { kept[bucket] = spend; });
  for (const auto& [start, sum] : recomputed_use(sql, budget)) kept[start] = kept[start] - sum;
  for (const auto& [start, rest] : kept)
    if (rest != Spend{})
      differences.push_back(fmt::format("budget '{}': its sum from {} is off by {}", printable(budget.budget.name), rfc3339(start),
                                        describe_amount(amount_of(rest, budget.budget.measure), budget.budget.measure)));
}

void find_run_differences(Sql& sql, std::vector<std::string>& differences) {
  std::string id;
  std::int64_t said = 0, summed = 0;
  for_each_row(sql,
               Select{"SELECT id, r.input + r.cache_write_5m + r.cache_write_1h + r.cache_read + r.output AS said, coalesce(sum(u.input + "
                      "u.cache_write_5m + u.cache_write_1h + u.cache_read + u.output), 0) AS summed FROM runs r LEFT JOIN usage u ON u.run = r.n WHERE "
                      "ended IS NOT NULL GROUP BY r.n HAVING said <> summed",
                      kNoParameters, into(id, said, summed)},
               [&] {
                 differences.push_back(fmt::format("run {}: {} tokens in all, but its usage sums to {}", id, with_commas(said), with_commas(summed)));
               });
}

}  // namespace ts::ledger
