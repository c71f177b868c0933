// What agents did, by their recorded streams and transcripts, against a count that knows nothing of the reader.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <set>

#include "accounting/usage/activity.hpp"
#include "accounting/usage/dialects.hpp"

namespace ts {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

struct Done {
  std::set<std::string> calls;
  std::uint64_t call_bytes = 0;     ///< of compact arguments
  std::set<std::string> results;
  std::uint64_t result_bytes = 0;
};

std::uint64_t text_bytes(const Json& content) {
  if (content.is_string()) return content.get_ref<const std::string&>().size();
  std::uint64_t bytes = 0;
  for (const Json& block : content) bytes += block.contains("text") ? block["text"].get_ref<const std::string&>().size() : block.dump().size();
  return bytes;
}

/// Claude Code's lines by a JSON library.
void count_claude(const std::string& line, Done& done) {
  const Json j = Json::parse(line, nullptr, false);
  if (!j.is_object() || !j.contains("message") || !j["message"].contains("content") || !j["message"]["content"].is_array()) return;
  for (const Json& block : j["message"]["content"]) {
    const std::string type = block.value("type", "");
    if (type == "tool_use" && done.calls.insert(block["id"]).second) done.call_bytes += block["input"].dump().size();
    if (type == "tool_result" && done.results.insert(block["tool_use_id"]).second) done.result_bytes += text_bytes(block["content"]);
  }
}

std::vector<std::string> lines_of(const fs::path& path) {
  std::vector<std::string> lines;
  std::ifstream file(path, std::ios::binary);
  for (std::string line; std::getline(file, line);) lines.push_back(line);
  return lines;
}

struct Sums {
  std::size_t calls = 0, results = 0;
  std::uint64_t call_bytes = 0, result_bytes = 0;
};

Sums sums_of(const Activity& activity) {
  Sums sums;
  for (const Act& act : activity.acts) {
    if (act.kind == Act::Kind::call) ++sums.calls, sums.call_bytes += act.bytes;
    if (act.kind == Act::Kind::result) ++sums.results, sums.result_bytes += act.bytes;
  }
  return sums;
}

std::vector<fs::path> recordings(const std::string& agent) {
  std::vector<fs::path> found;
  for (const auto& entry : fs::directory_iterator(fs::path(TS_SOURCE_DIR) / "tests/data/recordings"))
    if (entry.path().filename().string().starts_with(agent + "-")) found.push_back(entry.path());
  std::ranges::sort(found);
  return found;
}

TEST(ActivityRecordings, ClaudesInvocationsAndBytesAreExact) {
  std::size_t calls = 0;
  for (const fs::path& recording : recordings("claude")) {
    for (const bool transcripts : {false, true}) {
      std::vector<fs::path> files;
      if (!transcripts && fs::exists(recording / "stdout.jsonl")) files.push_back(recording / "stdout.jsonl");
      if (transcripts && fs::exists(recording / "home"))
        for (const auto& entry : fs::recursive_directory_iterator(recording / "home"))
          if (entry.path().extension() == ".jsonl") files.push_back(entry.path());
      std::ranges::sort(files);
      ActivityReader reader(std::nullopt);
      Done done;
      for (const fs::path& file : files) {
        reader.begin(transcripts ? make_transcript_dialect("claude") : make_stream_dialect("claude"));
        for (const std::string& line : lines_of(file)) {
          reader.line(line);
          count_claude(line, done);
        }
      }
      const Sums sums = sums_of(reader.take());
      EXPECT_EQ(sums.calls, done.calls.size()) << recording << " transcripts " << transcripts;
      EXPECT_EQ(sums.call_bytes, done.call_bytes) << recording << " transcripts " << transcripts;
      EXPECT_EQ(sums.results, done.results.size()) << recording << " transcripts " << transcripts;
      EXPECT_EQ(sums.result_bytes, done.result_bytes) << recording << " transcripts " << transcripts;
      calls += sums.calls;
    }
  }
  EXPECT_GT(calls, 50U);
}

TEST(ActivityRecordings, StreamAndTranscriptOfTheOthersShowTheSameCalls) {
  for (const char* agent : {"codex", "gemini", "qwen"}) {
    const fs::path recording = fs::path(TS_SOURCE_DIR) / "tests/data/recordings" / (std::string(agent) + "-basic");
    ActivityReader stream(std::nullopt);
    stream.begin(make_stream_dialect(agent));
    for (const std::string& line : lines_of(recording / "stdout.jsonl")) stream.line(line);
    ActivityReader transcript(std::nullopt);
    for (const auto& entry : fs::recursive_directory_iterator(recording / "home")) {
      if (entry.path().extension() != ".jsonl") continue;
      transcript.begin(make_transcript_dialect(agent));
      if (agent == std::string("qwen")) transcript.usage_comes_first();
      for (const std::string& line : lines_of(entry.path())) transcript.line(line);
    }
    const Sums printed = sums_of(stream.take());
    const Sums kept = sums_of(transcript.take());
    EXPECT_GE(printed.calls, 3U) << agent;
    EXPECT_EQ(printed.calls, kept.calls) << agent;
    EXPECT_EQ(printed.results, printed.calls) << agent;
    EXPECT_EQ(kept.results, kept.calls) << agent;
  }
}

}  // namespace
}  // namespace ts
