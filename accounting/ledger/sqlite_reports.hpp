#pragma once

#include "accounting/ledger/database.hpp"
#include "accounting/ledger/reports.hpp"

namespace ts::ledger {

/// Reports over the ledger's database. Reads only, but for rebuild().
class SqliteReports final : public Reports {
 public:
  explicit SqliteReports(std::shared_ptr<Database> database) : database_(std::move(database)) {}

  Result<std::vector<UsageRow>> usage(const UsageQuery& query) override;
  Result<std::optional<Span>> span() override;
  Result<std::vector<std::string>> verify() override;
  Result<void> rebuild() override;

 private:
  std::shared_ptr<Database> database_;
};

}  // namespace ts::ledger
