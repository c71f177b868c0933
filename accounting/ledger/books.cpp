#include "accounting/ledger/books.hpp"

#include "accounting/ledger/sqlite_alerts.hpp"
#include "accounting/ledger/sqlite_budgets.hpp"
#include "accounting/ledger/sqlite_claims.hpp"
#include "accounting/ledger/sqlite_gate.hpp"
#include "accounting/ledger/sqlite_imports.hpp"
#include "accounting/ledger/sqlite_ledger.hpp"
#include "accounting/ledger/sqlite_recosts.hpp"
#include "accounting/ledger/sqlite_reports.hpp"

namespace ts::ledger {

struct Books::Parts {
  Parts(const std::shared_ptr<Database>& database, BooksOptions options)
      : budgets(database, options.lease),
        gate(database, options.lease),
        claims(database),
        alerts(database),
        reports(database),
        imports(database, options),
        recosts(database, options),
        runs(database, std::move(options)) {}
  SqliteBudgets budgets;
  SqliteGate gate;
  SqliteClaims claims;
  SqliteAlerts alerts;
  SqliteReports reports;
  SqliteImports imports;
  SqliteRecosts recosts;
  SqliteLedger runs;
};

Books::Books(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
Books::~Books() = default;

Result<std::unique_ptr<Books>> Books::open(const std::filesystem::path& path, OpenMode mode,
                                           BooksOptions options) {
  TS_TRY(std::shared_ptr<Database> database, Database::open(path, mode, options.patience));
  return std::unique_ptr<Books>(new Books(std::make_unique<Parts>(database, std::move(options))));
}

Ledger& Books::runs() {
  return parts_->runs;
}
Budgets& Books::budgets() {
  return parts_->budgets;
}
Gate& Books::gate() {
  return parts_->gate;
}
Claims& Books::claims() {
  return parts_->claims;
}
Alerts& Books::alerts() {
  return parts_->alerts;
}
Reports& Books::reports() {
  return parts_->reports;
}
Imports& Books::imports() {
  return parts_->imports;
}
Recosts& Books::recosts() {
  return parts_->recosts;
}

Result<std::unique_ptr<Ledger>> open_ledger(const std::filesystem::path& path, OpenMode mode,
                                            std::chrono::milliseconds patience) {
  TS_TRY(std::shared_ptr<Database> database, Database::open(path, mode, patience));
  return std::unique_ptr<Ledger>(std::make_unique<SqliteLedger>(std::move(database), BooksOptions{}));
}

}  // namespace ts::ledger
