// Offline metering of what real agents printed and left behind, against what the provider billed.
#include <gtest/gtest.h>
#include <sqlite3.h>

#include <cstdio>
#include <fstream>

#include <nlohmann/json.hpp>

#include "accounting/import/scan.hpp"
#include "tests/support/temp_dir.hpp"

namespace ts {
namespace {

namespace fs = std::filesystem;

/// A recording of this project, or one that stands beside it.
class Recording {
 public:
  explicit Recording(const fs::path& source) : root_(fs::path(dir_.path()) / "r") {
    fs::copy(source, root_, fs::copy_options::recursive);
    std::vector<fs::path> dumps;
    for (const auto& entry : fs::recursive_directory_iterator(root_))
      if (entry.path().extension() == ".sql") dumps.push_back(entry.path());
    for (const fs::path& dump : dumps) restore(dump);
  }

  /// Those of the named parts that exist.
  [[nodiscard]] std::vector<fs::path> parts(std::initializer_list<const char*> names) const {
    std::vector<fs::path> found;
    for (const char* name : names)
      if (fs::exists(root_ / name)) found.push_back(root_ / name);
    return found;
  }

  [[nodiscard]] Totals billed() const {
    std::ifstream in(root_ / "truth.json");
    const auto truth = nlohmann::json::parse(in);
    Totals totals;
    totals.requests = truth["requests"];
    totals.counts.input = truth["input"];
    totals.counts.cache_write_5m = truth["cache_write"];
    totals.counts.cache_read = truth["cache_read"];
    totals.counts.output = truth["output"];
    return totals;
  }

 private:
  static void restore(const fs::path& dump) {
    std::ifstream in(dump);
    const std::string sql{std::istreambuf_iterator<char>(in), {}};
    sqlite3* db = nullptr;
    ASSERT_EQ(sqlite3_open(fs::path(dump).replace_extension(".db").c_str(), &db), SQLITE_OK);
    EXPECT_EQ(sqlite3_exec(db, sql.c_str(), nullptr, nullptr, nullptr), SQLITE_OK);
    sqlite3_close(db);
    fs::remove(dump);
  }

  ts::testing::TempDir dir_;
  fs::path root_;
};

Totals metered(const std::vector<fs::path>& paths) {
  ScanResult result = scan(paths, ScanOptions()).value();
  EXPECT_TRUE(result.problems.empty());
  // The truth doesn't tell the two kinds of cache writes apart, nor reasoning from output.
  Totals totals = result.totals;
  totals.counts.cache_write_5m = totals.counts.cache_write();
  totals.counts.cache_write_1h = 0;
  totals.counts.reasoning = 0;
  return totals;
}

struct Case {
  std::string name;
  std::int64_t unseen = 0;   ///< billed requests that only a gateway can see: cut off, or opencode's naming request
};

void PrintTo(const Case& c, std::ostream* out) { *out << c.name; }

class OwnRecordings : public ::testing::TestWithParam<Case> {};

TEST_P(OwnRecordings, GiveWhatWasBilled) {
  const Recording recording(fs::path(TS_SOURCE_DIR) / "tests/data/recordings" / GetParam().name);
  const Totals before = metered(recording.parts({"home-before"}));
  const Totals all = metered(recording.parts({"stdout-before.jsonl", "stdout.jsonl", "home"}));
  const Totals billed = recording.billed();
  EXPECT_EQ(all.requests - before.requests, billed.requests - GetParam().unseen);
  const TokenCounts grown = difference(all.counts, before.counts);
  if (GetParam().unseen == 0) {
    EXPECT_EQ(grown, billed.counts);
  } else {
    EXPECT_EQ(difference(grown, billed.counts), TokenCounts());
  }
  // The transcripts alone tell the same.
  if (!recording.parts({"home"}).empty()) {
    EXPECT_EQ(metered(recording.parts({"home"})), all);
  }
}

INSTANTIATE_TEST_SUITE_P(
    All, OwnRecordings,
    ::testing::Values(Case{"claude-basic"}, Case{"claude-cache-1h"}, Case{"claude-cut", 1}, Case{"claude-denied"},
                      Case{"claude-fanout"}, Case{"claude-fork"}, Case{"claude-json"}, Case{"claude-json-object"},
                      Case{"claude-killed", 1}, Case{"claude-maxtokens"}, Case{"claude-partial"}, Case{"claude-resume"},
                      Case{"claude-retries"}, Case{"claude-text"}, Case{"codex-basic"}, Case{"codex-denied"},
                      Case{"codex-fanout"}, Case{"codex-fork"}, Case{"codex-killed", 1}, Case{"codex-resume"},
                      Case{"gemini-basic"}, Case{"gemini-resume"}, Case{"opencode-basic", 1}, Case{"opencode-fanout", 1},
                      Case{"opencode-fork"}, Case{"opencode-resume"}, Case{"qwen-basic"}, Case{"qwen-resume"}));

struct Row {
  const char* name;
  std::int64_t requests;
  Tokens input, cache_write, cache_read, output, fresh, total;
};

void PrintTo(const Row& row, std::ostream* out) { *out << row.name; }

class SharedRecordings : public ::testing::TestWithParam<Row> {};

TEST_P(SharedRecordings, GiveTheTableOfTotals) {
  const Row& row = GetParam();
  const fs::path folder = fs::path(TS_SOURCE_DIR) / "../shared/recordings" / row.name;
  if (!fs::exists(folder)) {
    std::printf("absent: %s; OwnRecordings holds the behaviour\n", folder.c_str());
    return;
  }
  const Recording recording(folder);
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
