#pragma once

#include <gtest/gtest.h>
#include <sqlite3.h>

#include <fstream>

#include <nlohmann/json.hpp>

#include "accounting/import/scan.hpp"
#include "tests/support/temp_dir.hpp"

namespace ts::test {

namespace fs = std::filesystem;

/// A recording of this project, or one that stands beside it.
class Recording {
 public:
  explicit Recording(const fs::path& source) : root_(fs::path(dir_.path()) / "r") {
    fs::copy(source, root_, fs::copy_options::recursive);
    std::vector<fs::path> dumps;
    for (const auto& entry : fs::recursive_directory_iterator(root_))
      if (entry.path().extension() == ".sql") dumps.push_back(entry.path());
    for (const fs::path& dump : dumps) restore(dump);
  }

  /// Those of the named parts that exist.
  [[nodiscard]] std::vector<fs::path> parts(std::initializer_list<const char*> names) const {
    std::vector<fs::path> found;
    for (const char* name : names)
      if (fs::exists(root_ / name)) found.push_back(root_ / name);
    return found;
  }

  [[nodiscard]] Totals billed() const {
    std::ifstream in(root_ / "truth.json");
    const auto truth = nlohmann::json::parse(in);
    Totals totals;
    totals.requests = truth["requests"];
    totals.counts.input = truth["input"];
    totals.counts.cache_write_5m = truth["cache_write"];
    totals.counts.cache_read = truth["cache_read"];
    totals.counts.output = truth["output"];
    return totals;
  }

 private:
  static void restore(const fs::path& dump) {
    std::ifstream in(dump);
    const std::string sql{std::istreambuf_iterator<char>(in), {}};
    sqlite3* db = nullptr;
    ASSERT_EQ(sqlite3_open(fs::path(dump).replace_extension(".db").c_str(), &db), SQLITE_OK);
    EXPECT_EQ(sqlite3_exec(db, sql.c_str(), nullptr, nullptr, nullptr), SQLITE_OK);
    sqlite3_close(db);
    fs::remove(dump);
  }

  ts::testing::TempDir dir_;
  fs::path root_;
};

/// What `meter` counts in these.
inline Totals metered(const std::vector<fs::path>& paths) {
  ScanResult result = scan(paths, ScanOptions()).value();
  EXPECT_TRUE(result.problems.empty());
  // The truth doesn't tell the two kinds of cache writes apart, nor reasoning from output.
  Totals totals = result.totals;
  totals.counts.cache_write_5m = totals.counts.cache_write();
  totals.counts.cache_write_1h = 0;
  totals.counts.reasoning = 0;
  return totals;
}

}  // namespace ts::test
