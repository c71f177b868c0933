// What real agents left, put in place as they would have grown, must give what the provider billed.
#include <gtest/gtest.h>
#include <sqlite3.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "accounting/budget/meter_sink.hpp"
#include "spawner/tail/follower.hpp"
#include "tests/support/temp_dir.hpp"

namespace ts::tail {
namespace {

namespace fs = std::filesystem;
using ts::testing::TempDir;

const fs::path kRecordings = fs::path(TS_SOURCE_DIR) / "tests/data/recordings";

std::string content(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream out;
  out << in.rdbuf();
  return out.str();
}

/// The moment of the launch: a little before the first request. opencode makes its message long before that.
UtcTime launch_of(const fs::path& recording, std::string_view agent) {
  std::ifstream in(recording / "provider.jsonl");
  double first = 0;
  for (std::string line; first == 0 && std::getline(in, line);) first = nlohmann::json::parse(line).value("t", 0.0);
  const double before = agent == "opencode" ? 6.0 : 0.5;
  return UtcTime(std::chrono::microseconds(static_cast<std::int64_t>((first - before) * 1e6)));
}

void load_sql(const fs::path& sql, const fs::path& db) {
  fs::remove(db);
  sqlite3* handle = nullptr;
  ASSERT_EQ(sqlite3_open(db.c_str(), &handle), SQLITE_OK);
  char* why = nullptr;
  EXPECT_EQ(sqlite3_exec(handle, content(sql).c_str(), nullptr, nullptr, &why), SQLITE_OK) << (why != nullptr ? why : "");
  sqlite3_free(why);
  sqlite3_close(handle);
}

/// Puts the files of `from` into `home`; what is there grows or is overwritten in place.
void put_home(const fs::path& from, const fs::path& home) {
  if (!fs::exists(from)) return;
  for (const auto& entry : fs::recursive_directory_iterator(from)) {
    if (!entry.is_regular_file()) continue;
    const fs::path target = home / fs::relative(entry.path(), from);
    fs::create_directories(target.parent_path());
    if (target.extension() == ".sql") {
      load_sql(entry.path(), fs::path(target).replace_extension(".db"));
      continue;
    }
    const std::string all = content(entry.path());
    const std::size_t there = fs::exists(target) ? fs::file_size(target) : 0;
    ASSERT_LE(there, all.size()) << target;
    std::ofstream(target, std::ios::binary | std::ios::app) << all.substr(there);
  }
}

/// Gemini CLI notes the project's path beside its chats; the recordings have only the hash of another machine's path.
void note_project(const fs::path& home) {
  if (fs::exists(home / ".gemini/tmp/project")) std::ofstream(home / ".gemini/tmp/project/.project_root") << "/home/dev/project";
}

std::string session_on_stdout(const fs::path& recording) {
  const std::string text = content(recording / "stdout.jsonl");
  for (const std::string key : {"\"thread_id\":\"", "\"session_id\":\"", "\"sessionID\":\""})
    if (const auto at = text.find(key); at != std::string::npos)
      return text.substr(at + key.size(), text.find('"', at + key.size()) - at - key.size());
  return {};
}

struct Case {
  const char* name;
  const char* agent;
  Tokens not_in_transcripts = 0;  ///< billed and in no transcript (see the recordings' README), total tokens
};

class Recording : public ::testing::TestWithParam<Case> {};

TEST_P(Recording, GivesWhatWasBilled) {
  const Case& param = GetParam();
  const fs::path recording = kRecordings / param.name;
  ASSERT_TRUE(fs::exists(recording)) << recording;
  for (const bool named : {true, false}) {
    if (!named && std::string_view(param.name).ends_with("-resume")) continue;  // needs --resume ID or the name
    TempDir home;
    put_home(recording / "home-before", home.path());
    const auto* profile = agents::profile_named(param.agent);
    FollowRequest request;
    request.profile = profile;
    request.places = agents::transcript_places(*profile, {{"HOME", home.path()}});
    request.cwd = "/home/dev/project";
    request.launched = launch_of(recording, param.agent);
    const auto follower = make_follower(std::move(request));
    Meter meter;
    MeterSink sink(meter, Source::transcript);
    follower->tick(MonoTime{}, sink);
    put_home(recording / "home", home.path());
    note_project(home.path());
    if (named) follower->session_named(session_on_stdout(recording));
    follower->drain(sink);
    follower->finish(sink);
    const auto truth = nlohmann::json::parse(content(recording / "truth.json"));
    const Totals totals = meter.of(Source::transcript).value_or(Totals{});
    EXPECT_EQ(by_formula(totals.counts, Formula::total), truth["total"].get<Tokens>() - param.not_in_transcripts) << (named ? "named" : "by folder");
    if (param.not_in_transcripts == 0) {
      EXPECT_EQ(by_formula(totals.counts, Formula::fresh), truth["fresh"].get<Tokens>());
      EXPECT_EQ(totals.requests, truth["requests"].get<std::int64_t>());
    }
    EXPECT_EQ(follower->stats().parse.malformed, 0U);
    EXPECT_TRUE(follower->take_warnings().empty());
  }
}

INSTANTIATE_TEST_SUITE_P(All, Recording,
                         ::testing::Values(Case{"claude-basic", "claude"}, Case{"claude-cache-1h", "claude"}, Case{"claude-json", "claude"},
                                           Case{"claude-text", "claude"}, Case{"claude-denied", "claude"}, Case{"claude-retries", "claude"},
                                           Case{"claude-fanout", "claude"}, Case{"claude-resume", "claude"}, Case{"claude-fork", "claude"},
                                           Case{"codex-basic", "codex"}, Case{"codex-denied", "codex"}, Case{"codex-fanout", "codex"},
                                           Case{"codex-resume", "codex"}, Case{"codex-fork", "codex"}, Case{"gemini-basic", "gemini"},
                                           Case{"gemini-resume", "gemini"}, Case{"qwen-basic", "qwen"}, Case{"qwen-resume", "qwen"},
                                           Case{"opencode-basic", "opencode", 7090}, Case{"opencode-fanout", "opencode", 7090},
                                           Case{"opencode-resume", "opencode"}, Case{"opencode-fork", "opencode"}),
                         [](const auto& tested) {
                           std::string name = tested.param.name;
                           std::replace(name.begin(), name.end(), '-', '_');
                           return name;
                         });

}  // namespace
}  // namespace ts::tail
