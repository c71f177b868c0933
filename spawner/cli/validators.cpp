#include "spawner/cli/validators.hpp"

#include <fmt/format.h>

#include "accounting/base/text.hpp"

namespace ts::cli {

/// CLI11's own says a range with 309 digits.
std::string check_how_many(const std::string& text) {
  constexpr std::size_t kMostDigits = 9;
  const std::size_t first = text.find_first_not_of('0');
  const bool digits = text.find_first_not_of("0123456789") == std::string::npos && first != std::string::npos;
  if (digits && text.size() - first <= kMostDigits) return {};
  return fmt::format("'{}': a whole number above 0{} is meant", printable(text, 40), digits ? ", of at most nine digits," : "");
}

}  // namespace ts::cli
