#include "spawner/capture/run_folder.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "spawner/capture/event_log.hpp"
#include "spawner/capture/pipe_reader.hpp"
#include "tests/support/temp_dir.hpp"

namespace ts::capture {
namespace {

using ts::testing::TempDir;

std::string content(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream out;
  out << in.rdbuf();
  return out.str();
}

mode_t mode(const std::string& path) {
  struct stat found {};
  EXPECT_EQ(::stat(path.c_str(), &found), 0) << path;
  return found.st_mode & 0777;
}

TEST(RunFolder, IsPrivate) {
  TempDir dir;
  const mode_t before = ::umask(0);
  auto folder = RunFolder::create(dir / "state", RunId{"abc"});
  ASSERT_TRUE(folder.has_value()) << folder.error().message;
  folder->open_stdout().append("x");
  ASSERT_TRUE(folder->write_receipt("{}").has_value());
  ::umask(before);
  EXPECT_EQ(folder->path(), dir / "state/tracked-spawn/runs/abc");
  EXPECT_EQ(mode(dir / "state/tracked-spawn"), 0700U);
  EXPECT_EQ(mode(folder->path()), 0700U);
  EXPECT_EQ(mode(folder->file("stdout")), 0600U);
  EXPECT_EQ(mode(folder->file("receipt.json")), 0600U);
  EXPECT_EQ(content(folder->file("receipt.json")), "{}");
}

TEST(RunFolder, IsTheClaimOnTheId) {
  TempDir dir;
  ASSERT_TRUE(RunFolder::create(dir.path(), RunId{"same"}).has_value());
  const auto second = RunFolder::create(dir.path(), RunId{"same"});
  ASSERT_TRUE(second.has_error());
  EXPECT_EQ(second.error().code, Errc::already_exists);
}

TEST(RunFolder, RefusesIdsThatArePaths) {
  TempDir dir;
  for (const char* id : {"", ".", "..", "../x", "a/b", ".hidden"}) EXPECT_TRUE(RunFolder::create(dir.path(), RunId{id}).has_error()) << id;
}

TEST(RunFolder, SaysWhichFolderCanNotBeMade) {
  TempDir dir;
  std::ofstream(dir / "file") << "x";
  const auto folder = RunFolder::create(dir / "file", RunId{"abc"});
  ASSERT_TRUE(folder.has_error());
  EXPECT_NE(folder.error().message.find(dir / "file"), std::string::npos) << folder.error().message;

  const RunFolder nowhere = RunFolder::nowhere(folder.error());
  RawFile raw = nowhere.open_stdout();
  raw.append("lost");
  EXPECT_FALSE(raw.keeps());
  EXPECT_EQ(raw.lost(), 4U);
  EXPECT_TRUE(raw.take_trouble().has_value());
  EXPECT_TRUE(nowhere.write_receipt("{}").has_error());
}

TEST(RawFile, NeverFollowsALinkOrOverwrites) {
  TempDir dir;
  ASSERT_EQ(::symlink((dir / "target").c_str(), (dir / "link").c_str()), 0);
  EXPECT_FALSE(RawFile::create(dir / "link").keeps());
  std::ofstream(dir / "there") << "old";
  EXPECT_FALSE(RawFile::create(dir / "there").keeps());
  EXPECT_EQ(content(dir / "there"), "old");
}

TEST(RawFile, KeepsAnExactPrefixWhenTheDiskIsFull) {
  TempDir dir;
  ignore_sigxfsz();
  rlimit before {};
  ::getrlimit(RLIMIT_FSIZE, &before);
  rlimit small = before;
  small.rlim_cur = 1000;
  RawFile raw = RawFile::create(dir / "raw");
  ::setrlimit(RLIMIT_FSIZE, &small);
  const std::string piece(300, 'x');
  for (int i = 0; i < 10; ++i) raw.append(piece);
  ::setrlimit(RLIMIT_FSIZE, &before);
  raw.append(piece);  // there would be room again, but not without a gap
  EXPECT_FALSE(raw.keeps());
  EXPECT_EQ(raw.size(), 1000U);
  EXPECT_EQ(raw.lost(), 3300U - 1000U);
  EXPECT_EQ(content(dir / "raw").size(), 1000U);
  const auto trouble = raw.take_trouble();
  ASSERT_TRUE(trouble.has_value());
  EXPECT_NE(trouble->message.find(dir / "raw"), std::string::npos);
  EXPECT_FALSE(raw.take_trouble().has_value());
}

TEST(EventLog, WritesOneObjectALine) {
  TempDir dir;
  {
    EventLog log(RawFile::create(dir / "events.jsonl"));
    const UtcTime at{std::chrono::seconds(1'795'286'878)};
    UsageEvent event;
    event.response_id = "msg_1";
    event.model = "m\"x";
    event.counts.output = 9;
    event.at = at;
    log.usage(at, Source::transcript, event, "/a/b.jsonl");
    SettlementEvent settled;
    settled.settlement_id = "s";
    settled.counts.output = 7;
    log.settlement(at, Source::stream, settled);
    SessionEvent session;
    session.session = "s";
    session.cwd = "/w";
    log.session(at, Source::stream, session);
    log.note(at, "decision", {{"stop", true}, {"observed", std::int64_t{40'001}}, {"why", std::string_view("cap")}});
  }
  std::istringstream lines(content(dir / "events.jsonl"));
  std::vector<nlohmann::json> all;
  for (std::string line; std::getline(lines, line);) all.push_back(nlohmann::json::parse(line));
  ASSERT_EQ(all.size(), 4U);
  EXPECT_EQ(all[0]["kind"], "usage");
  EXPECT_EQ(all[0]["source"], "transcript");
  EXPECT_EQ(all[0]["response"], "msg_1");
  EXPECT_EQ(all[0]["model"], "m\"x");
  EXPECT_EQ(all[0]["output"], 9);
  EXPECT_EQ(all[0]["file"], "/a/b.jsonl");
  EXPECT_EQ(all[1]["settlement"], "s");
  EXPECT_EQ(all[2]["cwd"], "/w");
  EXPECT_FALSE(all[2].contains("model"));
  EXPECT_EQ(all[3]["stop"], true);
  EXPECT_EQ(all[3]["observed"], 40'001);
}

}  // namespace
}  // namespace ts::capture
