// The score over corpora of real files. These are no part of the project: they stand beside it (../shared/corpus, or $TS_TASK_CORPUS
// for the task files), and where they don't, CMake says so and registers none of these. Own files of the same shapes: samples_test.cpp.
#include "tests/integration/taskfile/ledgers.hpp"
#include "tests/integration/taskfile/scoring.hpp"

namespace ts::taskfile {
namespace {

namespace fs = std::filesystem;

fs::path shared() { return fs::path(TS_SOURCE_DIR).parent_path() / "shared/corpus"; }

fs::path corpus() {
  const char* given = std::getenv("TS_TASK_CORPUS");
  return given != nullptr ? fs::path(given) : shared() / "task-files";
}

TEST(Corpus, ReadingAgreesWithTheTruth) {
  scoring::expect_score(corpus());
}

TEST(Corpus, WritingChangesExactlyThePlannedBytes) {
  scoring::check_folder(corpus() / "tasks");
}

TEST(Corpus, AppendingToALedgerIsRightOrNamesTheOldDefect) {
  ledgers::check_folder(shared() / "token-logs");
}

/// The number behind `key:` in the lines of a file's front matter; -1: none.
Tokens front_matter_number(const std::string& bytes, const std::string& key) {
  const std::size_t end = bytes.find("\n---", 3);
  const std::size_t at = bytes.find(key + ": ");
  return at == std::string::npos || at > end ? -1 : std::atoll(bytes.c_str() + at + key.size() + 2);
}

TEST(Corpus, StoriesAreReadAndWritten) {
  for (const fs::directory_entry& entry : fs::directory_iterator(shared() / "stories")) {
    const std::string bytes = scoring::bytes_of(entry.path());
    const Reading reading = read(Document::parse(bytes).value());
    const Tokens stated = front_matter_number(bytes, "token_estimate");
    if (stated > 0) {
      EXPECT_EQ(reading.estimate ? reading.estimate->high : -1, stated) << entry.path();
    }
    fmt::print("  {:<32} {:<16} estimate {:>8} at line {:>3}  points {:<3} {}\n", entry.path().filename().string(), reading.task_id,
               reading.estimate ? std::to_string(reading.estimate->high) : reading.ambiguities.empty() ? "-" : "unclear",
               reading.estimate ? reading.estimate->line : 0, reading.points, fmt::join(reading.notes, "; "));
  }
  scoring::check_folder(shared() / "stories");
}

}  // namespace
}  // namespace ts::taskfile
