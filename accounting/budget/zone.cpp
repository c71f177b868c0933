#include "accounting/budget/zone.hpp"

#include <algorithm>

namespace ts {
namespace {

using namespace std::chrono;

constexpr std::int64_t kWidestShift = std::int64_t{26} * 3600;  ///< no wall clock is further than this from UTC, with a margin

/// Big-endian numbers of a TZif file. Reading past the end gives 0 and is remembered.
class Bytes {
 public:
  explicit Bytes(std::string_view bytes) : rest_(bytes) {}
  [[nodiscard]] bool failed() const { return failed_; }
  [[nodiscard]] std::string_view rest() const { return rest_; }
  std::string_view take(std::size_t count) {
    if (count > rest_.size()) {
      failed_ = true;
      rest_ = {};
      return {};
    }
    const auto taken = rest_.substr(0, count);
    rest_.remove_prefix(count);
    return taken;
  }
  std::int64_t number(std::size_t width) {
    const auto bytes = take(width);
    if (bytes.empty()) return 0;
    std::uint64_t value = static_cast<signed char>(bytes.front()) < 0 ? ~std::uint64_t{0} : 0;
    for (const char c : bytes) value = (value << 8U) | static_cast<unsigned char>(c);
    return static_cast<std::int64_t>(value);
  }

 private:
  std::string_view rest_;
  bool failed_ = false;
};

struct Header {
  char version = 0;
  std::size_t isut = 0, isstd = 0, leap = 0, times = 0, types = 0, chars = 0;
  [[nodiscard]] std::size_t body(std::size_t width) const {
    return times * (width + 1) + types * 6 + chars + leap * (width + 4) + isstd + isut;
  }
};

std::optional<Header> read_header(Bytes& in) {
  if (in.take(4) != "TZif") return std::nullopt;
  Header header;
  const auto version = in.take(1);
  header.version = version.empty() ? '\0' : version.front();
  in.take(15);
  for (std::size_t* count :
       {&header.isut, &header.isstd, &header.leap, &header.times, &header.types, &header.chars})
    *count = static_cast<std::size_t>(in.number(4)) & 0xffffffU;  // more than any file has: no overflow below
  if (in.failed() || header.types == 0) return std::nullopt;
  return header;
}

std::int64_t seconds_of(UtcTime time) {
  return floor<seconds>(time).time_since_epoch().count();
}

/// "+05:30" → seconds. Absent: not of that form.
std::optional<std::int64_t> fixed_offset(std::string_view text) {
  const auto digit = [&](std::size_t at) {
    return text[at] >= '0' && text[at] <= '9' ? text[at] - '0' : -1000;
  };
  if (text.size() != 6 || text[3] != ':') return std::nullopt;
  const int hours = digit(1) * 10 + digit(2), minutes = digit(4) * 10 + digit(5);
  if (hours < 0 || minutes < 0 || hours * 60 + minutes > 14 * 60 || minutes % 15 != 0 || minutes > 59)
    return std::nullopt;
  const std::int64_t offset = hours * 3600 + minutes * 60;
  return text[0] == '-' ? -offset : offset;
}

}  // namespace

Result<std::optional<Zone>> Zone::without_file(std::string_view name) {
  Zone zone;
  if (name == "UTC" || name == "Z" || name == "Etc/UTC") return std::optional(zone);
  if (name.empty() || (name.front() != '+' && name.front() != '-')) return std::optional<Zone>();
  const auto offset = fixed_offset(name);
  if (!offset)
    return Error{Errc::invalid_argument,
                 "zone '" + std::string(name) +
                     "': not an offset: write +05:30 (quarters of an hour, at most 14 hours), or a name "
                     "such as Europe/Berlin"};
  zone.name_ = name;
  zone.first_offset_ = *offset;
  return std::optional(zone);
}

Result<Zone> Zone::parse(std::string name, std::string_view bytes) {
  const auto broken = [&name] {
    return Error{Errc::corrupt, "zone '" + name + "': its file is not a readable TZif file"};
  };
  Bytes in(bytes);
  auto header = read_header(in);
  if (!header) return broken();
  std::size_t width = 4;
  if (header->version >= '2') {  // the first block is for readers of 32-bit times
    in.take(header->body(width));
    header = read_header(in);
    if (!header) return broken();
    width = 8;
  }
  if (header->leap != 0)
    return Error{Errc::unsupported, "zone '" + name + "': zones with leap seconds are not read"};
  if (in.rest().size() < header->body(width)) return broken();
  Zone zone;
  zone.name_ = std::move(name);
  zone.transitions_.resize(header->times);
  for (Transition& transition : zone.transitions_) transition.at = in.number(width);
  const auto type_of = in.take(header->times);
  std::vector<std::int32_t> offsets(header->types);
  for (std::int32_t& offset : offsets) {
    offset = static_cast<std::int32_t>(in.number(4));
    if (offset <= -kWidestShift || offset >= kWidestShift) return broken();
    in.take(2);
  }
  for (std::size_t i = 0; i < header->times; ++i) {
    const auto type = static_cast<unsigned char>(type_of[i]);
    if (type >= offsets.size() || (i > 0 && zone.transitions_[i].at <= zone.transitions_[i - 1].at))
      return broken();
    zone.transitions_[i].offset = offsets[type];
  }
  zone.first_offset_ = offsets.front();
  in.take(header->chars + header->isstd + header->isut);
  const auto footer = in.rest();
  if (width == 8 && footer.size() > 2) {
    const auto end = footer.find('\n', 1);
    if (footer.front() != '\n' || end == std::string_view::npos) return broken();
    zone.after_ = PosixTz::parse(footer.substr(1, end - 1));
    if (!zone.after_ && end > 1) return broken();
  }
  return zone;
}

std::int64_t Zone::offset_of(std::int64_t time) const {
  if (transitions_.empty()) return after_ ? after_->offset_at(time) : first_offset_;
  if (time >= transitions_.back().at && after_) return after_->offset_at(time);
  const auto next =
      std::upper_bound(transitions_.begin(), transitions_.end(), time,
                       [](std::int64_t t, const Transition& transition) { return t < transition.at; });
  return next == transitions_.begin() ? first_offset_ : std::prev(next)->offset;
}

seconds Zone::offset_at(UtcTime time) const {
  return seconds{offset_of(seconds_of(time))};
}

local_seconds Zone::local(UtcTime time) const {
  const std::int64_t utc = seconds_of(time);
  return local_seconds{seconds{utc + offset_of(utc)}};
}

UtcTime Zone::first_at(local_seconds wall_time) const {
  const std::int64_t wall = wall_time.time_since_epoch().count();
  std::optional<std::int64_t> first;
  for (const std::int64_t around :
       {-kWidestShift, -kWidestShift / 2, std::int64_t{0}, kWidestShift / 2, kWidestShift}) {
    const std::int64_t offset = offset_of(wall + around);
    if (offset_of(wall - offset) == offset && (!first || wall - offset < *first)) first = wall - offset;
  }
  if (!first) {  // the clock jumps over it: the first moment at which it shows more
    std::int64_t low = wall - kWidestShift, high = wall + kWidestShift;
    while (high - low > 1) {
      const std::int64_t middle = low + (high - low) / 2;
      (middle + offset_of(middle) >= wall ? high : low) = middle;
    }
    first = high;
  }
  return UtcTime{seconds{*first}};
}

}  // namespace ts
