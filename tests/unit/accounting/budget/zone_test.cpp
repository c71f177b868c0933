#include "accounting/budget/zone.hpp"

#include <gtest/gtest.h>

#include "accounting/base/text.hpp"

namespace ts {
namespace {

using namespace std::chrono;

std::int64_t posix_offset(const char* rule, const char* time) {
  return PosixTz::parse(rule).value().offset_at(
      floor<seconds>(parse_rfc3339(time).value()).time_since_epoch().count());
}

TEST(PosixTz, ChangesAtTheStatedMoments) {
  const char* berlin = "CET-1CEST,M3.5.0,M10.5.0/3";
  EXPECT_EQ(posix_offset(berlin, "2026-03-29T00:59:59Z"), 3600);
  EXPECT_EQ(posix_offset(berlin, "2026-03-29T01:00:00Z"), 7200);
  EXPECT_EQ(posix_offset(berlin, "2026-10-25T00:59:59Z"), 7200);
  EXPECT_EQ(posix_offset(berlin, "2026-10-25T01:00:00Z"), 3600);
  const char* sydney = "AEST-10AEDT,M10.1.0,M4.1.0/3";  // summer over the year end
  EXPECT_EQ(posix_offset(sydney, "2026-01-01T00:00:00Z"), 39'600);
  EXPECT_EQ(posix_offset(sydney, "2026-07-01T00:00:00Z"), 36'000);
  EXPECT_EQ(posix_offset(sydney, "2026-12-31T23:59:59Z"), 39'600);
  EXPECT_EQ(posix_offset("IST-1GMT0,M10.5.0,M3.5.0/1", "2026-01-15T00:00:00Z"), 0)
      << "Dublin: summer is standard";
  EXPECT_EQ(posix_offset("IST-1GMT0,M10.5.0,M3.5.0/1", "2026-07-15T00:00:00Z"), 3600);
  EXPECT_EQ(posix_offset("<-02>2<-01>,M3.5.0/-1,M10.5.0/0", "2026-03-29T01:00:00Z"), -3600)
      << "Nuuk: the evening before";
  EXPECT_EQ(posix_offset("<-02>2<-01>,M3.5.0/-1,M10.5.0/0", "2026-03-29T00:59:59Z"), -7200);
  EXPECT_EQ(posix_offset("AAA0BBB,J60/0,J300/0", "2028-03-01T00:00:00Z"), 3600)
      << "J60 is March 1 in leap years too";
  EXPECT_EQ(posix_offset("AAA0BBB,59/0,300/0", "2028-02-29T00:00:00Z"), 3600);
  EXPECT_EQ(posix_offset("<+0545>-5:45", "2026-01-01T00:00:00Z"), 20'700);
}

TEST(PosixTz, RefusesOtherText) {
  for (const char* text :
       {"", "CET", "C-1", "CET-1CEST", "CET-1CEST,M3.5.0", "CET-1CEST,M13.5.0,M10.5.0",
        "CET-1CEST,M3.6.0,M10.5.0", "CET-1CEST,M3.5.7,M10.5.0", "CET-1CEST,J0,J1", "CET-1CEST,366,1",
        "<CET-1", "CET-1x", "CET-1:60", "CET-168", "CET-1CEST,M3.5.0,M10.5.0/", "CET-1CEST,M3.5.0,M10.5.0 "})
    EXPECT_FALSE(PosixTz::parse(text).has_value()) << text;
}

TEST(Zones, WithoutAFile) {
  EXPECT_EQ(Zone::without_file("UTC").value()->offset_at({}), 0s);
  EXPECT_EQ(Zone::without_file("+05:30").value()->offset_at({}), 19'800s);
  EXPECT_EQ(Zone::without_file("-03:00").value()->offset_at({}), -10'800s);
  EXPECT_FALSE(Zone::without_file("Europe/Berlin").value().has_value());
  for (const char* name : {"+5", "+05:31", "+15:00", "+0x:00", "-99:00", "+05:60"})
    EXPECT_EQ(Zone::without_file(name).error().code, Errc::invalid_argument) << name;
}

std::string number(std::int64_t value, int width) {
  std::string text;
  for (int i = width - 1; i >= 0; --i)
    text += static_cast<char>(static_cast<std::uint64_t>(value) >> (8 * static_cast<unsigned>(i)));
  return text;
}

/// A zone file with two changes of the clock: from 0 to +1 h at 1000 s, to −2 h at 2,000,000 s.
std::string zone_file(char version, const std::string& footer) {
  const auto block = [&](int width) {
    return std::string("TZif") + version + std::string(15, '\0') + number(0, 4) + number(0, 4) +
           number(0, 4) + number(2, 4) + number(3, 4) + number(4, 4) + number(1000, width) +
           number(2'000'000, width) + "\1\2" + number(0, 4) + "\0\0" + std::string(2, '\0') +
           number(3600, 4) + std::string(2, '\0') + number(-7200, 4) + std::string(2, '\0') + "abc" + '\0';
  };
  return version == '\0' ? block(4) : block(4) + block(8) + "\n" + footer + "\n";
}

TEST(Zones, ReadTransitionsAndFooter) {
  for (const char version : {'\0', '2', '4'}) {
    const Zone zone = Zone::parse("x", zone_file(version, "")).value();
    const auto offset = [&](std::int64_t t) { return zone.offset_at(UtcTime{seconds{t}}).count(); };
    EXPECT_EQ(offset(-5'000'000'000), 0);
    EXPECT_EQ(offset(999), 0);
    EXPECT_EQ(offset(1000), 3600);
    EXPECT_EQ(offset(2'000'000), -7200);
    EXPECT_EQ(offset(9'000'000'000), -7200);
    EXPECT_EQ(zone.first_at(local_seconds{2000s}).time_since_epoch(), 1000s) << "jumped over";
    EXPECT_EQ(zone.first_at(local_seconds{2'000'000s}).time_since_epoch(), 1'996'400s)
        << "comes twice: the first";
  }
  const Zone ruled = Zone::parse("x", zone_file('2', "CET-1CEST,M3.5.0,M10.5.0/3")).value();
  EXPECT_EQ(ruled.offset_at(parse_rfc3339("2100-07-01T00:00:00Z").value()), 7200s);
  EXPECT_EQ(ruled.offset_at(UtcTime{1500s}), 3600s);
}

TEST(Zones, RefuseBrokenFiles) {
  const std::string whole = zone_file('2', "CET-1CEST,M3.5.0,M10.5.0/3");
  for (std::size_t size = 0; size + 1 < whole.size(); ++size) {
    const auto zone = Zone::parse("x", whole.substr(0, size));
    EXPECT_TRUE(zone.has_error() || size + 30 > whole.size()) << size;
  }
  for (std::size_t at = 0; at < whole.size(); ++at)
    for (const char byte : {'\0', '\x7f', '\xff'}) {
      std::string bytes = whole;
      bytes[at] = byte;
      const auto zone = Zone::parse("x", bytes);
      if (zone.has_value()) (void)zone.value().first_at(local_seconds{1500s});
    }
  EXPECT_EQ(Zone::parse("x", "not a zone file").error().code, Errc::corrupt);
  EXPECT_EQ(Zone::parse("x", zone_file('2', "nonsense")).error().code, Errc::corrupt);
}

}  // namespace
}  // namespace ts
