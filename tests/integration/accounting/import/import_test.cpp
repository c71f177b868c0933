#include "accounting/import/import.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sqlite3.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <thread>

#include "accounting/base/text.hpp"
#include "tests/support/temp_dir.hpp"
#include "tests/support/transcript_corpus.hpp"
#include "tests/support/usage_files.hpp"

namespace ts {
namespace {

namespace fs = std::filesystem;
using ledger::Dimension;
using ledger::ImportTally;
using ledger::OpenMode;
using ledger::UsageSum;

UtcTime at(const char* text) { return parse_rfc3339(text).value(); }

/// One line of a Claude Code transcript: 1 token in, `output` out.
std::string claude_line(const std::string& id, Tokens output, const std::string& time = "2026-11-20T18:47:30.549Z", const std::string& session = "s1") {
  return fmt::format(
      R"({{"parentUuid":null,"isSidechain":false,"message":{{"id":"{}","type":"message","role":"assistant","model":"claude-sonnet-4-5-20250929","content":[{{"type":"text","text":"x"}}],"usage":{{"input_tokens":1,"cache_creation_input_tokens":0,"cache_read_input_tokens":0,"output_tokens":{}}}}},"requestId":"req_{}","type":"assistant","uuid":"u","timestamp":"{}","cwd":"/p","sessionId":"{}","version":"2.1.197"}})"
      "\n",
      id, output, id, time, session);
}

class Import : public ::testing::Test {
 protected:
  [[nodiscard]] fs::path ledger_path() const { return fs::path(folder_.path()) / "state" / "ledger.db"; }
  [[nodiscard]] fs::path root() const { return fs::path(folder_.path()) / "home"; }
  [[nodiscard]] std::unique_ptr<ledger::Books> books() const { return ledger::Books::open(ledger_path(), OpenMode::write).value(); }

  fs::path put(const std::string& name, std::string_view text) const {
    const fs::path path = root() / name;
    fs::create_directories(path.parent_path());
    std::ofstream(path, std::ios::binary) << text;
    return path;
  }
  static void append(const fs::path& path, std::string_view text) { std::ofstream(path, std::ios::binary | std::ios::app) << text; }

  [[nodiscard]] ImportResult imported(ImportOptions options = {}) const { return imported({root()}, std::move(options)); }
  [[nodiscard]] ImportResult imported(const std::vector<fs::path>& paths, ImportOptions options = {}) const {
    options.host = "here";
    if (options.now == UtcTime{}) options.now = at("2026-11-21T00:00:00Z");
    const auto result = import_usage(*books(), paths, options);
    EXPECT_TRUE(result.has_value()) << result.error().message;
    if (!result.has_value()) return {};
    for (const FileProblem& problem : result->problems) ADD_FAILURE() << problem.error.message;
    return *result;
  }
  [[nodiscard]] UsageSum total() const {
    UsageSum sum;
    for (const auto& row : books()->reports().usage({}).value()) sum += row.all;
    return sum;
  }
  void expect_total(const Totals& should) const {
    const UsageSum sum = total();
    EXPECT_EQ(sum.counts, should.counts);
    EXPECT_EQ(sum.requests, should.requests);
  }
  void expect_sums_fit() const {
    const auto all = books();
    for (const std::string& difference : all->reports().verify().value()) ADD_FAILURE() << difference;
    for (const std::string& difference : all->budgets().verify().value()) ADD_FAILURE() << difference;
  }
  static void expect_nothing_new(const ImportResult& result) {
    EXPECT_EQ(result.tally, ImportTally{});
    EXPECT_EQ(result.unchanged, result.files);
    EXPECT_EQ(result.bytes, 0U);
  }

