#include "accounting/import/scan_json.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "accounting/base/text.hpp"

namespace ts {
namespace {

Totals some() {
  Totals totals;
  totals.counts = {16, 2000, 100, 46'800, 822, 0};
  totals.requests = 4;
  return totals;
}

TEST(ScanJson, HasTheContractsKeys) {
  ScanResult result;
  result.totals = some();
  result.by_source[static_cast<std::size_t>(Source::transcript)] = some();
  result.by_model["claude-sonnet-4-5"] = some();
  SessionTotals session;
  session.agent = "claude";
  session.session = "s1";
  session.ruling = Source::transcript;
  session.totals = some();
  session.first = parse_rfc3339("2026-11-21T18:47:30.608Z").value();
  result.sessions.push_back(session);
  result.files.push_back({"a.jsonl", "claude", Source::transcript, 9, {18, 9, 9, 0, 0}});
  result.problems.push_back({"b", {Errc::io, "meter: b: gone"}});
  result.parse = {18, 9, 9, 0, 0};
  result.cost = 34'293;
  const auto json = nlohmann::json::parse(to_json(result));
  EXPECT_EQ(json["counts"], (nlohmann::json{{"input", 16}, {"cache_write", 2100}, {"cache_write_5m", 2000}, {"cache_write_1h", 100},
                                            {"cache_read", 46'800}, {"output", 822}, {"reasoning", 0}, {"requests", 4}}));
  EXPECT_EQ(json["fresh"], 2938);
  EXPECT_EQ(json["total"], 49'738);
  EXPECT_EQ(json["cost_micro_usd"], 34'293);
  EXPECT_EQ(json["sources"]["transcript"]["fresh"], 2938);
  EXPECT_TRUE(json["sources"]["gateway"].is_null());
  EXPECT_EQ(json["parse"]["lines"], 18);
  EXPECT_EQ(json["models"]["claude-sonnet-4-5"]["total"], 49'738);
  EXPECT_EQ(json["sessions"][0]["session"], "s1");
  EXPECT_EQ(json["sessions"][0]["ruling"], "transcript");
  EXPECT_EQ(json["sessions"][0]["first"], "2026-11-21T18:47:30.608Z");
  EXPECT_TRUE(json["sessions"][0]["last"].is_null());
  EXPECT_EQ(json["files"][0]["source"], "transcript");
  EXPECT_EQ(json["problems"][0]["error"], "meter: b: gone");
}

TEST(ScanJson, NothingIsNotZeroDollars) {
  const auto json = nlohmann::json::parse(to_json(ScanResult()));
  EXPECT_TRUE(json["cost_micro_usd"].is_null());
  EXPECT_TRUE(json["sessions"].empty());
  EXPECT_EQ(json["counts"]["requests"], 0);
}

TEST(ScanJson, SurvivesAnyBytesInNames) {
  ScanResult result;
  result.by_model[std::string("a\xff\0b", 4)] = some();
  result.problems.push_back({"\xc3(", {Errc::io, "x"}});
  EXPECT_TRUE(nlohmann::json::accept(to_json(result)));
}

}  // namespace
}  // namespace ts
