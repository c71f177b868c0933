#include "accounting/budget/prices.hpp"

namespace ts {
namespace {

constexpr std::string_view kTable =
#include "accounting/budget/price_table.inc"
    ;

PriceBook compiled_in() { return PriceBook::from(parse_price_list(kTable, "builtin").value()).value(); }

}  // namespace

const PriceBook& builtin_prices() {
  static const PriceBook book = compiled_in();
  return book;
}

std::string_view builtin_prices_date() {
  constexpr std::string_view kMark = "# date ";
  return kTable.substr(kTable.find(kMark) + kMark.size(), 10);
}

}  // namespace ts
