#include "accounting/ledger/sqlite_budgets.hpp"

#include <fmt/format.h>

#include "accounting/base/text.hpp"
#include "accounting/ledger/sqlite_alerts.hpp"
#include "accounting/ledger/statements.hpp"
#include "accounting/ledger/zones.hpp"

namespace ts::ledger {
namespace {

constexpr std::int64_t kMostSteps = 100'000;

/// Names of rows in meta: which file a budget comes from.
const std::string kFileOf = "budget-file/";

/// Whether the sums of one definition hold for the other.
bool same_sums(const Budget& a, const Budget& b) {
  return a.period == b.period && a.scope == b.scope;
}

Error no_budget(const std::string& name) {
  return {Errc::not_found,
          "budget '" + printable(name) + "': there is none of that name: `tracked-spawn budget` lists them"};
}

bool same_but_for_case(const std::string& a, const std::string& b) {
  const auto low = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [&](char x, char y) { return low(x) == low(y); });
}

const StoredBudget* find_named(const std::vector<StoredBudget>& all, const std::string& name) {
  for (const StoredBudget& budget : all)
    if (budget.budget.name == name) return &budget;
  return nullptr;
}

void verify_runs(Sql& sql, std::vector<std::string>& differences) {
  std::string id;
  std::int64_t said = 0, summed = 0;
  for_each_row(
      sql,
      Select{
          std::string(
              "SELECT id, r.input + r.cache_write_5m + r.cache_write_1h + r.cache_read + r.output AS said, "
              "coalesce(sum(u.input + u.cache_write_5m + u.cache_write_1h + u.cache_read + u.output), 0) AS "
              "summed "
              "FROM runs r LEFT JOIN usage u ON u.run = r.n WHERE ended IS NOT NULL GROUP BY r.n HAVING said "
              "<> summed"),
          kNoParameters, into(id, said, summed)},
      [&] {
        differences.push_back(fmt::format("run {}: {} tokens in all, but its usage sums to {}", id,
                                          with_commas(said), with_commas(summed)));
      });
}

void verify_budget(Sql& sql, const StoredBudget& budget, std::vector<std::string>& differences) {
  std::map<UtcTime, Spend> kept;
  UtcTime bucket;
  Spend spend;
  const auto columns = [&](auto&& visit) {
    visit("bucket", bucket);
    fields_of(spend, visit);
  };
  ColumnNames names;
  columns(names);
  for_each_row(
      sql, Select{"SELECT " + names.list + " FROM budget_use WHERE budget = ?", values(budget.n), columns},
      [&] { kept[bucket] = spend; });
  for (const auto& [start, sum] : recomputed_use(sql, budget)) kept[start] = kept[start] - sum;
  for (const auto& [start, rest] : kept)
    if (rest != Spend{})
      differences.push_back(fmt::format(
          "budget '{}': its sum from {} is off by {}", printable(budget.budget.name), rfc3339(start),
          describe_amount(amount_of(rest, budget.budget.measure), budget.budget.measure)));
}

}  // namespace

BudgetState state_of(Sql& sql, const StoredBudget& budget, UtcTime now) {
  BudgetState state{budget.budget, budget.zone, period_at(budget.budget.period, budget.zone, now), {}, 0, 0};
  state.spent = spent_in(sql, budget, state.period);
  state.used = amount_of(state.spent, budget.budget.measure);
  state.reserved = reserved_of(sql, budget, now);
  return state;
}

Result<void> SqliteBudgets::check(const Budget& budget) {
  TS_CHECK(validate(budget));
  if (const auto zone = load_zone(budget.period.zone); zone.has_error())
    return with_context("budget '" + printable(budget.name) + "'", zone.error());
  return {};
}

Result<void> SqliteBudgets::put(const Budget& budget, UtcTime now) {
  TS_CHECK(check(budget));
  return database_->write(Durability::full, database_->patience(), [&]() -> Result<void> {
    TS_CHECK(check_file(budget.name, ""));
    return put_one(budget, now);
  });
}

