#include "accounting/base/text.hpp"

#include <gtest/gtest.h>

namespace ts {
namespace {

using namespace std::chrono_literals;

TEST(WithCommas, GroupsByThree) {
  EXPECT_EQ(with_commas(0), "0");
  EXPECT_EQ(with_commas(999), "999");
  EXPECT_EQ(with_commas(1000), "1,000");
  EXPECT_EQ(with_commas(-1234567), "-1,234,567");
  EXPECT_EQ(with_commas(100000), "100,000");
}

TEST(Compact, KeepsThreeDigits) {
  EXPECT_EQ(compact(0), "0");
  EXPECT_EQ(compact(999), "999");
  EXPECT_EQ(compact(8000), "8K");
  EXPECT_EQ(compact(6300), "6.3K");
  EXPECT_EQ(compact(180'400), "180K");
  EXPECT_EQ(compact(999'949), "1000K");
  EXPECT_EQ(compact(999'950), "1M");
  EXPECT_EQ(compact(1'500'000), "1.5M");
  EXPECT_EQ(compact(2'133'558), "2.1M");
}

TEST(Dollars, RoundsHalfEven) {
  EXPECT_EQ(dollars(0), "$0.00");
  EXPECT_EQ(dollars(34'293), "$0.0343");
  EXPECT_EQ(dollars(1'845'000), "$1.84");
  EXPECT_EQ(dollars(1'855'000), "$1.86");
  EXPECT_EQ(dollars(1'234'567'890'000), "$1,234,567.89");
}

TEST(HumanDuration, PicksTheUnit) {
  EXPECT_EQ(human_duration(0us), "0 s") << "a second that has just begun is cut to this";
  EXPECT_EQ(human_duration(900us), "900 µs");
  EXPECT_EQ(human_duration(1300us), "1.3 ms");
  EXPECT_EQ(human_duration(45s), "45 s");
  EXPECT_EQ(human_duration(192s), "3m 12s");
  EXPECT_EQ(human_duration(2h + 5min), "2h 05m");
}

TEST(Rfc3339, RoundTrips) {
  const auto time = parse_rfc3339("2026-11-21T18:47:30.608Z");
  ASSERT_TRUE(time.has_value());
  EXPECT_EQ(rfc3339(*time), "2026-11-21T18:47:30.608Z");
  EXPECT_EQ(parse_rfc3339("2026-11-21T19:47:30.608+01:00").value(), *time);
  EXPECT_EQ(parse_rfc3339("2026-11-21T18:47:30.608000111Z").value(), *time);
}

TEST(Rfc3339, RefusesWhatIsNoTime) {
  for (const char* text : {"", "2026", "2026-13-01T00:00:00Z", "2026-02-30T00:00:00Z", "2026-11-21T25:00:00Z",
                           "2026-11-21T18:47:30", "2026-11-21T18:47:30.Z", "2026-11-21T18:47:30Zx"})
    EXPECT_TRUE(parse_rfc3339(text).has_error()) << text;
}

TEST(ParseDuration, ReadsTheUsualForms) {
  EXPECT_EQ(parse_duration("90").value(), 90s);
  EXPECT_EQ(parse_duration("500ms").value(), 500ms);
  EXPECT_EQ(parse_duration("15m").value(), 15min);
  EXPECT_EQ(parse_duration("1h30m").value(), 90min);
  EXPECT_EQ(parse_duration("1d").value(), 24h);
  for (const char* text : {"", "-1", "1x", "m", "99999999999d", "1h30", "1.5h"})
    EXPECT_TRUE(parse_duration(text).has_error()) << text;
}

TEST(Printable, ReplacesControlAndInvalidBytes) {
  EXPECT_EQ(printable("a\x1b[31mb"), "a\xEF\xBF\xBD[31mb");
  EXPECT_EQ(printable("\xff"), "\xEF\xBF\xBD");
  EXPECT_EQ(printable("é→"), "é→");
  EXPECT_EQ(printable("abcdef", 3), "abc…");
}

}  // namespace
}  // namespace ts
