#include "accounting/import/scan.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>

#include <fmt/format.h>

#include "accounting/base/text.hpp"
#include "tests/support/temp_dir.hpp"
#include "tests/support/transcript_corpus.hpp"

namespace ts {
namespace {

namespace fs = std::filesystem;

/// One line of a Claude Code transcript.
struct Line {
  std::string id;
  std::string session = "s1";
  Tokens output = 10;
  std::string request = "req_1";
  std::string time = "2026-11-21T18:47:30.549Z";
  std::string model = "claude-sonnet-4-5-20250929";
};

std::string text_of(const Line& line) {
  return fmt::format(
      R"({{"parentUuid":null,"isSidechain":false,"message":{{"id":"{}","type":"message","role":"assistant","model":"{}","content":[{{"type":"text","text":"x"}}],"stop_reason":null,"stop_sequence":null,"usage":{{"input_tokens":1,"cache_creation_input_tokens":0,"cache_read_input_tokens":0,"output_tokens":{},"cache_creation":{{"ephemeral_1h_input_tokens":0,"ephemeral_5m_input_tokens":0}}}}}},{}"type":"assistant","uuid":"u","timestamp":"{}","cwd":"/p","sessionId":"{}","version":"2.1.197"}})"
      "\n",
      line.id, line.model, line.output, line.request.empty() ? "" : fmt::format(R"("requestId":"{}",)", line.request),
      line.time, line.session);
}

class Scan : public ::testing::Test {
 protected:
  fs::path put(const std::string& name, std::string_view text) {
    const fs::path path = root() / name;
    fs::create_directories(path.parent_path());
    std::ofstream(path, std::ios::binary) << text;
    return path;
  }
  [[nodiscard]] fs::path root() const { return folder_.path(); }

  [[nodiscard]] static ScanResult scanned(const std::vector<fs::path>& paths, int threads = 2, std::string agent = "") {
    ScanOptions options;
    options.agent = std::move(agent);
    options.threads = threads;
    options.prices = &builtin_prices();
    options.now = parse_rfc3339("2026-11-21T00:00:00Z").value();
    return scan(paths, options).value();
  }

