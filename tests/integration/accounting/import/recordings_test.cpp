// Offline metering of what real agents printed and left behind, against what the provider billed.
#include "recording.hpp"

namespace ts {
namespace {

namespace fs = std::filesystem;
using test::metered;
using test::Recording;

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

}  // namespace
}  // namespace ts
