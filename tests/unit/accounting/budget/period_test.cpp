#include "accounting/budget/period.hpp"

#include <gtest/gtest.h>

#include "accounting/base/text.hpp"

namespace ts {
namespace {

using namespace std::chrono;
using namespace std::chrono_literals;

UtcTime at(const char* text) {
  return parse_rfc3339(text).value();
}

/// A zone whose rule holds for all years: a TZif file with nothing but its footer.
Zone zone_of(const std::string& rule) {
  const auto block = [](char version) {
    std::string text = "TZif";
    text += version;
    text += std::string(15, '\0');
    for (const char* count : {"0", "0", "0", "0", "1", "4"}) text += std::string(3, '\0') + static_cast<char>(*count - '0');
    return text + std::string(6, '\0') + "UTC" + '\0';
  };
  return Zone::parse(rule, block('2') + block('2') + "\n" + rule + "\n").value();
}

const Zone kBerlin = zone_of("CET-1CEST,M3.5.0,M10.5.0/3");
const Zone kNewYork = zone_of("EST5EDT,M3.2.0,M11.1.0");
const Zone kKolkata = zone_of("IST-5:30");
const Zone kSantiago = zone_of("<-04>4<-03>,M9.1.6/24,M4.1.6/24");     // both ways at midnight
const Zone kStJohns = zone_of("NST3:30NDT,M3.2.0/0:01,M11.1.0/0:01");  // turned back over midnight until 2011
const Zone kLordHowe = zone_of("<+1030>-10:30<+11>-11,M10.1.0,M4.1.0");  // by half an hour

std::string shown(const Period& period) {
  return rfc3339(period.start) + " " + (period.end ? rfc3339(*period.end) : "-");
}

struct Case {
  const char* what;
  PeriodKind kind;
  int reset_day;
  const Zone& zone;
  const char* time;
  const char* start;
  const char* end;
};

TEST(PeriodAt, HoldsAtMonthEndsAndClockChanges) {
  const Zone utc;
  using K = PeriodKind;
  const Case cases[] = {
      {"plain month", K::month, 1, utc, "2026-11-21T12:00:00Z", "2026-11-01T00:00:00Z",
       "2026-12-01T00:00:00Z"},
      {"first moment", K::month, 1, utc, "2026-11-01T00:00:00Z", "2026-11-01T00:00:00Z",
       "2026-12-01T00:00:00Z"},
      {"last moment", K::month, 1, utc, "2026-11-30T23:59:59.999Z", "2026-11-01T00:00:00Z",
       "2026-12-01T00:00:00Z"},
      {"year end", K::month, 1, utc, "2026-12-31T23:59:59Z", "2026-12-01T00:00:00Z", "2027-01-01T00:00:00Z"},
      {"reset 31 in February", K::month, 31, utc, "2026-02-28T00:00:00Z", "2026-02-28T00:00:00Z",
       "2026-03-31T00:00:00Z"},
      {"reset 31 before it", K::month, 31, utc, "2026-02-27T23:59:59Z", "2026-01-31T00:00:00Z",
       "2026-02-28T00:00:00Z"},
      {"reset 31 in a leap year", K::month, 31, utc, "2028-02-28T12:00:00Z", "2028-01-31T00:00:00Z",
       "2028-02-29T00:00:00Z"},
      {"reset 30 on a leap day", K::month, 30, utc, "2028-02-29T12:00:00Z", "2028-02-29T00:00:00Z",
       "2028-03-30T00:00:00Z"},
      {"reset 29 in a common year", K::month, 29, utc, "2027-02-28T12:00:00Z", "2027-02-28T00:00:00Z",
       "2027-03-29T00:00:00Z"},
      {"reset 31 in April", K::month, 31, utc, "2026-04-30T12:00:00Z", "2026-04-30T00:00:00Z",
       "2026-05-31T00:00:00Z"},
      {"reset 15 over the year end", K::month, 15, utc, "2027-01-03T00:00:00Z", "2026-12-15T00:00:00Z",
       "2027-01-15T00:00:00Z"},
      {"1900 had no leap day", K::month, 31, utc, "1900-02-28T12:00:00Z", "1900-02-28T00:00:00Z",
       "1900-03-31T00:00:00Z"},
      {"Berlin, month with spring", K::month, 1, kBerlin, "2026-03-31T21:59:59Z", "2026-02-28T23:00:00Z",
       "2026-03-31T22:00:00Z"},
      {"Berlin, 23 hours", K::day, 1, kBerlin, "2026-03-29T12:00:00Z", "2026-03-28T23:00:00Z",
       "2026-03-29T22:00:00Z"},
      {"Berlin, 25 hours", K::day, 1, kBerlin, "2026-10-25T00:30:00Z", "2026-10-24T22:00:00Z",
       "2026-10-25T23:00:00Z"},
      {"New York, 25 hours", K::day, 1, kNewYork, "2026-11-01T12:00:00Z", "2026-11-01T04:00:00Z",
       "2026-11-02T05:00:00Z"},
      {"Kolkata", K::day, 1, kKolkata, "2026-11-20T18:30:00Z", "2026-11-20T18:30:00Z",
       "2026-11-21T18:30:00Z"},
      {"Santiago, a day without midnight", K::day, 1, kSantiago, "2026-09-06T12:00:00Z",
       "2026-09-06T04:00:00Z", "2026-09-07T03:00:00Z"},
      {"Santiago, 23 o'clock twice", K::day, 1, kSantiago, "2026-04-05T03:30:00Z", "2026-04-04T03:00:00Z",
       "2026-04-05T04:00:00Z"},
      {"St. John's, back over midnight", K::day, 1, kStJohns, "2026-11-01T02:35:00Z", "2026-11-01T02:30:00Z",
       "2026-11-02T03:30:00Z"},
      {"week", K::week, 1, utc, "2026-11-22T23:59:59Z", "2026-11-16T00:00:00Z", "2026-11-23T00:00:00Z"},
      {"week from Sunday", K::week, 7, utc, "2026-11-21T00:00:00Z", "2026-11-15T00:00:00Z",
       "2026-11-22T00:00:00Z"},
      {"week before 1970", K::week, 1, utc, "1969-12-28T00:00:00Z", "1969-12-22T00:00:00Z",
       "1969-12-29T00:00:00Z"},
      {"week with a clock change", K::week, 1, kBerlin, "2026-10-25T12:00:00Z", "2026-10-18T22:00:00Z",
       "2026-10-25T23:00:00Z"},
      {"hour", K::hour, 1, utc, "2026-11-21T12:59:59Z", "2026-11-21T12:00:00Z", "2026-11-21T13:00:00Z"},
      {"hour at half", K::hour, 1, kKolkata, "2026-11-21T12:59:59Z", "2026-11-21T12:30:00Z",
       "2026-11-21T13:30:00Z"},
      {"hour repeated", K::hour, 1, kBerlin, "2026-10-25T01:30:00Z", "2026-10-25T01:00:00Z",
       "2026-10-25T02:00:00Z"},
  };
  for (const Case& c : cases) {
    const Period period = period_at({c.kind, c.reset_day, 0min, ""}, c.zone, at(c.time));
    EXPECT_EQ(shown(period), shown({at(c.start), at(c.end)})) << c.what;
  }
}

/// Whatever the rule and the clock: each moment is in one period, and the next begins where it ends.
TEST(PeriodAt, LeavesNoGapAndNoOverlap) {
  std::vector<PeriodRule> rules = {{PeriodKind::hour, 1, 0min, ""}, {PeriodKind::day, 1, 0min, ""}};
  for (int day = 1; day <= 7; ++day) rules.push_back({PeriodKind::week, day, 0min, ""});
  for (int day = 1; day <= 31; ++day) rules.push_back({PeriodKind::month, day, 0min, ""});
  const Zone utc;
  for (const Zone* zone : {&utc, &kBerlin, &kNewYork, &kKolkata, &kSantiago, &kStJohns, &kLordHowe})
    for (const PeriodRule& rule : rules) {
      UtcTime time = at("2027-12-20T00:00:00Z");
      const UtcTime stop = rule.kind == PeriodKind::hour ? time + 24h * 120 : at("2029-01-15T00:00:00Z");
      while (time < stop) {
        const Period period = period_at(rule, *zone, time);
        ASSERT_TRUE(period.start <= time && time < *period.end) << zone->name() << " " << rfc3339(time);
        ASSERT_EQ(slot_of(period.start), period.start) << zone->name() << " " << rfc3339(period.start);
        ASSERT_EQ(shown(period_at(rule, *zone, period.start)), shown(period)) << zone->name();
        ASSERT_EQ(shown(period_at(rule, *zone, *period.end - 1us)), shown(period)) << zone->name();
        ASSERT_EQ(shown({*period.end, {}}).substr(0, 24),
                  shown(period_at(rule, *zone, *period.end)).substr(0, 24));
        time = *period.end;
      }
    }
}

TEST(PeriodAt, RollsInQuartersOfAnHour) {
  const PeriodRule rule{PeriodKind::rolling, 1, 24h, "UTC"};
  EXPECT_EQ(shown(period_at(rule, Zone(), at("2026-11-21T12:07:00Z"))),
            "2026-11-20T12:15:00.000Z 2026-11-21T12:15:00.000Z");
}

TEST(PeriodRules, AreRefusedWithTheReason) {
  using K = PeriodKind;
  for (const PeriodRule& rule : {PeriodRule{K::month, 0, 0min, "UTC"},
                                 {K::month, 32, 0min, "UTC"},
                                 {K::month, -1, 0min, "UTC"},
                                 {K::week, 8, 0min, "UTC"},
                                 {K::day, 2, 0min, "UTC"},
                                 {K::day, 1, 1h, "UTC"},
                                 {K::rolling, 1, 0min, "UTC"},
                                 {K::rolling, 1, 61min, "UTC"},
                                 {K::rolling, 1, -1h, "UTC"},
                                 {K::rolling, 1, 24h * 401, "UTC"},
                                 {K::rolling, 3, 24h, "UTC"},
                                 {K::total, 1, 1h, "UTC"}}) {
    const auto result = validate(rule);
    ASSERT_TRUE(result.has_error()) << name_of(rule.kind) << rule.reset_day;
    EXPECT_EQ(result.error().code, Errc::invalid_argument);
  }
  for (const PeriodRule& rule :
       {PeriodRule{K::month, 31, 0min, "UTC"}, {K::week, 7, 0min, "UTC"}, {K::rolling, 1, 90min, "UTC"}})
    EXPECT_TRUE(validate(rule).has_value());
}

TEST(PeriodLabels, AreForPeople) {
  const auto label = [](const PeriodRule& rule, const Zone& zone) {
    return period_label(rule, zone, period_at(rule, zone, at("2026-11-21T12:34:00Z")));
  };
  EXPECT_EQ(label({PeriodKind::month, 1, 0min, ""}, kBerlin), "November 2026");
  EXPECT_EQ(label({PeriodKind::month, 31, 0min, ""}, kBerlin), "month from 2026-10-31");
  EXPECT_EQ(label({PeriodKind::week, 1, 0min, ""}, kBerlin), "week of 2026-11-16");
  EXPECT_EQ(label({PeriodKind::day, 1, 0min, ""}, kBerlin), "2026-11-21");
  EXPECT_EQ(label({PeriodKind::hour, 1, 0min, ""}, kBerlin), "2026-11-21 13:00");
  EXPECT_EQ(label({PeriodKind::rolling, 1, 24h, ""}, kBerlin), "last 24h 00m");
  EXPECT_EQ(label({PeriodKind::rolling, 1, 24h * 30, ""}, kBerlin), "last 30 days");
  EXPECT_EQ(label({PeriodKind::total, 1, 0min, ""}, kBerlin), "in all");
}

TEST(PeriodKinds, RoundTrip) {
  for (const char* name : {"hour", "day", "week", "month", "rolling", "total"})
    EXPECT_EQ(name_of(period_kind_named(name).value()), name);
  EXPECT_FALSE(period_kind_named("year").has_value());
}

}  // namespace
}  // namespace ts