/// Within the caller's transaction.
Result<void> SqliteBudgets::put_one(const Budget& budget, UtcTime now) {
  Sql& sql = database_->sql();
  const std::vector<StoredBudget> before = load_budgets(sql);
  const StoredBudget* old = find_named(before, budget.name);
  if (old != nullptr && old->budget == budget) return {};
  for (const StoredBudget& other : before)
    if (old == nullptr && same_but_for_case(other.budget.name, budget.name))
      return Error{Errc::invalid_argument, "budget '" + printable(budget.name) + "': there is '" +
                                               printable(other.budget.name) +
                                               "' already, which differs only in its capitals: choose another name"};
  (void)store_budget(sql, budget);
  const std::vector<StoredBudget> all = load_budgets(sql);
  const StoredBudget& stored = *find_named(all, budget.name);
  if (old == nullptr || !same_sums(old->budget, budget)) rebuild_use(sql, stored);
  if (old != nullptr && (!same_sums(old->budget, budget) || old->budget.measure != budget.measure)) {
    disarm_alerts(sql, stored.n);
    execute(sql, "DELETE FROM reservations WHERE budget = ?",
            values(stored.n));  // of another unit or other runs
  }
  check_alerts(sql, stored, AlertCause::limit_changed, now, "");
  return {};
}

Result<void> SqliteBudgets::remove(const std::string& name) {
  return database_->write(Durability::full, database_->patience(), [&]() -> Result<void> {
    TS_CHECK(check_file(name, ""));
    return remove_one(name);
  });
}

/// Within the caller's transaction.
Result<void> SqliteBudgets::remove_one(const std::string& name) {
  Sql& sql = database_->sql();
  TS_TRY(const StoredBudget budget, named(name));
  for (const char* table : {"budget_use", "reservations", "alerts_standing"})
    execute(sql, std::string("DELETE FROM ") + table + " WHERE budget = ?", values(budget.n));
  execute(sql, "DELETE FROM budgets WHERE n = ?", values(budget.n));
  execute(sql, "DELETE FROM meta WHERE name = ?", values(kFileOf + name));
  return {};
}

std::map<std::string, std::string> SqliteBudgets::files_by_name() {
  std::map<std::string, std::string> files;
  std::string name, file;
  for_each_row(database_->sql(),
               Select{"SELECT substr(name, ?), value FROM meta WHERE substr(name, 1, ?) = ?",
                      values(kFileOf.size() + 1, kFileOf.size(), kFileOf), into(name, file)},
               [&] { files[name] = file; });
  return files;
}

/// Whether the budget of this name may be changed by `file` (empty: by command).
Result<void> SqliteBudgets::check_file(const std::string& name, const std::string& file) {
  const auto files = files_by_name();
  const auto found = files.find(name);
  const std::string owner = found == files.end() ? "" : found->second;
  const std::vector<StoredBudget> all = load_budgets(database_->sql());
  if (owner == file || find_named(all, name) == nullptr) return {};
  return Error{Errc::conflict,
               "budget '" + printable(name) + "': it comes from " +
                   (owner.empty() ? "`tracked-spawn budget set`: remove it, or choose another name in " + file
                                  : owner + ": change it there" + (file.empty() ? "" : ", or choose another name in " + file))};
}

std::vector<std::string> SqliteBudgets::differing(const std::string& file, const std::vector<Budget>& budgets) {
  std::vector<std::string> names;
  const std::vector<StoredBudget> all = load_budgets(database_->sql());
  const auto files = files_by_name();
  for (const Budget& budget : budgets) {
    const StoredBudget* stored = find_named(all, budget.name);
    const auto owner = files.find(budget.name);
    if (stored == nullptr || stored->budget != budget || owner == files.end() || owner->second != file)
      names.push_back(budget.name);
  }
  for (const auto& [name, owner] : files)
    if (owner == file && std::none_of(budgets.begin(), budgets.end(), [&name = name](const Budget& b) { return b.name == name; }))
      names.push_back(name);
  return names;
}

Result<std::vector<std::string>> SqliteBudgets::differing_from(const std::string& file, const std::vector<Budget>& budgets) {
  std::vector<std::string> names;
  TS_CHECK(database_->read([&]() -> Result<void> {
    names = differing(file, budgets);
    return {};
  }));
  return names;
}

