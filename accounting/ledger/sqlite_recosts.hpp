#pragma once

#include "accounting/ledger/books.hpp"
#include "accounting/ledger/database.hpp"
#include "accounting/ledger/recosts.hpp"

namespace ts::ledger {

/// Recosts over the ledger's database.
class SqliteRecosts final : public Recosts {
 public:
  SqliteRecosts(std::shared_ptr<Database> database, BooksOptions options) : database_(std::move(database)), options_(std::move(options)) {}

  Result<RecostTally> recost(const RecostRequest& request, const std::string& prices, UtcTime now) override;
  Result<std::vector<RecostRecord>> list() override;
  Result<std::vector<CostChange>> history(const std::string& run) override;

 private:
  std::shared_ptr<Database> database_;
  BooksOptions options_;
};

}  // namespace ts::ledger
