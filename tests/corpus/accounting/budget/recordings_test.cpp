// The totals of real recordings (../shared/recordings, not part of the repository; where they are absent CMake says so and doesn't register
// these): each must come out to the token. OwnStreams and OwnRecordings hold the same on the project's own.
#include <algorithm>

#include <gtest/gtest.h>

#include "tests/support/usage_files.hpp"

namespace ts {
namespace {

namespace fs = std::filesystem;

const fs::path kRecordings = fs::path(TS_SOURCE_DIR).parent_path() / "shared" / "recordings";

struct Expected {
  std::string recording;
  std::string agent;
  std::int64_t requests = 0;
  TokenCounts counts;
  std::string stream;         ///< dialect of stdout; empty: stdout says nothing
  TokenCounts stream_counts;  ///< what stdout tells
};

constexpr TokenCounts parts(Tokens input, Tokens write, Tokens read, Tokens output) {
  return {.input = input, .cache_write_5m = write, .cache_write_1h = 0, .cache_read = read, .output = output, .reasoning = 0};
}

class Corpus : public testing::TestWithParam<Expected> {};

TokenCounts without_reasoning(TokenCounts counts) {
  counts.reasoning = 0;
  return counts;
}

TEST_P(Corpus, TranscriptsGiveWhatTheProviderBilled) {
  const Expected& expected = GetParam();
  if (expected.agent == "opencode") return;  // its transcript is a database, which the tail module reads
  Meter meter;
  const auto files = test::files_below(kRecordings / expected.recording / "home", ".jsonl");
  ASSERT_FALSE(files.empty());
  for (const auto& file : files) {
    ParseStats stats;
    test::feed(meter, Source::transcript, make_transcript_dialect(expected.agent), test::read_file(file), 0, &stats);
    EXPECT_EQ(stats.malformed, 0U) << file;
    EXPECT_EQ(stats.lines, stats.events + stats.ignored) << file;
  }
  ASSERT_TRUE(meter.of(Source::transcript));
  EXPECT_EQ(without_reasoning(meter.of(Source::transcript)->counts), expected.counts);
  EXPECT_EQ(meter.of(Source::transcript)->requests, expected.requests);
}

TEST_P(Corpus, StdoutGivesWhatItTells) {
  const Expected& expected = GetParam();
  const std::string text = test::read_file(kRecordings / expected.recording / "stdout.jsonl");
  Meter meter;
  ParseStats stats;
  test::feed(meter, Source::stream, make_stream_dialect(expected.stream), text, 0, &stats);
  EXPECT_EQ(stats.malformed, 0U);
  EXPECT_EQ(without_reasoning(meter.totals().counts), expected.stream_counts);

  TokenCounts by_model;
  for (const auto& [model, sum] : meter.models(Source::stream)) by_model = by_model + sum.counts;
  EXPECT_EQ(by_model, meter.totals().counts);

  Meter generic;
  test::feed(generic, Source::stream, make_stream_dialect("generic"), text);
  EXPECT_EQ(generic.totals(), meter.totals()) << "a generic reader must know the agent by itself";
}

TEST_P(Corpus, ByteByByteIsTheWhole) {
  const Expected& expected = GetParam();
  if (expected.recording == "claude-fanout") return;
  const std::string text = test::read_file(kRecordings / expected.recording / "stdout.jsonl");
  Meter whole;
  Meter bytes;
  test::feed(whole, Source::stream, make_stream_dialect(expected.stream), text);
  test::feed(bytes, Source::stream, make_stream_dialect(expected.stream), text, 1);
  EXPECT_EQ(bytes.totals(), whole.totals());
}

TEST_P(Corpus, FilesAreRecognised) {
  const Expected& expected = GetParam();
  const auto stdout_is = detect_dialect(test::read_file(kRecordings / expected.recording / "stdout.jsonl"));
  if (expected.stream == "text") {
    EXPECT_FALSE(stdout_is);
  } else {
    ASSERT_TRUE(stdout_is);
    EXPECT_EQ(stdout_is->source, Source::stream);
    EXPECT_EQ(stdout_is->name, expected.stream);
  }
  for (const auto& file : test::files_below(kRecordings / expected.recording / "home", ".jsonl")) {
    const auto known = detect_dialect(test::read_file(file));
    ASSERT_TRUE(known) << file;
    EXPECT_EQ(known->source, Source::transcript) << file;
    EXPECT_EQ(known->name, expected.agent) << file;
  }
}

const Expected kRows[] = {
    {"claude-basic", "claude", 4, parts(16, 2100, 46800, 822), "claude", parts(16, 2100, 46800, 822)},
    {"claude-json", "claude", 4, parts(16, 2100, 46800, 822), "claude", parts(16, 2100, 46800, 822)},
    {"claude-text", "claude", 4, parts(16, 2100, 46800, 822), "text", {}},
    {"claude-denied", "claude", 2, parts(8, 1500, 15300, 337), "claude", parts(8, 1500, 15300, 337)},
    {"claude-fanout", "claude", 190, parts(760, 113700, 1981200, 37898), "claude", parts(760, 113700, 1981200, 37898)},
    {"codex-basic", "codex", 4, parts(15000, 0, 24000, 546), "codex", parts(15000, 0, 24000, 546)},
    {"gemini-basic", "gemini", 4, parts(10800, 0, 15000, 442), "gemini", parts(10800, 0, 15000, 442)},
    {"qwen-basic", "qwen", 4, parts(12400, 0, 18000, 414), "qwen", parts(12400, 0, 18000, 414)},
    // The request that names the session (7,000 in, 90 out) is not on stdout.
    {"opencode-basic", "opencode", 5, parts(19400, 0, 18000, 504), "opencode", parts(12400, 0, 18000, 414)},
};

INSTANTIATE_TEST_SUITE_P(Recordings, Corpus, testing::ValuesIn(kRows), [](const auto& row) {
  std::string name = row.param.recording;
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
});

}  // namespace
}  // namespace ts
