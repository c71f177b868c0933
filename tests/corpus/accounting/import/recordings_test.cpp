// The table of totals of the recordings beside the project (../shared/recordings): `meter` over all that an agent printed and left. Where they
// are absent CMake says so and doesn't register these; OwnRecordings holds the same on the project's own.
#include "tests/integration/accounting/import/recording.hpp"

namespace ts {
namespace {

namespace fs = std::filesystem;
using test::metered;
using test::Recording;

struct Row {
  const char* name;
  std::int64_t requests;
  Tokens input, cache_write, cache_read, output, fresh, total;
};

void PrintTo(const Row& row, std::ostream* out) { *out << row.name; }

class SharedRecordings : public ::testing::TestWithParam<Row> {};

TEST_P(SharedRecordings, GiveTheTableOfTotals) {
  const Row& row = GetParam();
  const Recording recording(fs::path(TS_SOURCE_DIR) / "../shared/recordings" / row.name);
  const Totals totals = metered(recording.parts({"stdout.jsonl", "home"}));
  EXPECT_EQ(totals.requests, row.requests);
  EXPECT_EQ(totals.counts.input, row.input);
  EXPECT_EQ(totals.counts.cache_write(), row.cache_write);
  EXPECT_EQ(totals.counts.cache_read, row.cache_read);
  EXPECT_EQ(totals.counts.output, row.output);
  EXPECT_EQ(by_formula(totals.counts, Formula::fresh), row.fresh);
  EXPECT_EQ(by_formula(totals.counts, Formula::total), row.total);
}

// opencode: without the request that names the session (7,000 in, 90 out), which stdout never shows.
INSTANTIATE_TEST_SUITE_P(
    All, SharedRecordings,
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