Result<std::vector<std::string>> SqliteBudgets::put_from(const std::string& file, const std::vector<Budget>& budgets,
                                                         UtcTime now) {
  TS_TRY(std::vector<std::string> names, differing_from(file, budgets));
  if (names.empty()) return names;
  for (const Budget& budget : budgets) TS_CHECK(check(budget));
  const auto written = database_->write(Durability::full, database_->patience(), [&]() -> Result<void> {
    names = differing(file, budgets);  // another process may have been here meanwhile
    for (const std::string& name : names) {
      TS_CHECK(check_file(name, file));
      const auto wanted = std::find_if(budgets.begin(), budgets.end(), [&](const Budget& b) { return b.name == name; });
      if (wanted == budgets.end()) {
        TS_CHECK(remove_one(name));
        continue;
      }
      TS_CHECK(put_one(*wanted, now));
      execute(database_->sql(), "REPLACE INTO meta (name, value) VALUES (?, ?)", values(kFileOf + name, file));
    }
    return {};
  });
  TS_CHECK(written);
  return names;
}

Result<std::map<std::string, std::string>> SqliteBudgets::files() {
  std::map<std::string, std::string> files;
  TS_CHECK(database_->read([&]() -> Result<void> {
    files = files_by_name();
    return {};
  }));
  return files;
}

Result<Spend> SqliteBudgets::spent(const Period& between) {
  Spend spend;
  TS_CHECK(database_->read([&]() -> Result<void> {
    spend = usage_between(database_->sql(), between);
    return {};
  }));
  return spend;
}

Result<StoredBudget> SqliteBudgets::named(const std::string& name) {
  const std::vector<StoredBudget> all = load_budgets(database_->sql());
  const StoredBudget* found = find_named(all, name);
  if (found == nullptr) return no_budget(name);
  return *found;
}

Result<std::vector<BudgetState>> SqliteBudgets::states(UtcTime now) {
  std::vector<BudgetState> states;
  TS_CHECK(database_->read([&]() -> Result<void> {
    for (const StoredBudget& budget : load_budgets(database_->sql()))
      states.push_back(state_of(database_->sql(), budget, now));
    return {};
  }));
  return states;
}

Result<std::vector<BudgetPoint>> SqliteBudgets::history(const std::string& name, const Period& between,
                                                        std::chrono::minutes step) {
  if (step < kSlot || !between.end || *between.end < between.start ||
      (*between.end - between.start) / step > kMostSteps)
    return Error{Errc::invalid_argument, "history of budget '" + printable(name) +
                                             "': the steps must be 15 minutes or more, and 100,000 at most"};
  std::vector<BudgetPoint> points;
  for (UtcTime at = between.start; at < *between.end; at += step) points.push_back({at, {}});
  TS_CHECK(database_->read([&]() -> Result<void> {
    Sql& sql = database_->sql();
    TS_TRY(const StoredBudget budget, named(name));
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
    for_each_row(sql,
                 Select{"SELECT " + names.list + " FROM usage WHERE slot >= ? AND slot < ?",
                        values(between.start, *between.end), columns},
                 [&] {
                   auto whose = runs.find(run);
                   if (whose == runs.end()) whose = runs.emplace(run, attribution_of(sql, run)).first;
                   whose->second.model = model;
                   if (budget.budget.scope.covers(whose->second))
                     points[static_cast<std::size_t>((slot - between.start) / step)].spent += spend;
                 });
    return {};
  }));
  return points;
}

Result<std::vector<std::string>> SqliteBudgets::verify() {
  std::vector<std::string> differences;
  TS_CHECK(database_->read([&]() -> Result<void> {
    verify_runs(database_->sql(), differences);
    for (const StoredBudget& budget : load_budgets(database_->sql()))
      verify_budget(database_->sql(), budget, differences);
    return {};
  }));
  return differences;
}

Result<void> SqliteBudgets::rebuild() {
  return database_->write(Durability::full, database_->patience(), [&]() -> Result<void> {
    for (const StoredBudget& budget : load_budgets(database_->sql())) rebuild_use(database_->sql(), budget);
    return {};
  });
}

}  // namespace ts::ledger
