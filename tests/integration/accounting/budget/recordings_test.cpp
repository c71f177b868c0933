// The project's own recordings of real agents through the dialects and the meter. What they sum up to against the provider's bill:
// tests/integration/accounting/import/recordings_test.cpp.
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/support/usage_files.hpp"

namespace ts {
namespace {

namespace fs = std::filesystem;

const fs::path kOwn = fs::path(TS_SOURCE_DIR) / "tests/data/recordings";

/// The agent that a recording is of, by its name.
std::string agent_of(const std::string& recording) { return recording.substr(0, recording.find('-')); }

std::vector<std::string> recordings() {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(kOwn))
    if (entry.is_directory()) names.push_back(entry.path().filename().string());
  std::sort(names.begin(), names.end());
  return names;
}

class OwnStreams : public testing::TestWithParam<std::string> {
 protected:
  const std::string agent_ = agent_of(GetParam());
  const std::string dialect_ = GetParam() == "claude-text" ? "text" : agent_;
  const std::string stdout_ = test::read_file(kOwn / GetParam() / "stdout.jsonl");
};

TEST_P(OwnStreams, ByteByByteIsTheWhole) {
  Meter whole;
  Meter bytes;
  ParseStats stats;
  test::feed(whole, Source::stream, make_stream_dialect(dialect_), stdout_, 0, &stats);
  test::feed(bytes, Source::stream, make_stream_dialect(dialect_), stdout_, 1);
  EXPECT_EQ(bytes.totals(), whole.totals());
  EXPECT_EQ(stats.malformed, 0U);
  EXPECT_EQ(stats.lines, stats.events + stats.ignored);
}

TEST_P(OwnStreams, AGenericReaderKnowsTheAgentByItself) {
  Meter named;
  Meter generic;
  test::feed(named, Source::stream, make_stream_dialect(dialect_), stdout_);
  test::feed(generic, Source::stream, make_stream_dialect("generic"), stdout_);
  EXPECT_EQ(generic.totals(), named.totals());
}

TEST_P(OwnStreams, ModelsSumUpToTheTotals) {
  Meter meter;
  test::feed(meter, Source::stream, make_stream_dialect(dialect_), stdout_);
  TokenCounts by_model;
  for (const auto& [model, sum] : meter.models(Source::stream)) by_model = by_model + sum.counts;
  EXPECT_EQ(by_model, meter.totals().counts);
}

TEST_P(OwnStreams, FilesAreRecognised) {
  const auto stream = detect_dialect(stdout_);
  ASSERT_EQ(stream.has_value(), dialect_ != "text");
  if (stream) {
    EXPECT_EQ(stream->source, Source::stream);
    EXPECT_EQ(stream->name, agent_);
  }
  for (const auto& file : test::files_below(kOwn / GetParam() / "home", ".jsonl")) {
    const auto known = detect_dialect(test::read_file(file));
    ASSERT_TRUE(known) << file;
    EXPECT_EQ(known->source, Source::transcript) << file;
    EXPECT_EQ(known->name, agent_) << file;
  }
}

INSTANTIATE_TEST_SUITE_P(All, OwnStreams, testing::ValuesIn(recordings()), [](const auto& row) {
  std::string name = row.param;
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
});

}  // namespace
}  // namespace ts
