#include "spawner/tail/follower.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sqlite3.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <thread>

#include "accounting/base/text.hpp"
#include "accounting/budget/meter_sink.hpp"
#include "tests/support/sanitized.hpp"
#include "tests/support/temp_dir.hpp"

namespace ts::tail {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using ts::testing::TempDir;

const UtcTime kLaunch = UtcTime(std::chrono::seconds(1'795'286'878));
constexpr const char* kSession = "5440d3fb-757c-417b-8dfa-1932eaf88647";
constexpr const char* kOther = "11111111-757c-417b-8dfa-1932eaf88647";

/// A line of Claude Code's transcript: one response with `output` tokens, `seconds` after the launch.
std::string response(const std::string& id, int output, int seconds = 1, const std::string& session = kSession, const std::string& cwd = "/work/p") {
  return R"({"type":"assistant","message":{"id":")" + id + R"(","type":"message","role":"assistant","model":"m","content":[],"usage":{"input_tokens":1,"output_tokens":)" +
         std::to_string(output) + R"(}},"timestamp":")" + rfc3339(kLaunch + std::chrono::seconds(seconds)) + R"(","cwd":")" + cwd +
         R"(","sessionId":")" + session + "\"}\n";
}

void append(const fs::path& path, const std::string& text) {
  fs::create_directories(path.parent_path());
  std::ofstream(path, std::ios::binary | std::ios::app) << text;
}

class FollowerTest : public ::testing::Test {
 protected:
  FollowRequest request() const {
    FollowRequest request;
    request.profile = agents::profile_named("claude");
    request.places = agents::transcript_places(*request.profile, {{"HOME", home_.path()}});
    request.cwd = "/work/p";
    request.launched = kLaunch;
    return request;
  }
  void start(FollowRequest with) { follower_ = make_follower(std::move(with)); }
  [[nodiscard]] fs::path project(const std::string& name = "-work-p") const { return fs::path(home_ / ".claude/projects") / name; }
  [[nodiscard]] fs::path file(const std::string& session = kSession) const { return project() / (session + ".jsonl"); }
  /// As the loop does: waits for the descriptor, drains, ticks.
  void turn(int wait_ms = 20) {
    pollfd ready{follower_->fd(), POLLIN, 0};
    ::poll(&ready, 1, wait_ms);
    follower_->drain(sink_);
    now_ += 200ms;
    follower_->tick(now_, sink_);
  }
  [[nodiscard]] Tokens output() const { return meter_.of(Source::transcript).value_or(Totals{}).counts.output; }
  Tokens output_after_turns() {
    for (int i = 0; i < 3; ++i) turn(1);
    return output();
  }

  TempDir home_;
  Meter meter_;
  MeterSink sink_{meter_, Source::transcript};
  std::unique_ptr<Follower> follower_;
  MonoTime now_{};
};

TEST_F(FollowerTest, FollowsWhatAppearsLateAndGrowsInPieces) {
  start(request());
  turn(1);
  const std::string line = response("a", 10);
  append(file(), line.substr(0, 40));
  EXPECT_EQ(output_after_turns(), 0);
  append(file(), line.substr(40));
  EXPECT_EQ(output_after_turns(), 10);
  append(project() / kSession / "subagents/agent-x.jsonl", response("b", 5));
  EXPECT_EQ(output_after_turns(), 15);
  append(project() / kSession / "subagents/deeper/agent-y.jsonl", response("c", 7));
  EXPECT_EQ(output_after_turns(), 22);
  append(file(), response("a", 12) + response("a", 12));
  EXPECT_EQ(output_after_turns(), 24);
  EXPECT_EQ(follower_->stats().files, 3U);
}

TEST_F(FollowerTest, LastLineWithoutNewlineCountsAtTheEnd) {
  start(request());
  std::string line = response("a", 10);
  line.pop_back();
  append(file(), line);
  EXPECT_EQ(output_after_turns(), 0);
  follower_->finish(sink_);
  EXPECT_EQ(output(), 10);
}

TEST_F(FollowerTest, PastOfAResumedSessionNeverCounts) {
  const std::string straddling = response("straddles", 3);
  append(file(), response("old", 100, -60) + straddling.substr(0, 50));
  FollowRequest with = request();
  with.session = kSession;
  start(std::move(with));
  append(file(), straddling.substr(50) + response("old", 100) + response("new", 4));
  EXPECT_EQ(output_after_turns(), 7);
  // A fork: the past's lines under a new session, then new ones.
  append(file(kOther), response("older", 50, -90, kOther) + response("forked", 2, 2, kOther));
  follower_->session_named(kOther);
  EXPECT_EQ(output_after_turns(), 9);
  EXPECT_GE(follower_->stats().past_events, 2U);
}

TEST_F(FollowerTest, SurvivesTruncationReplacementAndRemoval) {
  start(request());
  append(file(), response("a", 10) + response("b", 10));
  EXPECT_EQ(output_after_turns(), 20);
  std::ofstream(file(), std::ios::trunc) << response("c", 5);
  EXPECT_EQ(output_after_turns(), 25);
  const fs::path fresh = home_ / "fresh";
  append(fresh, response("a", 10) + response("b", 10) + response("c", 5) + response("d", 1));
  fs::rename(fresh, file());
  EXPECT_EQ(output_after_turns(), 26);
  fs::remove(file());
  EXPECT_EQ(output_after_turns(), 26);
  append(file(), response("e", 2));
  EXPECT_EQ(output_after_turns(), 28);
  fs::remove_all(project());
  turn();
  append(file(), response("f", 3));
  EXPECT_EQ(output_after_turns(), 31);
  EXPECT_GE(follower_->stats().restarts, 2U);
}

TEST_F(FollowerTest, RewriteThatIsNotShorterIsSeen) {
  start(request());
  append(file(), response("a", 10));
  EXPECT_EQ(output_after_turns(), 10);
  std::ofstream(file(), std::ios::trunc) << response("b", 11) + response("c", 12);
  EXPECT_EQ(output_after_turns(), 33);
}

TEST_F(FollowerTest, LeavesOtherFoldersAndOlderSessionsAlone) {
  append(file(kOther), response("x", 1, -60, kOther));
  start(request());
  append(file(kOther), response("y", 100, 1, kOther));  // somebody goes on with it, and our command line resumes nothing
  append(project("-elsewhere") / "22222222-0.jsonl", response("z", 100, 1, "22222222-0", "/elsewhere"));
  append(project() / "notes.txt", response("w", 100));
  EXPECT_EQ(output_after_turns(), 0);
  EXPECT_EQ(follower_->stats().foreign, 2U);
  follower_->session_named(kOther);
  EXPECT_EQ(output_after_turns(), 100);
}

TEST_F(FollowerTest, NameOnStdoutDecidesInASharedFolder) {
  FollowRequest with = request();
  with.stdout_report = {agents::StdoutUsage::inputs, agents::StdoutSession::at_start};
  start(std::move(with));
  append(file(kOther), response("theirs", 100, 1, kOther));
  append(file(), response("ours", 1));
  EXPECT_EQ(output_after_turns(), 0) << "both could be the run's: the name is about to come";
  follower_->session_named(kSession);
  EXPECT_EQ(output_after_turns(), 1);
  follower_->finish(sink_);
  EXPECT_EQ(output(), 1);
}

TEST_F(FollowerTest, FileHeldOpenByTheTreeIsTheRuns) {
  FollowRequest with = request();
  with.cwd = "/somewhere/else";
  std::vector<pid_t> tree;
  with.tree = [&tree] { return tree; };
  start(std::move(with));
  const std::string line = response("a", 9);
  int ready[2];
  ASSERT_EQ(::pipe(ready), 0);
  fs::create_directories(project());
  const pid_t child = ::fork();
  if (child == 0) {
    const int fd = ::open(file().c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
    if (::write(fd, line.data(), line.size()) < 0 || ::write(ready[1], "x", 1) < 0) ::_exit(1);
    for (;;) ::pause();
  }
  char byte = 0;
  ASSERT_EQ(::read(ready[0], &byte, 1), 1);
  EXPECT_EQ(output_after_turns(), 0);
  tree.push_back(child);
  append(file(), response("b", 1));
  EXPECT_EQ(output_after_turns(), 10);
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  ::close(ready[0]);
  ::close(ready[1]);
}

/// A process with one more variable, which holds the file open until it is killed.
pid_t hold_open(const fs::path& file, const std::string& variable) {
  const std::string script = "exec 3>>'" + file.string() + "'; echo ready >&1; while :; do sleep 1000; done";
  const char* const argv[] = {"/bin/sh", "-c", script.c_str(), nullptr};
  const char* const env[] = {"PATH=/usr/bin:/bin", variable.c_str(), nullptr};
  int ready[2];
  if (::pipe(ready) != 0) return -1;
  const pid_t child = ::fork();
  if (child == 0) {
    ::setpgid(0, 0);
    ::dup2(ready[1], STDOUT_FILENO);
    ::execve(argv[0], const_cast<char* const*>(argv), const_cast<char* const*>(env));
    ::_exit(127);
  }
  ::close(ready[1]);
  char byte = 0;
  EXPECT_EQ(::read(ready[0], &byte, 1), 1);
  ::close(ready[0]);
  return child;
}

TEST_F(FollowerTest, FilesOfARunWithinAreThatRuns) {
  FollowRequest with = request();
  with.cwd = "/somewhere/else";
  with.run = "outer";
  fs::create_directories(project());
  std::vector<pid_t> tree;
  with.tree = [&tree] { return tree; };
  start(std::move(with));
  tree = {hold_open(file(), "TRACKED_SPAWN_RUN=outer"), hold_open(file(kOther), "TRACKED_SPAWN_RUN=inner")};
  append(file(), response("a", 9));
  append(file(kOther), response("b", 100, 1, kOther));
  EXPECT_EQ(output_after_turns(), 9);
  follower_->finish(sink_);
  EXPECT_EQ(output(), 9);
  for (const pid_t child : tree) {
    ASSERT_GT(child, 1);
    ::kill(-child, SIGKILL);
    ::waitpid(child, nullptr, 0);
  }
}

TEST_F(FollowerTest, TwoRunsInOneFolderShareNothing) {
  fs::create_directories(home_ / "state");
  SessionClaims mine(home_ / "state", "claude", RunId{"mine"});
  SessionClaims theirs(home_ / "state", "claude", RunId{"theirs"});
  FollowRequest with = request();
  with.claims = &mine;
  start(std::move(with));
  FollowRequest other_request = request();
  other_request.claims = &theirs;
  const auto other = make_follower(std::move(other_request));
  Meter other_meter;
  MeterSink other_sink(other_meter, Source::transcript);
  append(file(), response("a", 10));
  EXPECT_EQ(output_after_turns(), 10);
  append(file(kOther), response("b", 20, 1, kOther));
  other->drain(other_sink);
  other->tick(now_, other_sink);
  EXPECT_EQ(output_after_turns(), 10);
  EXPECT_EQ(other_meter.of(Source::transcript).value_or(Totals{}).counts.output, 20);
}

TEST_F(FollowerTest, HundredsOfFilesWrittenAtOnceAreAllCounted) {
  start(request());
  constexpr int kFiles = 300;
  constexpr int kLines = 20;
  std::atomic<bool> done = false;
  std::thread writer([&] {
    for (int line = 0; line < kLines; ++line)
      for (int i = 0; i < kFiles; ++i) {
        const std::string name = std::to_string(i);
        append(project() / kSession / "subagents" / ("agent-" + name + ".jsonl"), response(name + "/" + std::to_string(line), 1));
      }
    append(file(), response("main", 1));
    done = true;
  });
  const auto deadline = std::chrono::steady_clock::now() + 60s;
  while ((!done || output() < kFiles * kLines + 1) && std::chrono::steady_clock::now() < deadline) turn(10);
  writer.join();
  EXPECT_EQ(output(), kFiles * kLines + 1);
  EXPECT_EQ(follower_->stats().files, 301U);
}

TEST_F(FollowerTest, HugeLinesAndOddFilesDoNoHarm) {
  start(request());
  append(file(), response("a", 1));
  ASSERT_EQ(::mkfifo((project() / "fifo.jsonl").c_str(), 0600), 0);
  fs::create_symlink(project(), project() / "loop");
  fs::create_symlink("/nowhere", project() / "dangling.jsonl");
  fs::create_directories(project() / "folder.jsonl");
  const auto before = fs::file_size(file());
  fs::resize_file(file(), before + (std::uintmax_t{1} << 28));  // a line of 256 MiB of NUL, sparse
  append(file(), "\n" + response("b", 2));
  const auto deadline = std::chrono::steady_clock::now() + 60s;
  while (output() < 3 && std::chrono::steady_clock::now() < deadline) turn(1);
  EXPECT_EQ(output(), 3);
  rusage used{};
  ::getrusage(RUSAGE_SELF, &used);
  if (!kSanitized) {
    EXPECT_LT(used.ru_maxrss, 256L * 1024) << "the line must not be held in memory";
  }
}

TEST_F(FollowerTest, IdleFollowingCostsNothing) {
  start(request());
  for (int i = 0; i < 63; ++i) append(project() / kSession / "subagents" / ("agent-" + std::to_string(i) + ".jsonl"), response(std::to_string(i), 1));
  append(file(), response("main", 1));
  EXPECT_EQ(output_after_turns(), 64);
  const auto cpu = [] {
    timespec spent{};
    ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &spent);
    return static_cast<double>(spent.tv_sec) + static_cast<double>(spent.tv_nsec) / 1e9;
  };
  const double before = cpu();
  for (int i = 0; i < 300; ++i) {  // a minute of ticks
    now_ += 200ms;
    follower_->tick(now_, sink_);
  }
  RecordProperty("idle_share_of_a_core_ppm", static_cast<int>((cpu() - before) / 60 * 1e6));
  EXPECT_EQ(follower_->stats().past_events, 0U);
}

TEST(OpencodeFollower, ReadsTheDatabaseWhileItIsWritten) {
  TempDir home;
  const fs::path folder = home / ".local/share/opencode";
  fs::create_directories(folder);
  const std::string db = folder / "opencode.db";
  const auto now_ms = std::chrono::duration_cast<std::chrono::milliseconds>(kLaunch.time_since_epoch()).count() + 1000;
  constexpr int kMessages = 300;
  const pid_t writer = ::fork();
  if (writer == 0) {
    sqlite3* handle = nullptr;
    sqlite3_open(db.c_str(), &handle);
    sqlite3_busy_timeout(handle, 5000);
    std::string sql =
        "PRAGMA journal_mode=WAL; PRAGMA wal_autocheckpoint=20;"
        "CREATE TABLE session(id TEXT PRIMARY KEY, parent_id TEXT, directory TEXT, version TEXT, time_created INT, time_updated INT);"
        "CREATE TABLE message(id TEXT PRIMARY KEY, session_id TEXT, time_created INT, time_updated INT, data TEXT);"
        "CREATE TABLE part(id TEXT PRIMARY KEY, message_id TEXT, session_id TEXT, time_created INT, time_updated INT, data TEXT);"
        "CREATE INDEX m ON message(session_id, time_created, id);"
        "INSERT INTO session VALUES('s1',NULL,'/work/p','1'," + std::to_string(now_ms) + "," + std::to_string(now_ms) + ");"
        "INSERT INTO session VALUES('kid','s1','/elsewhere','1'," + std::to_string(now_ms) + "," + std::to_string(now_ms) + ");"
        "INSERT INTO session VALUES('other',NULL,'/elsewhere','1'," + std::to_string(now_ms) + "," + std::to_string(now_ms) + ");";
    bool good = sqlite3_exec(handle, sql.c_str(), nullptr, nullptr, nullptr) == SQLITE_OK;
    for (int i = 0; i < kMessages && good; ++i) {
      const std::string session = i % 3 == 0 ? "s1" : i % 3 == 1 ? "kid" : "other";
      const std::string time = std::to_string(now_ms + i);
      sql = "INSERT INTO message VALUES('m" + std::to_string(i) + "','" + session + "'," + time + "," + time +
            ",'{\"role\":\"assistant\",\"modelID\":\"m\",\"time\":{\"created\":" + time + ",\"completed\":" + time +
            "},\"tokens\":{\"input\":1,\"output\":2,\"reasoning\":1,\"cache\":{\"read\":0,\"write\":0}}}');";
      good = sqlite3_exec(handle, sql.c_str(), nullptr, nullptr, nullptr) == SQLITE_OK;
    }
    sqlite3_exec(handle, "INSERT INTO message VALUES('bad','s1',9e15,1,'not json'),('neg','s1',9000000000000,1,'{\"role\":\"assistant\",\"time\":{\"created\":9000000000000},\"tokens\":{\"input\":-5,\"output\":3}}')",
                 nullptr, nullptr, nullptr);
    sqlite3_close(handle);
    ::_exit(good ? 0 : 1);
  }
  FollowRequest request;
  request.profile = agents::profile_named("opencode");
  request.places = agents::transcript_places(*request.profile, {{"HOME", home.path()}});
  request.cwd = "/work/p";
  request.launched = kLaunch;
  const auto follower = make_follower(std::move(request));
  Meter meter;
  MeterSink sink(meter, Source::transcript);
  int status = -1;
  while (::waitpid(writer, &status, WNOHANG) == 0) {
    pollfd ready{follower->fd(), POLLIN, 0};
    ::poll(&ready, 1, 10);
    follower->drain(sink);
    follower->tick(std::chrono::steady_clock::now(), sink);
  }
  ASSERT_EQ(status, 0);
  follower->finish(sink);
  const Totals totals = meter.of(Source::transcript).value_or(Totals{});
  EXPECT_EQ(totals.counts.input, kMessages / 3 * 2);
  EXPECT_EQ(totals.counts.output, kMessages / 3 * 2 * 3);
  EXPECT_EQ(totals.counts.reasoning, kMessages / 3 * 2);
  EXPECT_EQ(follower->stats().parse.malformed, 1U);
  for (const auto& warning : follower->take_warnings()) ADD_FAILURE() << warning.message;
  // The next writer's close clears the log if a look of ours fell on the last one's; then a look makes none.
  sqlite3* next = nullptr;
  ASSERT_EQ(sqlite3_open(db.c_str(), &next), SQLITE_OK);
  EXPECT_EQ(sqlite3_exec(next, "SELECT count(*) FROM message; PRAGMA wal_checkpoint(TRUNCATE);", nullptr, nullptr, nullptr), SQLITE_OK);
  sqlite3_close(next);
  ASSERT_FALSE(fs::exists(db + "-wal"));
  follower->finish(sink);
  EXPECT_EQ(meter.of(Source::transcript).value_or(Totals{}), totals);
  EXPECT_FALSE(fs::exists(db + "-wal"));
  EXPECT_FALSE(fs::exists(db + "-shm"));
}

TEST(OpencodeFollower, WhatIsNoDatabaseIsToldOnce) {
  TempDir home;
  const fs::path folder = home / ".local/share/opencode";
  append(folder / "opencode.db", std::string(5000, 'x'));
  FollowRequest request;
  request.profile = agents::profile_named("opencode");
  request.places = agents::transcript_places(*request.profile, {{"HOME", home.path()}});
  request.launched = kLaunch;
  const auto follower = make_follower(std::move(request));
  Meter meter;
  MeterSink sink(meter, Source::transcript);
  MonoTime now{};
  for (int i = 0; i < 3; ++i) follower->tick(now += 200ms, sink);
  follower->finish(sink);
  EXPECT_EQ(follower->take_warnings().size(), 1U);
}

TEST(SessionClaims, BelongToLiveRunsOnly) {
  TempDir state;
  {
    SessionClaims first(state.path(), "claude", RunId{"first"});
    SessionClaims second(state.path(), "claude", RunId{"second"});
    EXPECT_EQ(second.owner("s"), ClaimedBy::nobody);
    EXPECT_EQ(first.claim("s", ClaimStrength::weak), ClaimedBy::this_run);
    EXPECT_EQ(first.owner("s"), ClaimedBy::this_run);
    EXPECT_EQ(second.owner("s"), ClaimedBy::other_weakly);
    EXPECT_EQ(second.claim("s", ClaimStrength::strong), ClaimedBy::other_weakly);
    EXPECT_EQ(first.claim("s", ClaimStrength::strong), ClaimedBy::this_run);
    EXPECT_EQ(second.owner("s"), ClaimedBy::other_strongly);
    EXPECT_EQ(second.claim("../../x", ClaimStrength::weak), ClaimedBy::this_run);
  }
  SessionClaims third(state.path(), "claude", RunId{"third"});
  EXPECT_EQ(third.owner("s"), ClaimedBy::nobody);
  EXPECT_TRUE(fs::is_empty(state / "tracked-spawn/sessions"));
  const pid_t dying = ::fork();
  if (dying == 0) {
    auto* forgotten = new SessionClaims(state.path(), "claude", RunId{"dead"});
    ::_exit(forgotten->claim("t", ClaimStrength::strong) == ClaimedBy::this_run ? 0 : 1);
  }
  int status = -1;
  ::waitpid(dying, &status, 0);
  EXPECT_EQ(status, 0);
  EXPECT_EQ(third.claim("t", ClaimStrength::weak), ClaimedBy::this_run) << "its file is left, its lock is not";
  SessionClaims nowhere("/proc/none", "claude", RunId{"n"});
  EXPECT_EQ(nowhere.claim("s", ClaimStrength::strong), ClaimedBy::nobody);
}

}  // namespace
}  // namespace ts::tail
