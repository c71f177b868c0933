#include "accounting/ledger/sqlite_budgets.hpp"

#include <fmt/format.h>

#include "accounting/base/ascii.hpp"
#include "accounting/base/text.hpp"
#include "accounting/ledger/budget_sums.hpp"
#include "accounting/ledger/reservations.hpp"
#include "accounting/ledger/sqlite_alerts.hpp"
#include "accounting/ledger/statements.hpp"
#include "accounting/ledger/zones.hpp"

namespace ts::ledger {
namespace {

constexpr std::int64_t kMostSteps = 100'000;

/// Names of rows in meta: which file a budget comes from.
const std::string kFileOf = "budget-file/";
const std::string kAfterFileOf = "budget-file0";  // '0' follows '/'

/// Whether the sums of one definition hold for the other.
bool same_sums(const Budget& a, const Budget& b) {
  return a.period == b.period && a.scope == b.scope;
}

Error no_budget(const std::string& name) {
  return {Errc::not_found,
          "budget '" + printable(name) + "': there is none of that name: `tracked-spawn budget` lists them"};
}

const StoredBudget* find_named(const std::vector<StoredBudget>& all, const std::string& name) {
  for (const StoredBudget& budget : all)
    if (budget.budget.name == name) return &budget;
  return nullptr;
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
    if (old == nullptr && equal_ignoring_case(other.budget.name, budget.name))
      return Error{Errc::invalid_argument, "budget '" + printable(budget.name) + "': there is '" +
                                               printable(other.budget.name) +
                                               "' already, which differs only in its capitals: choose another name"};
  (void)store_budget(sql, budget);
  const std::vector<StoredBudget> all = load_budgets(sql);
  const StoredBudget& stored = *find_named(all, budget.name);
  const bool counts_anew = old == nullptr || !same_sums(old->budget, budget);
  if (counts_anew) rebuild_use(sql, stored);
  if (counts_anew || old->budget.measure != budget.measure) {
    disarm_alerts(sql, stored.n);
    reserve_for_live_runs(sql, stored, now, lease_);
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
               Select{"SELECT name, value FROM meta WHERE name >= ? AND name < ?", values(kFileOf, kAfterFileOf), into(name, file)},
               [&] { files[name.substr(kFileOf.size())] = file; });
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
  TS_CHECK(database_->read([&]() -> Result<void> {
    TS_TRY(const StoredBudget budget, named(name));
    points = spent_by_step(database_->sql(), budget, between, step);
    return {};
  }));
  return points;
}

Result<Spend> SqliteBudgets::spent(const Period& between) {
  Spend spend;
  TS_CHECK(database_->read([&]() -> Result<void> {
    spend = spent_by_all(database_->sql(), between);
    return {};
  }));
  return spend;
}

Result<std::vector<std::string>> SqliteBudgets::verify() {
  std::vector<std::string> differences;
  TS_CHECK(database_->read([&]() -> Result<void> {
    find_run_differences(database_->sql(), differences);
    for (const StoredBudget& budget : load_budgets(database_->sql()))
      find_differences(database_->sql(), budget, differences);
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
