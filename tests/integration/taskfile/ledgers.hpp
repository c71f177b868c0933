#pragma once

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <set>
#include <string>

#include "taskfile/store.hpp"
#include "taskfile/token_ledger.hpp"
#include "tests/integration/taskfile/scoring.hpp"
#include "tests/support/temp_dir.hpp"

/// The check that appending to a ledger is right: over own samples, and over a corpus where one stands beside the project.
namespace ts::taskfile::ledgers {

namespace fs = std::filesystem;

inline Tokens sum_of_totals(const TokenLedger& ledger) {
  Tokens sum = 0;
  for (const TokenLedgerRow& row : ledger.rows) sum += row.total.value_or(row.input.value_or(0) + row.output.value_or(0));
  return sum;
}

/// `after` is `before` with bytes put in at one place.
inline bool only_inserted(const std::string& before, const std::string& after) {
  std::size_t same = 0;
  while (same < before.size() && same < after.size() && before[same] == after[same]) ++same;
  return after.size() > before.size() && after.substr(after.size() - (before.size() - same)) == before.substr(same);
}

/// What one file's ledger came to.
struct Appended {
  bool had_ledger = false;
  std::vector<std::string> defects;
};

inline Appended check_file(const fs::path& path, const fs::path& scratch) {
  const std::string before = scoring::bytes_of(path);
  const auto old = find_token_ledger(Document::parse(before).value());
  const fs::path copy = scratch / path.filename();
  fs::copy_file(path, copy, fs::copy_options::overwrite_existing);
  fs::permissions(copy, fs::perms::owner_write, fs::perm_options::add);
  const LedgerPhase phase{UtcTime{}, "engineer", 100'000, 23'456};
  const Planner planner = [&](const Document& document) { return plan_token_ledger(document, RunId{"7f3k2mabcd"}, {phase}); };
  const auto report = update({copy, {}}, planner);
  EXPECT_TRUE(report.has_value()) << path;
  if (!report) return {};
  const std::string after = scoring::bytes_of(copy);
  EXPECT_TRUE(only_inserted(before, after)) << path;
  const auto now = find_token_ledger(Document::parse(after).value());
  EXPECT_TRUE(now.has_value()) << path;
  if (!now) return {};
  EXPECT_EQ(now->rows.size(), (old ? old->rows.size() : 0) + 1) << path;
  EXPECT_EQ(now->rows.back().total, 123'456) << path;
  EXPECT_EQ(now->rows.back().cumulative, sum_of_totals(*now)) << path;
  for (const std::string& defect : old ? old->defects : std::vector<std::string>()) EXPECT_NE(std::ranges::find(report->notes, defect), report->notes.end()) << path << ": " << defect;
  // The new cumulative follows from the row above, unless a defect of the old rows is named.
  if (old && old->defects.empty() && !old->rows.empty()) {
    EXPECT_EQ(*now->rows.back().cumulative, *old->rows.back().cumulative + 123'456) << path;
  }
  EXPECT_EQ(update({copy, {}}, planner)->edits, 0U) << path << ": once per run";
  EXPECT_EQ(scoring::bytes_of(copy), after) << path;
  return {old.has_value(), old ? old->defects : std::vector<std::string>()};
}

/// Files, and how many of them had a ledger.
inline std::pair<int, int> check_folder(const fs::path& folder) {
  const ts::testing::TempDir scratch;
  std::pair<int, int> counts{0, 0};
  std::set<fs::path> files;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder)) files.insert(entry.path());
  for (const fs::path& file : files) {
    const Appended appended = check_file(file, scratch.path());
    ++counts.first;
    counts.second += appended.had_ledger ? 1 : 0;
    for (const std::string& defect : appended.defects) fmt::print("  {}: {}\n", file.filename().string(), defect);
  }
  fmt::print("  {} files, {} with a ledger of six columns\n", counts.first, counts.second);
  return counts;
}

}  // namespace ts::taskfile::ledgers
