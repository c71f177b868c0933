#pragma once

#include "accounting/ledger/books.hpp"

namespace ts::session {

/// What the books need to know of the world.
struct BooksSetup {
  std::shared_ptr<const PriceBook> prices;  ///< null: the built-in ones
  std::chrono::seconds lease{300};
};

[[nodiscard]] ledger::BooksOptions books_options(BooksSetup setup);

/// The ledger below a state folder, with budgets, claims and alerts. Modes and errors: see ledger::open_ledger().
[[nodiscard]] Result<std::unique_ptr<ledger::Books>> open_books(const std::string& state_home, ledger::OpenMode mode, BooksSetup setup);

}  // namespace ts::session
