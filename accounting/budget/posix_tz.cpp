#include "accounting/budget/posix_tz.hpp"

#include <chrono>

namespace ts {
namespace {

using namespace std::chrono;

constexpr std::int64_t kHour = 3600;
constexpr std::int64_t kDay = 86'400;

/// Reads a POSIX TZ string from the left.
class Reader {
 public:
  explicit Reader(std::string_view text) : rest_(text) {}

  [[nodiscard]] bool at_end() const { return rest_.empty(); }
  [[nodiscard]] bool next_is(char c) const { return !rest_.empty() && rest_.front() == c; }
  bool take(char c) {
    if (!next_is(c)) return false;
    rest_.remove_prefix(1);
    return true;
  }

  bool name() {
    std::size_t length = 0;
    if (next_is('<')) {
      length = rest_.find('>');
      if (length == std::string_view::npos) return false;
      ++length;
    } else {
      while (length < rest_.size() && is_letter(rest_[length])) ++length;
    }
    if (length < 3) return false;
    rest_.remove_prefix(length);
    return true;
  }

  std::optional<int> number(int lowest, int highest) {
    int value = 0;
    std::size_t digits = 0;
    while (digits < rest_.size() && digits < 4 && rest_[digits] >= '0' && rest_[digits] <= '9')
      value = value * 10 + (rest_[digits++] - '0');
    if (digits == 0 || value < lowest || value > highest) return std::nullopt;
    rest_.remove_prefix(digits);
    return value;
  }

  /// [+-]hh[:mm[:ss]] in seconds.
  std::optional<std::int64_t> time() {
    const bool negative = take('-');
    if (!negative) take('+');
    const auto hours = number(0, 167);
    if (!hours) return std::nullopt;
    std::int64_t value = *hours * kHour;
    for (const std::int64_t unit : {std::int64_t{60}, std::int64_t{1}}) {
      if (!take(':')) break;
      const auto part = number(0, 59);
      if (!part) return std::nullopt;
      value += *part * unit;
    }
    return negative ? -value : value;
  }

  std::optional<PosixTz::Change> change() {
    using Kind = PosixTz::Change::Kind;
    PosixTz::Change result;
    std::optional<int> day;
    if (take('M')) {
      const auto month = number(1, 12);
      if (!month || !take('.')) return std::nullopt;
      const auto week = number(1, 5);
      if (!week || !take('.')) return std::nullopt;
      result.month = *month;
      result.week = *week;
      day = number(0, 6);
    } else if (take('J')) {
      result.kind = Kind::julian;
      day = number(1, 365);
    } else {
      result.kind = Kind::day_of_year;
      day = number(0, 365);
    }
    if (!day) return std::nullopt;
    result.day = *day;
    if (take('/')) {
      const auto second = time();
      if (!second) return std::nullopt;
      result.second = *second;
    }
    return result;
  }

 private:
  static bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
  std::string_view rest_;
};

}  // namespace

std::int64_t PosixTz::Change::in_year(int y) const {
  sys_days date;
  if (kind == Kind::month_week_day) {
    const auto in_month = year{y} / std::chrono::month{static_cast<unsigned>(month)};
    const weekday named{static_cast<unsigned>(day)};
    date = week == 5 ? sys_days{in_month / named[last]}
                     : sys_days{in_month / named[static_cast<unsigned>(week)]};
  } else {
    const bool after_leap_day = kind == Kind::julian && year{y}.is_leap() && day >= 60;
    date = sys_days{year{y} / 1 / 1} + days{kind == Kind::julian ? day - 1 + (after_leap_day ? 1 : 0) : day};
  }
  return date.time_since_epoch().count() * kDay + second;
}

std::optional<PosixTz> PosixTz::parse(std::string_view text) {
  Reader in(text);
  PosixTz zone;
  if (!in.name()) return std::nullopt;
  const auto west = in.time();
  if (!west) return std::nullopt;
  zone.standard_ = -*west;
  if (in.at_end()) return zone;
  Summer summer;
  if (!in.name()) return std::nullopt;
  summer.offset = zone.standard_ + kHour;
  if (!in.next_is(',')) {
    const auto summer_west = in.time();
    if (!summer_west) return std::nullopt;
    summer.offset = -*summer_west;
  }
  if (!in.take(',')) return std::nullopt;
  const auto begin = in.change();
  if (!begin || !in.take(',')) return std::nullopt;
  const auto end = in.change();
  if (!end || !in.at_end()) return std::nullopt;
  summer.begin = *begin;
  summer.end = *end;
  zone.summer_ = summer;
  return zone;
}

std::int64_t PosixTz::offset_at(std::int64_t seconds) const {
  if (!summer_) return standard_;
  const auto date = floor<days>(sys_seconds{std::chrono::seconds{seconds + standard_}});
  const int y = static_cast<int>(year_month_day{date}.year());
  const std::int64_t begin = summer_->begin.in_year(y) - standard_;
  const std::int64_t end = summer_->end.in_year(y) - summer_->offset;
  const bool is_summer = begin < end ? seconds >= begin && seconds < end : seconds >= begin || seconds < end;
  return is_summer ? summer_->offset : standard_;
}

}  // namespace ts
