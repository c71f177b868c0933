// The score over a corpus of real task files with their truth (truth.csv). The files are not part of the project: they are looked for
// beside it (../shared/corpus/task-files, or $TS_TASK_CORPUS), and the test says so where they are absent.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>

#include "taskfile/reading.hpp"

namespace ts::taskfile {
namespace {

namespace fs = std::filesystem;
using Row = std::map<std::string, std::string>;

fs::path corpus() {
  const char* given = std::getenv("TS_TASK_CORPUS");
  return given != nullptr ? fs::path(given) : fs::path(TS_SOURCE_DIR).parent_path() / "shared/corpus/task-files";
}

std::string bytes_of(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

/// The truth has no quoted cells.
std::vector<Row> truth_rows() {
  std::ifstream file(corpus() / "truth.csv");
  std::vector<Row> rows;
  std::vector<std::string> names;
  for (std::string line; std::getline(file, line);) {
    if (!line.empty() && line.back() == '\r') line.pop_back();
    std::vector<std::string> cells;
    std::stringstream stream(line);
    for (std::string cell; std::getline(stream, cell, ',');) cells.push_back(cell);
    if (names.empty()) {
      names = cells;
      continue;
    }
    Row row;
    for (std::size_t i = 0; i < names.size(); ++i) row[names[i]] = i < cells.size() ? cells[i] : "";
    rows.push_back(row);
  }
  return rows;
}

template <class T>
std::string text_of(const std::optional<T>& value) { return value ? std::to_string(*value) : ""; }

/// What we say, in the words of the truth.
Row answer(const Reading& reading) {
  Row row;
  row["task_id"] = reading.task_id;
  if (reading.estimate) {
    row["estimate_low_tokens"] = std::to_string(reading.estimate->low);
    row["estimate_high_tokens"] = std::to_string(reading.estimate->high);
    row["estimate_line_no"] = std::to_string(reading.estimate->line);
  }
  if (reading.cap) row["cap_tokens_explicit"] = std::to_string(reading.cap->limit);
  if (reading.actual.line > 0) row["actual_field_line_no"] = std::to_string(reading.actual.line);
  constexpr std::array<const char*, 3> states = {"no", "placeholder", "yes"};
  row["actual_value_present"] = states[static_cast<std::size_t>(reading.actual.state)];
  row["sprint_id"] = reading.sprint;
  return row;
}

std::string reasons(const Reading& reading) {
  std::string text;
  for (const Candidate& candidate : reading.candidates)
    text += fmt::format("      line {} {}–{} {}: {}\n", candidate.line, text_of(candidate.low), text_of(candidate.high), candidate.why, candidate.text);
  return text;
}

struct Score {
  int right = 0;
  int wrong_where_empty = 0;
  std::string misses;
};

TEST(Corpus, ReadingAgreesWithTheTruth) {
  if (!fs::exists(corpus() / "truth.csv")) GTEST_SKIP() << "no corpus at " << corpus() << "; own files of the same shapes hold the behaviour (samples_test.cpp)";
  const std::vector<Row> rows = truth_rows();
  const std::vector<std::string> measures = {"task_id",  "estimate_low_tokens", "estimate_high_tokens", "estimate_line_no", "cap_tokens_explicit",
                                             "actual_field_line_no", "actual_value_present", "sprint_id"};
  std::map<std::string, Score> scores;
  for (const Row& row : rows) {
    const auto document = Document::parse(bytes_of(corpus() / "tasks" / row.at("file")));
    ASSERT_TRUE(document.has_value()) << row.at("file");
    const Reading reading = read(*document);
    Row said = answer(reading);
    for (const std::string& measure : measures) {
      Score& score = scores[measure];
      if (said[measure] == row.at(measure)) {
        ++score.right;
        continue;
      }
      if (row.at(measure).empty()) ++score.wrong_where_empty;
      score.misses += fmt::format("    {}: truth \"{}\", read \"{}\"\n", row.at("file"), row.at(measure), said[measure]);
      if (measure.starts_with("estimate_h") || measure.starts_with("cap")) score.misses += reasons(reading);
    }
  }
  const double total = static_cast<double>(rows.size());
  for (const std::string& measure : measures)
    fmt::print("  {:<24} {:>4} of {} right, {:.2f} %, {} where the truth is empty\n", measure, scores[measure].right, rows.size(), 100.0 * scores[measure].right / total, scores[measure].wrong_where_empty);
  for (const std::string& measure : measures)
    if (!scores[measure].misses.empty()) fmt::print("  misses of {}:\n{}", measure, scores[measure].misses);
  for (const std::string& measure : measures) EXPECT_GE(scores[measure].right, 0.99 * total) << measure;
  for (const char* measure : {"estimate_low_tokens", "estimate_high_tokens", "cap_tokens_explicit"}) EXPECT_EQ(scores[measure].wrong_where_empty, 0) << measure;
}

}  // namespace
}  // namespace ts::taskfile
