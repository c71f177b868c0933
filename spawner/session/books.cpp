#include "spawner/session/books.hpp"

#include "spawner/session/paths.hpp"

namespace ts::session {

ledger::BooksOptions books_options(BooksSetup setup) {
  ledger::BooksOptions options;
  options.lease = setup.lease;
  if (setup.prices) options.prices = [prices = std::move(setup.prices)]() -> const PriceBook& { return *prices; };
  return options;
}

Result<std::unique_ptr<ledger::Books>> open_books(const std::string& state_home, ledger::OpenMode mode, BooksSetup setup) {
  return ledger::Books::open(ledger_path(state_home), mode, books_options(std::move(setup)));
}

}  // namespace ts::session
