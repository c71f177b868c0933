#pragma once

#include "accounting/ledger/books.hpp"
#include "accounting/ledger/database.hpp"
#include "accounting/ledger/imports.hpp"

namespace ts::ledger {

/// Imports over the ledger's database.
class SqliteImports final : public Imports {
 public:
  SqliteImports(std::shared_ptr<Database> database, BooksOptions options) : database_(std::move(database)), options_(std::move(options)) {}

  Result<std::map<std::string, FileMark>> marks() override;
  Result<ImportTally> put(const ImportBatch& batch, UtcTime now) override;
  Result<std::vector<EstimatedUsage>> estimated() override;

 private:
  std::shared_ptr<Database> database_;
  BooksOptions options_;
};

}  // namespace ts::ledger
