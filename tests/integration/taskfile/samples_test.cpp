// Own files of the shapes that teams write, with their truth: what holds the reading and the writing for everybody.
#include "tests/integration/taskfile/ledgers.hpp"
#include "tests/integration/taskfile/scoring.hpp"

namespace ts::taskfile {
namespace {

namespace fs = std::filesystem;

fs::path samples() { return fs::path(TS_SOURCE_DIR) / "tests/data/taskfile"; }

TEST(Samples, ReadingAgreesWithTheTruth) { scoring::expect_score(samples()); }

TEST(Samples, WritingChangesExactlyThePlannedBytes) { scoring::check_folder(samples() / "tasks"); }

TEST(Samples, AppendingToALedgerIsRightOrNamesTheOldDefect) { EXPECT_EQ(ledgers::check_folder(samples() / "ledgers"), (std::pair{7, 5})); }

TEST(Samples, EveryPrefixIsReadAndWritten) {
  for (const fs::directory_entry& entry : fs::directory_iterator(samples() / "tasks")) {
    const std::string bytes = scoring::bytes_of(entry.path());
    const std::size_t step = bytes.size() < 4000 ? 7 : bytes.size() / 40;
    for (std::size_t size = 0; size < bytes.size(); size += step) {
      const auto document = Document::parse(bytes.substr(0, size));
      ASSERT_TRUE(document.has_value());
      ASSERT_EQ(document->bytes(), bytes.substr(0, size));
      const Reading reading = read(*document);
      const auto plan = plan_actual(*document, reading, scoring::measured("aaaaaaaaaa", 5'000), Role::engineer);
      ASSERT_TRUE(plan.has_value());
      const Document after = Document::parse(apply(*document, *plan)).value();
      ASSERT_EQ(scoring::limits_of(reading), scoring::limits_of(read(after))) << entry.path() << " cut at " << size;
    }
  }
}

}  // namespace
}  // namespace ts::taskfile