  ts::testing::TempDir folder_;
};

constexpr test::CorpusSpec kSmall{24, 900, 3'000'000, 7};

TEST_F(Import, OfATreeIsWhatMeterCountsAndTheSameAgainIsNothing) {
  const auto truth = test::write_claude_corpus(root(), kSmall).value();
  const ImportResult first = imported();
  EXPECT_EQ(first.files, 24U);
  EXPECT_EQ(first.tally.responses, truth.totals.requests);
  EXPECT_EQ(first.tally.runs, truth.sessions);
  expect_total(truth.totals);
  ScanOptions options;
  options.prices = &builtin_prices();
  const ScanResult metered = scan({root()}, options).value();
  EXPECT_EQ(total().cost.rounded(), metered.cost);
  for (const auto& row : books()->reports().usage({.by = {Dimension::model}}).value())
    EXPECT_EQ(row.all.counts, metered.by_model.find(row.keys[0])->second.counts) << row.keys[0];
  expect_sums_fit();

  expect_nothing_new(imported());
  expect_total(truth.totals);

  // Other names for the same files, and the same in many small groups and windows.
  fs::copy(root(), fs::path(folder_.path()) / "copy", fs::copy_options::recursive);
  const ImportResult copies = imported({fs::path(folder_.path()) / "copy"}, {.threads = 3, .group_bytes = 200'000, .window_bytes = 50'000});
  EXPECT_EQ(copies.tally.responses, 0);
  EXPECT_EQ(copies.tally.grown, 0);
  expect_total(truth.totals);
  expect_sums_fit();
}

TEST_F(Import, InSmallPiecesIsTheSame) {
  const auto truth = test::write_claude_corpus(root(), kSmall).value();
  const ImportResult pieces = imported({.threads = 3, .group_bytes = 200'000, .window_bytes = 50'000});
  EXPECT_EQ(pieces.files, 24U);
  EXPECT_EQ(pieces.tally.responses, truth.totals.requests);
  expect_total(truth.totals);
  expect_sums_fit();
  expect_nothing_new(imported());
}

TEST_F(Import, GoesOnInAFileThatGrows) {
  const std::string text = claude_line("a", 5) + claude_line("b", 1) + claude_line("b", 7) + claude_line("c", 9);
  const auto whole = Totals{{3, 0, 0, 0, 21, 0}, 3};
  for (std::size_t cut = 1; cut < text.size(); cut += 97) {
    SCOPED_TRACE(cut);
    fs::remove_all(ledger_path().parent_path());
    const fs::path path = put("projects/p/s1.jsonl", text.substr(0, cut));
    (void)imported();
    append(path, text.substr(cut));
    const ImportResult second = imported();
    if (cut > claude_line("a", 5).size()) {
      EXPECT_EQ(second.continued, 1U);
      EXPECT_LT(second.bytes, text.size());
    }
    expect_total(whole);
    expect_nothing_new(imported());
  }
  expect_sums_fit();
}

TEST_F(Import, AFileThatWasWrittenAnewIsReadAnew) {
  const fs::path path = put("projects/p/s1.jsonl", claude_line("a", 5) + claude_line("b", 6));
  (void)imported();
  put("projects/p/s1.jsonl", claude_line("x", 50) + claude_line("b", 6) + claude_line("c", 7));
  const ImportResult second = imported();
  EXPECT_EQ(second.continued, 0U);
  EXPECT_EQ(second.tally.responses, 2);
  EXPECT_EQ(total().counts.output, 68) << "what was spent stays spent";
  // A last line without its end counts, and counts once when the end comes.
  append(path, claude_line("d", 8).substr(0, claude_line("d", 8).size() - 1));
  (void)imported();
  EXPECT_EQ(total().counts.output, 76);
  append(path, "\n" + claude_line("e", 1));
  (void)imported();
  EXPECT_EQ(total().counts.output, 77);
}

TEST_F(Import, KilledAtAnyMomentIsFinishedByTheNext) {
  const auto truth = test::write_claude_corpus(root(), kSmall).value();
  int killed = 0;
  for (int round = 0; round < 4; ++round) {
    const pid_t child = ::fork();
    if (child == 0) {
      auto all = ledger::Books::open(ledger_path(), OpenMode::write);
      if (all.has_error()) ::_exit(1);
      ImportOptions options{.host = "here", .threads = 1, .now = at("2026-11-21T00:00:00Z"), .group_bytes = 150'000, .window_bytes = 40'000};
      ::_exit(import_usage(**all, {root()}, options).has_value() ? 0 : 1);
    }
    // Somewhere within it: once so many files are done.
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    int status = 0;
    bool over = false;
    while (!over && std::chrono::steady_clock::now() < deadline) {
      over = ::waitpid(child, &status, WNOHANG) == child;
      const auto reader = ledger::Books::open(ledger_path(), OpenMode::read);
      if (reader.has_value() && (*reader)->imports().marks().value().size() >= static_cast<std::size_t>(4 * (round + 1))) break;
    }
    if (!over) {
      ::kill(child, SIGKILL);
      ::waitpid(child, &status, 0);
      ++killed;
    }
  }
  EXPECT_GT(killed, 0);
  (void)imported();
  expect_total(truth.totals);
  expect_sums_fit();
  expect_nothing_new(imported());
}

TEST_F(Import, ManyAtOnceCountOnce) {
  const auto truth = test::write_claude_corpus(root(), kSmall).value();
  (void)books();
  std::vector<pid_t> children;
  for (int i = 0; i < 4; ++i) {
    const pid_t child = ::fork();
    if (child == 0) {
      auto all = ledger::Books::open(ledger_path(), OpenMode::write);
      if (all.has_error()) ::_exit(1);
      const auto result = import_usage(**all, {root()}, {.host = "here", .now = at("2026-11-21T00:00:00Z"), .group_bytes = 500'000});
      ::_exit(result.has_value() ? 0 : 1);
    }
    children.push_back(child);
  }
  for (const pid_t child : children) {
    int status = 0;
    ::waitpid(child, &status, 0);
    EXPECT_EQ(status, 0);
  }
  expect_total(truth.totals);
  expect_sums_fit();
}

/// A run of tracked-spawn's own over session s1.
class ImportBesideRuns : public Import {
 protected:
  void begin(ledger::Books& all) {
    ledger::RunStart start;
    start.id = {"ownrun0001"};
    start.agent = "claude";
    start.started = at("2026-11-20T12:00:00Z");
    ASSERT_TRUE(all.runs().begin(start).has_value());
    ledger::ResponseRow row;
    row.source = Source::transcript;
    row.response_id = "mine";
    row.model = "claude-sonnet-4-5-20250929";
    row.session = "s1";
    row.counts = {1, 0, 0, 0, 100, 0};
    row.at = at("2026-11-20T12:10:00Z");
    ASSERT_TRUE(all.runs().record(start.id, {&row, 1}, {row.counts, 1}, row.at, std::chrono::seconds(5)).has_value());
  }
  static void finish(ledger::Books& all) {
    ledger::RunEnd end;
    end.ended = at("2026-11-20T12:30:00Z");
    end.ruling = Source::transcript;
    end.totals = {{1, 0, 0, 0, 100, 0}, 1};
    end.by_model["claude-sonnet-4-5-20250929"] = end.totals;
    end.sessions = {"s1"};
    ASSERT_TRUE(all.runs().finish({"ownrun0001"}, end).has_value());
  }
  void write_session() const {
    put("projects/p/s1.jsonl", claude_line("before", 3, "2026-11-20T09:00:00Z") + claude_line("mine", 100, "2026-11-20T12:10:00Z") +
                                   claude_line("after", 4, "2026-11-20T15:00:00Z"));
  }
};

TEST_F(ImportBesideRuns, WhatARunHasCountedIsNotCountedAgain) {
  {
    const auto all = books();
    begin(*all);
    finish(*all);
  }
  write_session();
  const ImportResult result = imported();
  EXPECT_EQ(result.tally.of_runs, 1);
  EXPECT_EQ(result.tally.responses, 2);
  EXPECT_EQ(total().counts.output, 107);
  expect_nothing_new(imported());
  expect_sums_fit();
}

TEST_F(ImportBesideRuns, WhatALivingRunMayCountWaitsForItsEnd) {
  begin(*books());
  write_session();
  const UtcTime meanwhile = at("2026-11-20T12:11:00Z");
  const ImportResult first = imported({.now = meanwhile});
  EXPECT_EQ(first.tally.held, 2);
  EXPECT_EQ(total().counts.output, 103);
  finish(*books());
  const ImportResult second = imported({.now = at("2026-11-20T16:00:00Z")});
  EXPECT_EQ(second.tally.held, 0);
  EXPECT_EQ(second.tally.responses, 1);
  EXPECT_EQ(total().counts.output, 107);
  expect_nothing_new(imported({.now = at("2026-11-20T16:00:00Z")}));
  expect_sums_fit();
}

TEST_F(Import, CountsInBudgetsButRaisesNoAlertsOfThePast) {
  {
    ts::BudgetWords words;
    words.name = "all";
    words.limit = "10";
    ASSERT_TRUE(books()->budgets().put(budget_from(words).value(), at("2026-11-21T00:00:00Z")).has_value());
  }
  put("projects/p/s1.jsonl", claude_line("old", 50, "2025-01-20T09:00:00Z") + claude_line("new", 7, "2026-11-20T12:10:00Z"));
  (void)imported();
  const auto all = books();
  const auto states = all->budgets().states(at("2026-11-21T00:00:00Z")).value();
  ASSERT_EQ(states.size(), 1U);
  EXPECT_EQ(states[0].used, 8);
  for (const auto& alert : all->alerts().list({}).value()) EXPECT_GT(alert.period.start, at("2026-01-01T00:00:00Z"));
  expect_sums_fit();
}

TEST_F(Import, StreamsNeedTheirSession) {
  put("out.jsonl", R"({"type":"assistant","message":{"id":"m1","type":"message","role":"assistant","model":"claude-sonnet-4-5","content":[],"usage":{"input_tokens":5,"output_tokens":6}}})"
                   "\n");
  const ImportResult result = imported({root() / "out.jsonl"}, {.agent = "claude"});
  EXPECT_EQ(result.unnamed, 1U);
  EXPECT_EQ(total(), UsageSum{});
}

/// What real agents left behind, imported while it grows.
class ImportRecordings : public Import, public ::testing::WithParamInterface<const char*> {
 protected:
  static void restore_databases(const fs::path& folder) {
    std::vector<fs::path> dumps;
    for (const auto& entry : fs::recursive_directory_iterator(folder))
      if (entry.path().extension() == ".sql") dumps.push_back(entry.path());
    for (const fs::path& dump : dumps) {
      const fs::path path = fs::path(dump).replace_extension(".db");
      fs::remove(path);
      sqlite3* db = nullptr;
      ASSERT_EQ(sqlite3_open(path.c_str(), &db), SQLITE_OK);
      EXPECT_EQ(sqlite3_exec(db, test::read_file(dump).c_str(), nullptr, nullptr, nullptr), SQLITE_OK);
      sqlite3_close(db);
      fs::remove(dump);
    }
  }
};

TEST_P(ImportRecordings, GiveWhatMeterGives) {
  const fs::path recording = fs::path(TS_SOURCE_DIR) / "tests/data/recordings" / GetParam();
  const auto copy = [&](const char* part) {
    fs::copy(recording / part, root() / "agent", fs::copy_options::recursive | fs::copy_options::overwrite_existing);
    restore_databases(root());
  };
  fs::create_directories(root());
  if (fs::exists(recording / "home-before")) {
    copy("home-before");
    (void)imported();
  }
  copy("home");
  (void)imported();
  expect_total(scan({root()}, ScanOptions()).value().totals);
  expect_nothing_new(imported());
  // What was printed is the same once more.
  fs::copy(recording / "stdout.jsonl", root() / "stdout.jsonl");
  (void)imported();
  expect_total(scan({root() / "agent"}, ScanOptions()).value().totals);
  expect_sums_fit();
}

INSTANTIATE_TEST_SUITE_P(All, ImportRecordings,
                         ::testing::Values("claude-basic", "claude-cut", "claude-fanout", "claude-fork", "claude-resume", "claude-retries", "codex-basic",
                                           "codex-fanout", "codex-fork", "codex-resume", "gemini-basic", "gemini-resume", "opencode-fanout",
                                           "opencode-fork", "opencode-resume", "qwen-basic", "qwen-resume"));

}  // namespace
}  // namespace ts
