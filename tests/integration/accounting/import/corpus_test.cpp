// The corpus generator itself: benches and other tests believe what it says of its own totals.
#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <set>

#include <nlohmann/json.hpp>

#include "tests/support/temp_dir.hpp"
#include "tests/support/transcript_corpus.hpp"

namespace ts::test {
namespace {

namespace fs = std::filesystem;

std::string slurp(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

std::set<fs::path> files_below(const fs::path& root) {
  std::set<fs::path> files;
  for (const auto& entry : fs::recursive_directory_iterator(root))
    if (entry.is_regular_file()) files.insert(entry.path());
  return files;
}

TEST(TranscriptCorpus, SaysTheTruthAboutItself) {
  const ::ts::testing::TempDir folder;
  const CorpusTruth truth = write_claude_corpus(folder.path(), {30, 900, 4'000'000, 7}).value();
  std::map<std::string, std::pair<TokenCounts, int>> seen;
  std::int64_t bytes = 0;
  const auto files = files_below(folder.path());
  for (const fs::path& file : files) {
    bytes += static_cast<std::int64_t>(fs::file_size(file));
    std::ifstream in(file);
    for (std::string line; std::getline(in, line);) {
      const auto json = nlohmann::json::parse(line);
      if (json.at("type") != "assistant" || json["message"]["model"] == "<synthetic>") continue;
      const auto& usage = json["message"]["usage"];
      TokenCounts counts;
      counts.input = usage["input_tokens"];
      counts.cache_write_5m = usage["cache_creation"]["ephemeral_5m_input_tokens"];
      counts.cache_write_1h = usage["cache_creation"]["ephemeral_1h_input_tokens"];
      counts.cache_read = usage["cache_read_input_tokens"];
      counts.output = usage["output_tokens"];
      EXPECT_EQ(counts.cache_write(), usage["cache_creation_input_tokens"]);
      auto& [highest_counts, lines] = seen[json["message"]["id"]];
      highest_counts = highest(highest_counts, counts);
      ++lines;
    }
  }
  TokenCounts sum;
  int repeated = 0;
  for (const auto& [id, response] : seen) {
    sum = sum + response.first;
    repeated += response.second > 1 ? 1 : 0;
  }
  EXPECT_EQ(files.size(), 30U);
  EXPECT_EQ(seen.size(), 900U);
  EXPECT_EQ(truth.totals.requests, 900);
  EXPECT_EQ(truth.totals.counts, sum);
  EXPECT_EQ(truth.bytes, bytes);
  EXPECT_NEAR(static_cast<double>(bytes), 4e6, 4e5);
  EXPECT_GT(repeated, 400);
  EXPECT_GT(truth.per_line.counts.cache_read, truth.totals.counts.cache_read);
}

TEST(TranscriptCorpus, IsTheSameEveryTime) {
  const ::ts::testing::TempDir one;
  const ::ts::testing::TempDir two;
  ASSERT_TRUE(write_claude_corpus(one.path(), {6, 60, 200'000, 9}));
  ASSERT_TRUE(write_claude_corpus(two.path(), {6, 60, 200'000, 9}));
  for (const fs::path& file : files_below(one.path()))
    EXPECT_EQ(slurp(file), slurp(fs::path(two.path()) / file.lexically_relative(one.path()))) << file;
}

}  // namespace
}  // namespace ts::test
