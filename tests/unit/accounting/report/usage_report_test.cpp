#include "accounting/report/usage_report.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "accounting/base/text.hpp"
#include "accounting/report/time_words.hpp"

namespace ts::report {
namespace {

using ledger::Dimension;
using ledger::UsageRow;
using ledger::UsageSum;

UtcTime at(const char* text) { return parse_rfc3339(text).value(); }

UsageSum spent(Tokens output, std::int64_t micro = 0, Tokens unpriced = 0) {
  UsageSum sum;
  sum.counts.output = output;
  sum.requests = 1;
  sum.cost.pico = Int128{micro} * 1'000'000;
  sum.unpriced = unpriced;
  return sum;
}

/// Answers with rows that the test puts in, and keeps the question.
class FakeReports final : public ledger::Reports {
 public:
  Result<std::vector<UsageRow>> usage(const ledger::UsageQuery& query) override {
    asked = query;
    return rows;
  }
  Result<std::optional<Span>> span() override { return std::optional<Span>(); }
  Result<std::vector<std::string>> verify() override { return std::vector<std::string>(); }
  Result<void> rebuild() override { return {}; }

  std::vector<UsageRow> rows;
  ledger::UsageQuery asked;
};

UsageRow day_row(const char* day, const char* start, Tokens output) {
  UsageRow row;
  row.keys = {day};
  row.start = at(start);
  row.all = spent(output);
  return row;
}

TEST(Trend, FillsWhatIsEmpty) {
  FakeReports reports;
  reports.rows = {day_row("2026-02-27", "2026-02-27T00:00:00Z", 10), day_row("2026-03-02", "2026-03-02T00:00:00Z", 5)};
  const auto days = trend(reports, {.step = Step::day, .until = at("2026-03-02T13:00:00Z"), .steps = 5}).value();
  ASSERT_EQ(days.points.size(), 5U);
  EXPECT_EQ(days.points[0].label, "2026-02-26");
  EXPECT_EQ(days.points[1].all.counts.output, 10);
  EXPECT_EQ(days.points[2].label, "2026-02-28");
  EXPECT_EQ(days.points[2].all.counts.output, 0);
  EXPECT_EQ(days.points[4].all.counts.output, 5);
  EXPECT_EQ(days.total.all.counts.output, 15);
  EXPECT_EQ(reports.asked.since, at("2026-02-26T00:00:00Z"));
  EXPECT_EQ(reports.asked.until, at("2026-03-03T00:00:00Z"));

  const auto weeks = trend(reports, {.step = Step::week, .until = at("2026-03-02T13:00:00Z"), .steps = 2}).value();
  ASSERT_EQ(weeks.points.size(), 2U);
  EXPECT_EQ(weeks.points[0].label, "2026-02-23");
  EXPECT_EQ(weeks.points[0].all.counts.output, 10);
  EXPECT_EQ(weeks.points[1].all.counts.output, 5);

  const auto months = trend(reports, {.step = Step::month, .since = at("2025-12-31T23:00:00Z"), .until = at("2026-03-02T13:00:00Z")}).value();
  ASSERT_EQ(months.points.size(), 4U);
  EXPECT_EQ(months.points[0].label, "2025-12");
  EXPECT_EQ(months.points[2].all.counts.output, 10);
  EXPECT_EQ(months.points[3].all.counts.output, 5);

  const auto hours = trend(reports, {.step = Step::hour, .until = at("2026-03-02T01:30:00Z"), .steps = 3}).value();
  ASSERT_EQ(hours.points.size(), 3U);
  EXPECT_EQ(hours.points[0].label, "2026-03-01 23:00");
  EXPECT_EQ(hours.points[1].all.counts.output, 5);
}

TEST(Trend, HasItsBounds) {
  FakeReports reports;
  EXPECT_EQ(trend(reports, {.step = Step::hour, .since = at("2000-01-01T00:00:00Z"), .until = at("2026-03-02T00:00:00Z")}).error().code, Errc::too_large);
  EXPECT_EQ(trend(reports, {.step = Step::day, .since = at("1900-01-01T00:00:00Z"), .until = at("2026-03-02T00:00:00Z")}).error().code, Errc::too_large);
  EXPECT_TRUE(trend(reports, {.step = Step::day, .since = at("2027-01-01T00:00:00Z"), .until = at("2026-03-02T00:00:00Z")}).has_error());
}

TEST(Sparkline, IsOneCharacterAValue) {
  EXPECT_EQ(sparkline({0, 1, 50, 100}), "▁▁▅█");
  EXPECT_EQ(sparkline({0, -5, 0}), "▁▁▁");
  EXPECT_EQ(sparkline({}), "");
}

UsageReport sample(FakeReports& reports) {
  UsageRow a{{"claude-opus-4-1", "2026-11-21"}, at("2026-11-21T00:00:00Z"), spent(10, 1'840'000), {}, {}};
  UsageRow b{{"", "2026-11-21"}, at("2026-11-21T00:00:00Z"), spent(7, 0, 7), spent(7, 0, 7), {}};
  UsageRow c{{"=x,|\"y\"", "2026-11-21"}, at("2026-11-21T00:00:00Z"), spent(30, 5, 3), {}, spent(30)};
  reports.rows = {b, c, a};
  return usage_report(reports, {.by = {Dimension::model, Dimension::day}}, {.order = RowOrder::tokens}).value();
}

TEST(UsageReportForms, JsonIsExactAndUnpricedIsNull) {
  FakeReports reports;
  const auto j = nlohmann::json::parse(to_json(sample(reports)));
  EXPECT_EQ(j["rows"][0]["fresh"], 30);
  EXPECT_EQ(j["rows"][1]["cost_micro_usd"], 1'840'000);
  EXPECT_TRUE(j["rows"][2]["cost_micro_usd"].is_null());
  EXPECT_TRUE(j["rows"][2]["model"].is_null());
  EXPECT_EQ(j["rows"][2]["unpriced_tokens"], 7);
  EXPECT_EQ(j["rows"][2]["waste"]["failed"]["fresh"], 7);
  EXPECT_TRUE(j["rows"][0]["runs"].is_null()) << "a run may use several models";
  EXPECT_EQ(j["total"]["fresh"], 47);
  EXPECT_EQ(j["total"]["waste"]["duplicate"]["fresh"], 30);
}

TEST(UsageReportForms, CsvAndMarkdownKeepHostileNamesInTheirCells) {
  FakeReports reports;
  const auto report = sample(reports);
  const std::string csv = to_csv(report);
  EXPECT_NE(csv.find("\"'=x,|\"\"y\"\"\",2026-11-21,1,0,"), std::string::npos) << csv;
  EXPECT_EQ(std::count(csv.begin(), csv.end(), '\n'), 4);
  const std::string markdown = to_markdown(report);
  EXPECT_NE(markdown.find("| =x,\\|\"y\" | 2026-11-21 |"), std::string::npos) << markdown;
  EXPECT_NE(markdown.find("$1.84 |"), std::string::npos) << markdown;
  EXPECT_NE(markdown.find(" unpriced |"), std::string::npos) << markdown;
  EXPECT_NE(markdown.find("| **Total** | |"), std::string::npos) << markdown;
}

TEST(UsageReportForms, TheRestIsOneRowAndNothingIsLost) {
  FakeReports reports;
  for (int i = 0; i < 9; ++i) {
    UsageRow row;
    row.keys = {"m" + std::to_string(i)};
    row.all = spent(i);
    reports.rows.push_back(row);
  }
  const auto report = usage_report(reports, {.by = {Dimension::model}}, {.top = 3}).value();
  ASSERT_EQ(report.rows.size(), 4U);
  EXPECT_EQ(report.rows[0].keys[0], "m8");
  EXPECT_EQ(report.rows[3].keys[0], kRest);
  EXPECT_EQ(report.rest, 6U);
  UsageSum sum;
  for (const UsageRow& row : report.rows) sum += row.all;
  EXPECT_EQ(sum, report.total.all);
  EXPECT_EQ(usage_report(reports, {.by = {Dimension::model}}, {.top = 8}).value().rows.size(), 9U);
}

TEST(CostText, MarksWhatHasNoPrice) {
  EXPECT_EQ(cost_text(spent(1, 1'840'000)), "$1.84");
  EXPECT_EQ(cost_text(spent(1, 0, 1)), "unpriced");
  EXPECT_EQ(cost_text(spent(1, 1'840'000, 5)), "$1.84 +?");
  EXPECT_EQ(cost_text({}), "$0.00");
}

TEST(ParseMoment, UnderstandsWhatPeopleWrite) {
  const UtcTime now = at("2026-11-21T18:47:30Z");
  const Zone utc;
  const auto read = [&](const char* text) {
    const auto time = parse_moment(text, utc, now, "--since");
    return time.has_value() ? rfc3339(*time) : "error";
  };
  EXPECT_EQ(read("2026-11-20"), "2026-11-20T00:00:00.000Z");
  EXPECT_EQ(read("2026-11-20 06:30"), "2026-11-20T06:30:00.000Z");
  EXPECT_EQ(read("2026-11-20T06:30:05.25"), "2026-11-20T06:30:05.250Z");
  EXPECT_EQ(read("2026-11-20T06:30:00+01:00"), "2026-11-20T05:30:00.000Z");
  EXPECT_EQ(read("today"), "2026-11-21T00:00:00.000Z");
  EXPECT_EQ(read("yesterday"), "2026-11-20T00:00:00.000Z");
  EXPECT_EQ(read("7d"), "2026-11-14T18:47:30.000Z");
  EXPECT_EQ(read("now"), "2026-11-21T18:47:30.000Z");
  for (const char* bad : {"", "2026-02-30", "2026-13-01", "2026-11-20 25:00", "last week", "2026-11-20 06:30 pm", "-3d", "2026-11-2"})
    EXPECT_EQ(read(bad), "error") << bad;
}

}  // namespace
}  // namespace ts::report
