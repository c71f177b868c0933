#pragma once

#include "accounting/ledger/budget_rows.hpp"
#include "accounting/ledger/budgets.hpp"

namespace ts::ledger {

/// How a budget stands, within the caller's transaction.
[[nodiscard]] BudgetState state_of(Sql& sql, const StoredBudget& budget, UtcTime now);

/// Budgets over the ledger's database.
class SqliteBudgets final : public Budgets {
 public:
  SqliteBudgets(std::shared_ptr<Database> database, std::chrono::seconds lease) : database_(std::move(database)), lease_(lease) {}

  Result<void> put(const Budget& budget, UtcTime now) override;
  Result<std::vector<std::string>> put_from(const std::string& file, const std::vector<Budget>& budgets, UtcTime now) override;
  Result<std::vector<std::string>> differing_from(const std::string& file, const std::vector<Budget>& budgets) override;
  Result<std::map<std::string, std::string>> files() override;
  Result<void> remove(const std::string& name) override;
  Result<std::vector<BudgetState>> states(UtcTime now) override;
  Result<std::vector<BudgetPoint>> history(const std::string& name, const Period& between,
                                           std::chrono::minutes step) override;
  Result<Spend> spent(const Period& between) override;
  Result<std::vector<std::string>> verify() override;
  Result<void> rebuild() override;

 private:
  Result<StoredBudget> named(const std::string& name);
  static Result<void> check(const Budget& budget);
  Result<void> put_one(const Budget& budget, UtcTime now);
  Result<void> remove_one(const std::string& name);
  std::map<std::string, std::string> files_by_name();
  Result<void> check_file(const std::string& name, const std::string& file);
  std::vector<std::string> differing(const std::string& file, const std::vector<Budget>& budgets);
  std::shared_ptr<Database> database_;
  std::chrono::seconds lease_;
};

}  // namespace ts::ledger