 private:
  ts::testing::TempDir folder_;
};

TEST_F(Scan, TheCorpusToTheTokenWhateverTheThreads) {
  const auto truth = test::write_claude_corpus(root(), {40, 1200, 6'000'000, 11}).value();
  const ScanResult one = scanned({root()}, 1);
  EXPECT_EQ(one.totals, truth.totals);
  EXPECT_EQ(one.files.size(), 40U);
  EXPECT_EQ(one.bytes, static_cast<std::uint64_t>(truth.bytes));
  EXPECT_EQ(one.parse.malformed, 0U);
  for (int threads : {2, 4, 64}) {
    const ScanResult many = scanned({root()}, threads);
    EXPECT_EQ(many.totals, one.totals);
    EXPECT_EQ(many.by_model, one.by_model);
    EXPECT_EQ(many.parse, one.parse);
    EXPECT_EQ(many.cost, one.cost);
    ASSERT_EQ(many.sessions.size(), one.sessions.size());
    for (std::size_t i = 0; i < one.sessions.size(); ++i) {
      EXPECT_EQ(many.sessions[i].session, one.sessions[i].session);
      EXPECT_EQ(many.sessions[i].totals, one.sessions[i].totals);
    }
  }
}

TEST_F(Scan, EveryBreakdownSumsToTheTotal) {
  ASSERT_TRUE(test::write_claude_corpus(root(), {40, 1200, 6'000'000, 12}));
  const ScanResult result = scanned({root()});
  TokenCounts models;
  TokenCounts sessions;
  std::int64_t requests = 0;
  for (const auto& [model, totals] : result.by_model) models = models + totals.counts;
  for (const SessionTotals& session : result.sessions) {
    sessions = sessions + session.totals.counts;
    requests += session.totals.requests;
  }
  EXPECT_EQ(models, result.totals.counts);
  EXPECT_EQ(sessions, result.totals.counts);
  EXPECT_EQ(requests, result.totals.requests);
  EXPECT_GT(result.sessions.size(), 5U);
}

TEST_F(Scan, AResumedSessionsPastBelongsToTheFirst) {
  put("projects/p/z-first.jsonl", text_of({.id = "m1", .session = "first"}));
  put("projects/p/a-resumed.jsonl",
      text_of({.id = "m1", .session = "resumed"}) + text_of({.id = "m2", .session = "resumed", .output = 5}));
  const ScanResult result = scanned({root()});
  EXPECT_EQ(result.totals.counts.output, 15);
  EXPECT_EQ(result.totals.requests, 2);
}

TEST_F(Scan, MissingRequestIdsAndGrowingCountsAreOneResponse) {
  put("a.jsonl", text_of({.id = "m1", .output = 1}) + text_of({.id = "m1", .output = 100, .request = "", .time = "2026-11-21T18:47:31Z"}) +
                     text_of({.id = "m1", .output = 40, .time = "2026-11-21T18:47:32Z"}));
  const ScanResult result = scanned({root()});
  EXPECT_EQ(result.totals.counts.output, 100);
  EXPECT_EQ(result.totals.requests, 1);
}

TEST_F(Scan, StreamAndTranscriptOfOneSessionAreNotAdded) {
  put("home/.claude/projects/p/s1.jsonl", text_of({.id = "m1", .output = 150}));
  const fs::path stream = put("stdout.jsonl",
      R"({"type":"system","subtype":"init","cwd":"/p","session_id":"s1","tools":[],"model":"claude-sonnet-4-5-20250929","claude_code_version":"2.1.197","uuid":"u0"})"
      "\n"
      R"({"type":"assistant","message":{"id":"m1","type":"message","role":"assistant","model":"claude-sonnet-4-5-20250929","content":[{"type":"text","text":"x"}],"stop_reason":null,"usage":{"input_tokens":1,"cache_creation_input_tokens":0,"cache_read_input_tokens":0,"output_tokens":1}},"parent_tool_use_id":null,"session_id":"s1","uuid":"u1"})"
      "\n");
  const ScanResult result = scanned({stream, root() / "home"});
  EXPECT_EQ(result.totals.counts.output, 150);
  EXPECT_EQ(result.totals.requests, 1);
  ASSERT_EQ(result.sessions.size(), 1U);
  EXPECT_EQ(result.sessions[0].ruling, Source::transcript);
  ASSERT_TRUE(result.by_source[0]);
  EXPECT_EQ(result.by_source[0]->counts.output, 1);
  // A session that only the stream knows is added.
  put("home/.claude/projects/p/s2.jsonl", text_of({.id = "m9", .session = "s2", .output = 7}));
  EXPECT_EQ(scanned({stream, root() / "home"}).totals.counts.output, 157);
}

TEST_F(Scan, PricesEachResponse) {
  put("a.jsonl", text_of({.id = "m1", .output = 1000}) + text_of({.id = "m2", .output = 5, .model = "someone-elses"}));
  const ScanResult result = scanned({root()});
  EXPECT_EQ(result.cost, 15'003);
  EXPECT_EQ(result.unpriced_models, std::vector<std::string>{"someone-elses"});
}

TEST_F(Scan, TornLinesAreCountedAndTheRestIsRead) {
  const std::string good = text_of({.id = "m1"});
  put("a.jsonl", good + good.substr(0, good.size() / 2) + "\n" + std::string("\0\xff garbage\n", 11) +
                     text_of({.id = "m2", .output = 3}));
  const ScanResult result = scanned({root()});
  EXPECT_EQ(result.totals.counts.output, 13);
  EXPECT_EQ(result.parse.lines, 4U);
  EXPECT_EQ(result.parse.lines, result.parse.events + result.parse.ignored + result.parse.malformed);
}

TEST_F(Scan, NamedFilesOfUnknownKindAreReadOthersPassedOver) {
  const fs::path notes = put("notes.txt", "nothing here\n");
  const ScanResult below = scanned({root()});
  EXPECT_EQ(below.unrecognized, 1U);
  EXPECT_TRUE(below.files.empty());
  const ScanResult named = scanned({notes});
  EXPECT_EQ(named.unrecognized, 0U);
  ASSERT_EQ(named.files.size(), 1U);
  EXPECT_EQ(named.totals, Totals());
}

TEST_F(Scan, EmptyAndMissingAreNoSurprise) {
  put("empty.jsonl", "");
  const ScanResult result = scanned({root(), root() / "missing"});
  EXPECT_EQ(result.totals, Totals());
  EXPECT_EQ(result.cost, std::nullopt);
  ASSERT_EQ(result.problems.size(), 1U);
  EXPECT_EQ(result.problems[0].error.code, Errc::not_found);
}

TEST_F(Scan, AnAgentsNameMustBeKnown) {
  ScanOptions options;
  options.agent = "hal9000";
  const auto result = scan({root()}, options);
  ASSERT_TRUE(result.has_error());
  EXPECT_THAT(result.error().message, ::testing::HasSubstr("claude"));
}

TEST_F(Scan, AnUnreadableDatabaseIsAProblemNotAnEnd) {
  put("a.jsonl", text_of({.id = "m1"}));
  put("broken.db", std::string("SQLite format 3\0", 16) + std::string(4096, 'x'));
  const ScanResult result = scanned({root()});
  EXPECT_EQ(result.totals.counts.output, 10);
  ASSERT_EQ(result.problems.size(), 1U);
  EXPECT_EQ(result.problems[0].error.code, Errc::corrupt);
}

}  // namespace
}  // namespace ts
