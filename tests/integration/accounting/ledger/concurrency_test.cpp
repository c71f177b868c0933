#include <sys/mman.h>

#include <atomic>
#include <csignal>
#include <random>
#include <set>
#include <thread>

#include "fixture.hpp"
#include "raw_sqlite.hpp"

namespace ts::ledger {
namespace {

using std::chrono::milliseconds;

/// Memory that forked children share with the test.
template <class T>
class Shared {
 public:
  Shared()
      : value_(new (::mmap(nullptr, sizeof(T), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0))
                   T) {}
  ~Shared() { ::munmap(value_, sizeof(T)); }
  Shared(const Shared&) = delete;
  Shared& operator=(const Shared&) = delete;
  T* operator->() const { return value_; }

 private:
  T* value_;
};

std::string key(int child, int number) {
  return std::to_string(child) + "/" + std::to_string(number);
}

constexpr int kWriters = 200;
constexpr int kCommits = 10;
constexpr int kRowsPerCommit = 5;

/// One run from its start to its end, as a session writes it: busy rows are kept and tried again.
int write_one_run(const std::filesystem::path& path, int child) {
  auto opened = open_ledger(path, OpenMode::write);
  if (opened.has_error()) return 10;
  Ledger& ledger = *opened.value();
  RunStart start = sample_start(new_run_id().text);
  start.pid = child;
  if (ledger.begin(start).has_error()) return 11;
  for (int commit = 0; commit < kCommits; ++commit) {
    std::vector<ResponseRow> rows;
    for (int i = 0; i < kRowsPerCommit; ++i)
      rows.push_back(sample_response(key(child, commit * kRowsPerCommit + i), child));
    const milliseconds wait = child % 2 == 0 ? kLongWait : milliseconds(3);
    for (;;) {
      const auto done = ledger.record(start.id, rows, {{}, commit}, kNoon, wait);
      if (done.has_value()) break;
      if (done.error().code != Errc::busy || wait == kLongWait) return 12;
    }
  }
  RunEnd end = sample_end();
  end.exit_code = child;
  return ledger.finish(start.id, end).has_value() ? 0 : 13;
}

TEST_F(LedgerTest, TakesEveryResponseOfTwoHundredProcesses) {
  std::vector<pid_t> children;
  for (int child = 0; child < kWriters; ++child)
    children.push_back(in_child([&] { return write_one_run(path(), child); }));
  for (const pid_t child : children) EXPECT_EQ(wait_for(child), 0);

  auto ledger = open(OpenMode::read);
  const auto runs = ledger->list({}).value();
  ASSERT_EQ(runs.size(), static_cast<std::size_t>(kWriters));
  std::set<std::string> ids, keys;
  for (const RunRecord& run : runs) {
    EXPECT_TRUE(ids.insert(run.start.id.text).second);
    ASSERT_TRUE(run.end.has_value());
    EXPECT_EQ(run.end->exit_code, run.start.pid);
    for (const ResponseRow& row : ledger->responses(run.start.id).value()) {
      EXPECT_TRUE(keys.insert(row.response_id).second) << row.response_id;
      EXPECT_EQ(row.counts.output, run.start.pid);
    }
  }
  EXPECT_EQ(keys.size(), static_cast<std::size_t>(kWriters * kCommits * kRowsPerCommit));
  EXPECT_EQ(RawSqlite(path()).run("PRAGMA integrity_check"), "ok");
}

TEST_F(LedgerTest, WaitsOnInAQueueThatMovesAndNotForOneThatHangs) {
  auto ledger = open();
  ASSERT_TRUE(ledger->begin(sample_start("run")).has_value());
  const ResponseRow rows[] = {sample_response("a")};
  std::atomic<bool> holds = false;
  std::thread others([&] {  // one after the other, with hardly a gap, for longer than the patience
    RawSqlite other(path());
    for (int i = 0; i < 20; ++i) {
      other.run("BEGIN IMMEDIATE; INSERT OR REPLACE INTO meta (name, value) VALUES ('busy', '" + std::to_string(i) + "')");
      holds = true;
      std::this_thread::sleep_for(milliseconds(100));
      other.run("COMMIT");
    }
  });
  while (!holds) std::this_thread::yield();
  const auto done = ledger->record({"run"}, rows, {}, kNoon, milliseconds(1000));
  others.join();
  EXPECT_TRUE(done.has_value()) << done.error().message;

  RawSqlite hangs(path());
  ASSERT_EQ(hangs.run("BEGIN IMMEDIATE"), "");
  EXPECT_EQ(ledger->record({"run"}, rows, {}, kNoon, milliseconds(1000)).error().code, Errc::busy);
}

TEST_F(LedgerTest, IsMadeOnceByManyProcessesAtTheSameMoment) {
  for (int round = 0; round < 3; ++round) {
    const auto file = folder / std::to_string(round) / "deep" / "ledger.db";
    Shared<std::atomic<bool>> go;
    std::vector<pid_t> children;
    for (int child = 0; child < 30; ++child)
      children.push_back(in_child([&] {
        while (!go->load()) std::this_thread::yield();
        auto ledger = open_ledger(file, OpenMode::write);
        if (ledger.has_error()) {
          std::fprintf(stderr, "%s\n", ledger.error().message.c_str());
          return 1;
        }
        return ledger.value()->begin(sample_start(new_run_id().text)).has_value() ? 0 : 2;
      }));
    go->store(true);
    for (const pid_t child : children) EXPECT_EQ(wait_for(child), 0);
    EXPECT_EQ(open_ledger(file, OpenMode::read).value()->list({}).value().size(), 30U);
  }
}

/// What the killed child did, as far as it knows.
struct Progress {
  std::atomic<int> begun = 0;
  std::atomic<int> commits = 0;
};

int write_until_killed(const std::filesystem::path& path, int round, Progress& progress) {
  auto ledger = open_ledger(path, OpenMode::write);
  if (ledger.has_error()) return 1;
  const RunId id{"run" + std::to_string(round)};
  if (ledger.value()->begin(sample_start(id.text)).has_error()) return 2;
  progress.begun = 1;
  for (int commit = 0;; ++commit) {
    const ResponseRow pair[] = {sample_response(key(commit, 0)), sample_response(key(commit, 1))};
    if (ledger.value()->record(id, pair, {{}, commit + 1}, kNoon, kLongWait).has_error()) return 3;
    progress.commits = commit + 1;
  }
}

TEST_F(LedgerTest, StaysWholeWhenWritersAreKilled) {
  std::mt19937 random(914);  // NOLINT: the same moments each time, as far as the machine allows
  int in_the_middle = 0;
  for (int round = 0; round < 40; ++round) {
    const auto file = round % 3 == 0 ? folder / std::to_string(round) / "ledger.db" : path();
    Shared<Progress> progress;
    const pid_t child = in_child([&] { return write_until_killed(file, round, *progress.operator->()); });
    const auto moment = std::chrono::steady_clock::now() + std::chrono::microseconds(random() % 25'000);
    while (std::chrono::steady_clock::now() < moment) std::this_thread::yield();
    const auto deadline = moment + std::chrono::seconds(20);
    if (round % 2 == 1)  // a slow machine must get to the writing too
      while (progress->commits < 1 + round % 5 && std::chrono::steady_clock::now() < deadline) std::this_thread::yield();
    ::kill(child, SIGKILL);
    EXPECT_EQ(wait_for(child), 128 + SIGKILL);

    auto ledger = open_ledger(file, OpenMode::write);
    ASSERT_TRUE(ledger.has_value()) << ledger.error().message;
    const RunId id{"run" + std::to_string(round)};
    const auto run = ledger.value()->find(id.text);
    if (progress->begun == 1) {
      ASSERT_TRUE(run.has_value());
    }
    const auto rows = ledger.value()->responses(id).value();
    EXPECT_EQ(rows.size() % 2, 0U) << "half a transaction";
    EXPECT_GE(rows.size(), 2 * static_cast<std::size_t>(progress->commits))
        << "an acknowledged commit is gone";
    EXPECT_LE(rows.size(), 2 * static_cast<std::size_t>(progress->commits + 1));
    if (run.has_value()) {
      EXPECT_EQ(run.value().live.requests * 2, static_cast<std::int64_t>(rows.size()));
    }
    if (progress->commits > 0) ++in_the_middle;
    EXPECT_EQ(RawSqlite(file).run("PRAGMA integrity_check"), "ok");
  }
  EXPECT_GT(in_the_middle, 5) << "the kills came before the writing";
}

TEST_F(LedgerTest, LetsAReaderSeeWholeTransactionsOfAWriter) {
  ASSERT_TRUE(open()->begin(sample_start("seed")).has_value());
  Shared<Progress> progress;
  const pid_t child = in_child([&] { return write_until_killed(path(), 0, *progress.operator->()); });
  auto ledger = open(OpenMode::read);
  std::size_t last = 0;
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (progress->commits < 50 && std::chrono::steady_clock::now() < deadline) {
    const auto rows = ledger->responses({"run0"}).value();
    EXPECT_EQ(rows.size() % 2, 0U);
    EXPECT_GE(rows.size(), last);
    last = rows.size();
  }
  ::kill(child, SIGKILL);
  EXPECT_EQ(wait_for(child), 128 + SIGKILL);
  EXPECT_GE(progress->commits, 50);
}

}  // namespace
}  // namespace ts::ledger
