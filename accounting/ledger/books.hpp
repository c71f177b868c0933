#pragma once

#include "accounting/budget/prices.hpp"
#include "accounting/ledger/alerts.hpp"
#include "accounting/ledger/budgets.hpp"
#include "accounting/ledger/claims.hpp"
#include "accounting/ledger/gate.hpp"
#include "accounting/ledger/imports.hpp"
#include "accounting/ledger/ledger.hpp"
#include "accounting/ledger/recosts.hpp"
#include "accounting/ledger/reports.hpp"

namespace ts::ledger {

/// How the books are kept.
struct BooksOptions {
  /// Prices what is recorded; asked for when the first response comes. Lifetime: of the books. Absent: the
  /// built-in ones.
  std::function<const PriceBook&()> prices = {};
  /// How long reservations and claims outlive their run's last sign of life (record()).
  std::chrono::seconds lease{300};
  /// How long each call waits at most for other writers.
  std::chrono::milliseconds patience = kPatience;
};

/// All that one ledger file holds, over one connection. Thread: one object per thread.
/// Each run that is recorded through runs() is at once in the budgets: one transaction holds the response,
/// the usage, what is left of the reservation, and the alert.
class Books {
 public:
  /// Modes and errors: see open_ledger().
  [[nodiscard]] static Result<std::unique_ptr<Books>> open(const std::filesystem::path& path, OpenMode mode,
                                                           BooksOptions options = {});
  ~Books();
  Books(const Books&) = delete;
  Books& operator=(const Books&) = delete;

  [[nodiscard]] Ledger& runs();
  [[nodiscard]] Budgets& budgets();
  [[nodiscard]] Gate& gate();
  [[nodiscard]] Claims& claims();
  [[nodiscard]] Alerts& alerts();
  [[nodiscard]] Reports& reports();
  [[nodiscard]] Imports& imports();
  [[nodiscard]] Recosts& recosts();

 private:
  struct Parts;
  explicit Books(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace ts::ledger
