#include "accounting/ledger/response_file.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "tests/support/sanitized.hpp"

namespace ts::ledger {
namespace {

std::size_t resident_kib() {
  std::ifstream in("/proc/self/statm");
  std::size_t size = 0;
  std::size_t resident = 0;
  in >> size >> resident;
  return resident * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE)) / 1024;
}

void fill_and_check(const std::filesystem::path& folder, int count) {
  const auto index = make_file_index(folder);
  const auto key = [](int i) { return "msg_" + std::to_string(i * 7919); };
  for (int i = 0; i < count; ++i) {
    ASSERT_FALSE(index->find(key(i))) << i;
    index->put(key(i), {{.input = i, .output = 2 * i}, 1});
    if (i % 3 == 0) index->put(key(i / 2), {{.input = i / 2, .output = 5}, 2});
  }
  for (int i = 0; i < count; ++i) {
    const auto entry = index->find(key(i));
    ASSERT_TRUE(entry) << i;
    ASSERT_EQ(entry->counts.input, i);
  }
  EXPECT_FALSE(index->find("never put"));
  EXPECT_FALSE(index->find(""));
}

TEST(FileIndex, KeepsAHundredThousandResponsesInLittleMemory) {
  char name[] = "/tmp/ts-index-XXXXXX";
  const std::filesystem::path folder = ::mkdtemp(name);
  const std::size_t before = resident_kib();
  fill_and_check(folder, 100000);
  if (!kSanitized) {
    EXPECT_LT(resident_kib(), before + std::size_t{4} * 1024);
  }
  EXPECT_TRUE(std::filesystem::is_empty(folder)) << "the file has no name";
  std::filesystem::remove_all(folder);
}

TEST(FileIndex, LosesNothingWhereTheDiskCannotBeUsed) { fill_and_check("/nonexistent/folder", 40000); }

TEST(FileIndex, ServesAMeter) {
  Meter meter([](Source) { return make_file_index("/tmp"); });
  for (int round = 0; round < 2; ++round)
    for (int i = 0; i < 30000; ++i) {
      const std::string id = std::to_string(i);
      UsageEvent event{.response_id = id, .model = "x", .session = "s", .counts = {}, .at = {}};
      event.counts.output = 3;
      meter.add(Source::gateway, event);
    }
  EXPECT_EQ(meter.totals().counts.output, 90000);
  EXPECT_EQ(meter.totals().requests, 30000);
}

}  // namespace
}  // namespace ts::ledger
