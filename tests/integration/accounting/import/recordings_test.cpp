// Offline metering of the real agents' recordings, where they stand beside the project: each row of the table of totals.
#include <gtest/gtest.h>

#include <cstdio>

#include "accounting/import/scan.hpp"

namespace ts {
namespace {

namespace fs = std::filesystem;

struct Row {
  const char* name;
  std::int64_t requests;
  Tokens input, cache_write, cache_read, output, fresh, total;
};

void PrintTo(const Row& row, std::ostream* out) { *out << row.name; }

class Recordings : public ::testing::TestWithParam<Row> {};

TEST_P(Recordings, GiveTheProvidersTotals) {
  const Row& row = GetParam();
  const fs::path folder = fs::path(TS_SOURCE_DIR) / "../shared/recordings" / row.name;
  if (!fs::exists(folder)) {
    std::printf("absent: %s; own data of the same shapes is tested in scan_test and usage's tests\n", folder.c_str());
    return;
  }
  std::vector<fs::path> paths{folder / "stdout.jsonl"};
  if (fs::exists(folder / "home")) paths.push_back(folder / "home");
  const ScanResult result = scan(paths, ScanOptions()).value();
  const TokenCounts& counts = result.totals.counts;
  EXPECT_TRUE(result.problems.empty());
  EXPECT_EQ(result.totals.requests, row.requests);
  EXPECT_EQ(counts.input, row.input);
  EXPECT_EQ(counts.cache_write(), row.cache_write);
  EXPECT_EQ(counts.cache_read, row.cache_read);
  EXPECT_EQ(counts.output, row.output);
  EXPECT_EQ(by_formula(counts, Formula::fresh), row.fresh);
  EXPECT_EQ(by_formula(counts, Formula::total), row.total);
}

// opencode: without the request that names the session (7,000 in, 90 out), which stdout never shows.
INSTANTIATE_TEST_SUITE_P(
    All, Recordings,
    ::testing::Values(Row{"claude-basic", 4, 16, 2'100, 46'800, 822, 2'938, 49'738},
                      Row{"claude-json", 4, 16, 2'100, 46'800, 822, 2'938, 49'738},
                      Row{"claude-text", 4, 16, 2'100, 46'800, 822, 2'938, 49'738},
                      Row{"claude-denied", 2, 8, 1'500, 15'300, 337, 1'845, 17'145},
                      Row{"claude-fanout", 190, 760, 113'700, 1'981'200, 37'898, 152'358, 2'133'558},
                      Row{"codex-basic", 4, 15'000, 0, 24'000, 546, 15'546, 39'546},
                      Row{"gemini-basic", 4, 10'800, 0, 15'000, 442, 11'242, 26'242},
                      Row{"qwen-basic", 4, 12'400, 0, 18'000, 414, 12'814, 30'814},
                      Row{"opencode-basic", 4, 12'400, 0, 18'000, 414, 12'814, 30'814}));

}  // namespace
}  // namespace ts
