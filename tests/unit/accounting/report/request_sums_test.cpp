#include "accounting/report/request_sums.hpp"

#include <gtest/gtest.h>

namespace ts::report {
namespace {

const std::string kLog =
    R"({"at":"2026-01-01T00:00:00Z","kind":"session","session":"\"kind\":\"request\""})" "\n"
    R"({"at":"2026-01-01T00:00:00Z","kind":"request","model":"a","agent":"main","outcome":"passed","status":200,"predicted":90,"reserved":500,"billed":120,"unconfirmed":0,"input":80,"cache_read":700,"output":40,"held_us":5,"latency_us":30})" "\n"
    R"({"at":"2026-01-01T00:00:01Z","kind":"request","model":"b","agent":"sub-1","outcome":"upstream_failed","status":529,"predicted":70,"reserved":300,"billed":0,"unconfirmed":9,"input":0,"cache_read":0,"output":0,"held_us":0,"latency_us":10})" "\n"
    "broken {\"kind\":\"request\"\n"
    R"({"at":"2026-01-01T00:00:02Z","kind":"request","model":"a","agent":"sub-1","outcome":"refused","status":400,"predicted":70,"reserved":0,"billed":0,"unconfirmed":0,"latency_us":0})" "\n";

RequestSums sums_of(std::string_view text, std::size_t piece) {
  RequestAdder adder;
  for (std::size_t at = 0; at < text.size(); at += piece) adder.push(text.substr(at, piece));
  return adder.finish();
}

TEST(RequestSums, AddUpByModelAndByAgent) {
  const RequestSums sums = sums_of(kLog, kLog.size());
  EXPECT_EQ(sums.all.requests, 3U);
  EXPECT_EQ(sums.all.billed, 120);
  EXPECT_EQ(sums.by_model.at("a").requests, 2U);
  EXPECT_EQ(sums.by_model.at("a").refused, 1U);
  EXPECT_EQ(sums.by_model.at("a").predicted, 90);
  EXPECT_EQ(sums.by_model.at("b").failed, 1U);
  EXPECT_EQ(sums.by_agent.at("main"), (RequestSum{.requests = 1, .predicted = 90, .input = 80, .cache_read = 700, .output = 40, .reserved = 500, .billed = 120, .latency_us = 30, .held_us = 5}));
  EXPECT_EQ(sums.by_agent.at("sub-1").unconfirmed, 9);
}

TEST(RequestSums, EverySplitGivesTheSame) {
  const RequestSums whole = sums_of(kLog, kLog.size());
  for (std::size_t piece = 1; piece < 200; ++piece) EXPECT_EQ(sums_of(kLog, piece).by_model, whole.by_model);
  EXPECT_EQ(sums_of(std::string_view{kLog}.substr(0, kLog.size() - 1), 64).all, whole.all);  // a last line without its end
  EXPECT_TRUE(sums_of("", 1).by_model.empty());
}

}  // namespace
}  // namespace ts::report
