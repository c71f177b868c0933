#include "spawner/session/evidence.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <map>

#include "tests/support/temp_dir.hpp"

namespace ts::session {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

const fs::path kResumed = fs::path{TS_SOURCE_DIR} / "tests/data/recordings/codex-resume";

/// A crashed run of Codex that went on with an older session: what its folder would hold.
class Evidence : public ::testing::Test {
 protected:
  ledger::RunRecord resumed_codex(bool transcript_known) {
    fs::copy_file(kResumed / "stdout.jsonl", folder / "stdout");
    std::ofstream events(folder / "events.jsonl");
    for (const auto& entry : fs::recursive_directory_iterator(kResumed / "home"))
      if (transcript_known && entry.path().extension() == ".jsonl")
        events << R"({"at":"2026-11-21T19:54:12.6Z","kind":"usage","source":"transcript","file":")" << entry.path().string() << "\"}\n";
    ledger::RunRecord run;
    run.start.agent = "codex";
    run.start.argv = {"codex", "exec", "--json", "resume", "--last", "go on"};
    run.start.run_dir = folder.path();
    run.start.started = std::chrono::sys_days{std::chrono::year{2026} / 11 / 21} + 19h + 54min + 12s;  // after home-before, before the new turn
    run.heartbeat = run.start.started + 1s;
    return run;
  }

  testing::TempDir folder;
};

TEST_F(Evidence, AResumedSessionsPastDoesNotCount) {
  const auto end = end_from_evidence(resumed_codex(true), {}, builtin_prices());
  EXPECT_EQ(by_formula(end.totals.counts, Formula::fresh), 1337) << "of tests/data/recordings/codex-resume/truth.json";
  EXPECT_EQ(by_formula(end.totals.counts, Formula::total), 21817);
  const auto& stream = end.by_source[static_cast<std::size_t>(Source::stream)];
  ASSERT_TRUE(stream);
  EXPECT_EQ(by_formula(stream->counts, Formula::fresh), 1337) << "the total on stdout holds the past";
}

TEST_F(Evidence, WithoutItsTranscriptAResumedTotalIsUnknownNotThePast) {
  const auto end = end_from_evidence(resumed_codex(false), {}, builtin_prices());
  EXPECT_FALSE(end.ruling);
  EXPECT_EQ(end.outcome, ledger::Outcome::crashed);
}

TEST_F(Evidence, ASessionOfItsOwnIsReadFromStdoutAlone) {
  auto run = resumed_codex(false);
  run.start.argv = {"codex", "exec", "--json", "begin"};
  const auto end = end_from_evidence(run, {}, builtin_prices());
  EXPECT_EQ(end.ruling, Source::stream);
  EXPECT_EQ(end.totals.counts.output, 710);
}

TEST_F(Evidence, ARowForEachResponseThatTheFolderProves) {
  auto run = resumed_codex(false);
  run.start.agent = "claude";
  run.start.argv = {"claude", "-p", "begin"};
  std::ofstream(folder / "stdout") << R"({"type":"assistant","message":{"id":"m1","model":"x","usage":{"input_tokens":7,"output_tokens":710}},"session_id":"s"})" "\n";
  const auto logged = [](std::string_view id, int output) {
    return R"({"at":"2026-11-21T19:54:13Z","kind":"usage","source":"gateway","response":")" + std::string(id) +
           R"(","model":"gpt-5","input":10,"cache_write_5m":0,"cache_write_1h":0,"cache_read":3,"output":)" + std::to_string(output) + R"(,"reasoning":0,"requests":1})" "\n";
  };
  std::ofstream(folder / "events.jsonl") << logged("a", 5) << logged("b", 7) << logged("a", 9) << R"({"at":"2026-11-21T19:54:13Z","kind":"note"})" "\n"
                                         << R"({"at":"x","kind":"usage","response":3,"output":"many"})" "\n" << logged("torn", 1).substr(0, 120);
  std::map<std::pair<Source, std::string>, Tokens> rows;
  for (const auto& row : rows_from_evidence(run, builtin_prices())) rows[{row.source, row.response_id}] += row.counts.output;
  EXPECT_EQ(rows, (std::map<std::pair<Source, std::string>, Tokens>{{{Source::gateway, "a"}, 9}, {{Source::gateway, "b"}, 7}, {{Source::stream, "m1"}, 710}}));
  EXPECT_TRUE(rows_from_evidence({}, builtin_prices()).empty());
}

TEST_F(Evidence, WhatTheRowsProveIsNeverLessThanBefore) {
  auto run = resumed_codex(true);
  ledger::ResponseRow row;
  row.source = Source::transcript;
  row.response_id = "another";
  row.counts.input = 5000;
  const auto end = end_from_evidence(run, {row}, builtin_prices());
  EXPECT_EQ(by_formula(end.totals.counts, Formula::fresh), 6337);
}

}  // namespace
}  // namespace ts::session
