#include "accounting/base/wall_clock.hpp"

#include <charconv>

namespace ts {
namespace {

using std::chrono::local_days;
using std::chrono::microseconds;

/// Reads exactly `width` digits and the character behind them, if one is asked for.
class Digits {
 public:
  explicit Digits(std::string_view text) : text_(text) {}
  bool take(std::size_t width, int& value) {
    if (text_.size() < width) return false;
    const auto [end, error] = std::from_chars(text_.data(), text_.data() + width, value);
    if (error != std::errc() || end != text_.data() + width || text_[0] == '-') return false;
    text_.remove_prefix(width);
    return true;
  }
  bool skip(std::string_view one_of) {
    if (text_.empty() || one_of.find(text_[0]) == std::string_view::npos) return false;
    text_.remove_prefix(1);
    return true;
  }
  [[nodiscard]] bool empty() const { return text_.empty(); }

 private:
  std::string_view text_;
};

/// Digits behind the point, as microseconds; more than six are cut off.
bool take_fraction(Digits& digits, microseconds& value) {
  int digit = 0, scale = 100'000;
  bool any = false;
  while (digits.take(1, digit)) {
    value += microseconds(digit * scale);
    scale /= 10;
    any = true;
  }
  return any;
}

}  // namespace

std::optional<std::chrono::local_time<microseconds>> parse_wall(std::string_view text) {
  Digits digits(text);
  int year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0;
  microseconds fraction{0};
  if (!digits.take(4, year) || !digits.skip("-") || !digits.take(2, month) || !digits.skip("-") || !digits.take(2, day)) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year(year), std::chrono::month(static_cast<unsigned>(month)),
                                         std::chrono::day(static_cast<unsigned>(day))};
  if (!date.ok()) return std::nullopt;
  if (!digits.empty()) {
    if (!digits.skip(" T") || !digits.take(2, hour) || !digits.skip(":") || !digits.take(2, minute)) return std::nullopt;
    if (digits.skip(":") && !digits.take(2, second)) return std::nullopt;
    if (digits.skip(".,") && !take_fraction(digits, fraction)) return std::nullopt;
  }
  if (!digits.empty() || hour > 23 || minute > 59 || second > 60) return std::nullopt;
  return local_days(date) + std::chrono::hours(hour) + std::chrono::minutes(minute) + std::chrono::seconds(second) + fraction;
}

}  // namespace ts
