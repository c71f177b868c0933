#include <sys/resource.h>
#include <sys/stat.h>

#include <csignal>
#include <fstream>

#include "fixture.hpp"
#include "raw_sqlite.hpp"

namespace ts::ledger {
namespace {

namespace fs = std::filesystem;

class LedgerOpening : public LedgerTest {
 protected:
  void put_file(const std::string& bytes) const {
    fs::create_directories(path().parent_path());
    std::ofstream(path(), std::ios::binary) << bytes;
  }
  [[nodiscard]] std::string file_bytes() const {
    std::ifstream in(path(), std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  [[nodiscard]] Error error_of(OpenMode mode) const {
    const auto ledger = open_ledger(path(), mode);
    return ledger.has_error() ? ledger.error() : Error{Errc::io, "opened"};
  }
  void make_ledger_with_a_run() const {
    auto ledger = open();
    ASSERT_TRUE(ledger->begin(sample_start()).has_value());
  }
  /// Gives the whole folder to an ordinary user and becomes that user; the caller is a child that exits soon.
  void become_ordinary() const {
    if (::geteuid() != 0) return;
    constexpr uid_t kNobody = 65534;
    for (const auto& entry : fs::recursive_directory_iterator(folder))
      (void)!::chown(entry.path().c_str(), kNobody, kNobody);
    (void)!::chown(folder.c_str(), kNobody, kNobody);
    if (::setgid(kNobody) != 0 || ::setuid(kNobody) != 0) ::_exit(99);
  }
};

mode_t mode_of(const fs::path& path) {
  struct stat info {};
  return ::stat(path.c_str(), &info) == 0 ? info.st_mode & 07777 : 0;
}

bool contains(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

TEST_F(LedgerOpening, ReadingCreatesNothingAndSaysWhatDoes) {
  const Error error = error_of(OpenMode::read);
  EXPECT_EQ(error.code, Errc::not_found);
  EXPECT_TRUE(contains(error.message, path().string()) && contains(error.message, "tracked-spawn run"))
      << error.message;
  EXPECT_TRUE(fs::is_empty(folder));
}

TEST_F(LedgerOpening, ReadingAnEmptyFileLeavesItSo) {
  put_file("");
  EXPECT_EQ(error_of(OpenMode::read).code, Errc::not_found);
  EXPECT_EQ(fs::file_size(path()), 0U);
  make_ledger_with_a_run();
  EXPECT_EQ(open(OpenMode::read)->list({}).value().size(), 1U);
}

TEST_F(LedgerOpening, ReadingNeverWrites) {
  make_ledger_with_a_run();
  const std::string before = file_bytes();
  auto ledger = open(OpenMode::read);
  EXPECT_EQ(ledger->begin(sample_start("other")).error().code, Errc::permission_denied);
  EXPECT_EQ(ledger->list({}).value().size(), 1U);
  EXPECT_EQ(file_bytes(), before);
}

TEST_F(LedgerOpening, IsTheOwnersAloneWhateverTheUmask) {
  for (const mode_t mask : {mode_t{0}, mode_t{0777}}) {
    const pid_t child = in_child([&] {
      ::umask(mask);
      const fs::path file = folder / std::to_string(mask) / "a" / "ledger.db";
      fs::create_directory(folder / std::to_string(mask));
      ::chmod((folder / std::to_string(mask)).c_str(), 0755);
      auto ledger = open_ledger(file, OpenMode::write);
      if (mask != 0)
        return 0;  // such a umask shuts even the owner out of the new folder, unless that is root
      if (ledger.has_error() || ledger.value()->begin(sample_start()).has_error()) return 1;
      for (const char* suffix : {"", "-wal", "-shm"})
        if (mode_of(file.string() + suffix) != 0600) return 2;
      return mode_of(file.parent_path()) == 0700 ? 0 : 3;
    });
    EXPECT_EQ(wait_for(child), 0) << mask;
  }
}

TEST_F(LedgerOpening, RefusesANewerLedger) {
  make_ledger_with_a_run();
  RawSqlite(path()).run("PRAGMA user_version=99; UPDATE meta SET value='9.8.7' WHERE name='program'");
  for (const OpenMode mode : {OpenMode::read, OpenMode::write}) {
    const Error error = error_of(mode);
    EXPECT_EQ(error.code, Errc::unsupported);
    EXPECT_TRUE(contains(error.message, "9.8.7") && contains(error.message, "99") &&
                contains(error.message, "upgrade"))
        << error.message;
  }
  EXPECT_EQ(RawSqlite(path()).run("PRAGMA user_version"), "99");
  RawSqlite(path()).run("DROP TABLE meta");
  EXPECT_EQ(error_of(OpenMode::write).code, Errc::unsupported);
}

TEST_F(LedgerOpening, RefusesWhatIsNoDatabase) {
  for (const std::string& bytes : {std::string("# My notes\n"), std::string(100'000, 'x'),
                                   std::string(4096, '\0') + "x", std::string("SQLite format 3\0", 16)}) {
    put_file(bytes);
    for (const OpenMode mode : {OpenMode::read, OpenMode::write}) {
      const Error error = error_of(mode);
      EXPECT_EQ(error.code, Errc::corrupt) << error.message;
      EXPECT_TRUE(contains(error.message, path().string())) << error.message;
    }
    EXPECT_EQ(file_bytes(), bytes);
  }
}

TEST_F(LedgerOpening, RefusesTheDatabaseOfAnotherProgram) {
  put_file("");
  RawSqlite(path()).run("CREATE TABLE cookies (a)");
  EXPECT_EQ(error_of(OpenMode::write).code, Errc::corrupt);
  RawSqlite(path()).run("DROP TABLE cookies; PRAGMA application_id=7; PRAGMA user_version=1");
  EXPECT_EQ(error_of(OpenMode::read).code, Errc::corrupt);
}

TEST_F(LedgerOpening, RefusesAFolderAndAQuote) {
  fs::create_directories(path());
  EXPECT_EQ(error_of(OpenMode::read).code, Errc::invalid_argument);
  EXPECT_EQ(error_of(OpenMode::write).code, Errc::invalid_argument);
  EXPECT_EQ(open_ledger(folder / "a\"b" / "ledger.db", OpenMode::write).error().code, Errc::invalid_argument);
}

TEST_F(LedgerOpening, TakesPathsWithBlanksAndEqualsSigns) {
  for (const char* name : {"a b  c", "a=b", "dbname=x readonly=1", "é→", "'"}) {
    const fs::path file = folder / name / "ledger.db";
    {
      const auto opened = open_ledger(file, OpenMode::write);
      ASSERT_TRUE(opened.has_value()) << name;
      ASSERT_TRUE(opened.value()->begin(sample_start()).has_value()) << name;
    }
    EXPECT_TRUE(fs::exists(file)) << name;
    EXPECT_EQ(open_ledger(file, OpenMode::read).value()->list({}).value().size(), 1U) << name;
  }
}

TEST_F(LedgerOpening, NamesTheFolderThatCannotBeMade) {
  std::ofstream(folder / "state") << "a file";
  const Error error = error_of(OpenMode::write);
  EXPECT_EQ(error.code, Errc::invalid_argument);
  EXPECT_TRUE(contains(error.message, "XDG_STATE_HOME") && contains(error.message, path().string()))
      << error.message;
  EXPECT_EQ(error_of(OpenMode::read).code, Errc::not_found);
}

TEST_F(LedgerOpening, SaysThatAFolderIsNotWritable) {
  const pid_t child = in_child([&] {
    become_ordinary();
    ::chmod(folder.c_str(), 0500);
    const Error error = error_of(OpenMode::write);
    ::chmod(folder.c_str(), 0700);
    return error.code == Errc::permission_denied && contains(error.message, "XDG_STATE_HOME") ? 0 : 1;
  });
  EXPECT_EQ(wait_for(child), 0);
}

TEST_F(LedgerOpening, ReadsALedgerThatItMayNotWrite) {
  make_ledger_with_a_run();
  const pid_t child = in_child([&] {
    become_ordinary();
    for (const char* suffix : {"", "-wal", "-shm"}) ::chmod((path().string() + suffix).c_str(), 0400);
    ::chmod(path().parent_path().c_str(), 0500);
    const Error error = error_of(OpenMode::write);
    const auto ledger = open_ledger(path(), OpenMode::read);
    const bool reads = ledger.has_value() && ledger.value()->find("0123456789").has_value();
    ::chmod(path().parent_path().c_str(), 0700);
    return error.code != Errc::permission_denied ? 1 : !reads ? 2 : 0;
  });
  EXPECT_EQ(wait_for(child), 0);
}

TEST_F(LedgerOpening, SurvivesTornFiles) {
  {
    auto ledger = open();
    for (int i = 0; i < 200; ++i)
      ASSERT_TRUE(ledger->begin(sample_start("run" + std::to_string(i))).has_value());
    RawSqlite(path()).run("PRAGMA wal_checkpoint(TRUNCATE)");
  }
  const std::string whole = file_bytes();
  for (const std::string_view suffix : {"-wal", "-shm"}) fs::remove(path().string() + std::string(suffix));
  for (std::size_t size = whole.size(); size > 0; size = size * 3 / 4) {
    std::string torn = whole.substr(0, size);
    put_file(torn);
    const auto cut = open_ledger(path(), OpenMode::write);
    if (cut.has_value()) (void)cut.value()->list({});
    for (std::size_t at = size / 3; at < torn.size(); at += 977)
      torn[at] = static_cast<char>(torn[at] ^ 0x5a);
    put_file(torn);
    const auto mixed = open_ledger(path(), OpenMode::read);
    if (mixed.has_error()) continue;
    const auto runs = mixed.value()->list({});
    if (runs.has_error()) {
      EXPECT_EQ(runs.error().code, Errc::corrupt) << runs.error().message;
    }
  }
}

TEST_F(LedgerOpening, SaysBusyWhenAnotherProgramHoldsTheLock) {
  auto ledger = open();
  ASSERT_TRUE(ledger->begin(sample_start()).has_value());
  RawSqlite other(path());
  EXPECT_EQ(other.run("BEGIN IMMEDIATE"), "");
  const ResponseRow rows[] = {sample_response("a")};
  const Error error = ledger->record({"0123456789"}, rows, {}, kNoon, std::chrono::milliseconds(5)).error();
  EXPECT_EQ(error.code, Errc::busy);
  EXPECT_FALSE(contains(error.message, "database is locked")) << error.message;
  EXPECT_EQ(open(OpenMode::read)->list({}).value().size(), 1U);
  EXPECT_EQ(other.run("COMMIT"), "");
  EXPECT_TRUE(ledger->record({"0123456789"}, rows, {}, kNoon, kLongWait).has_value());
}

/// A limit on the size of files acts on the ledger as a full disk does, without a file system of its own.
TEST_F(LedgerOpening, SaysThatTheDiskIsFullAndKeepsWhatItHas) {
  make_ledger_with_a_run();
  const pid_t child = in_child([&] {
    ::signal(SIGXFSZ, SIG_IGN);
    const rlimit limit{512 * 1024, 512 * 1024};
    ::setrlimit(RLIMIT_FSIZE, &limit);
    auto ledger = open();
    for (int i = 0; i < 10'000; ++i) {
      ResponseRow rows[] = {sample_response("response" + std::to_string(i))};
      rows[0].session = std::string(1000, 's');
      const auto done = ledger->record({"0123456789"}, rows, {}, kNoon, kLongWait);
      if (done.has_error()) return done.error().code == Errc::no_space ? 0 : 1;
    }
    return 2;
  });
  EXPECT_EQ(wait_for(child), 0);
  auto ledger = open();
  EXPECT_GT(ledger->responses({"0123456789"}).value().size(), 10U);
  EXPECT_TRUE(ledger->finish({"0123456789"}, sample_end()).has_value());
  EXPECT_EQ(RawSqlite(path()).run("PRAGMA integrity_check"), "ok");
}

TEST_F(LedgerOpening, SaysThatThereIsNoRoomForANewLedger) {
  const pid_t child = in_child([&] {
    ::signal(SIGXFSZ, SIG_IGN);
    const rlimit limit{8192, 8192};
    ::setrlimit(RLIMIT_FSIZE, &limit);
    return error_of(OpenMode::write).code == Errc::no_space ? 0 : 1;
  });
  EXPECT_EQ(wait_for(child), 0);
  make_ledger_with_a_run();
  EXPECT_EQ(open(OpenMode::read)->list({}).value().size(), 1U);
}

}  // namespace
}  // namespace ts::ledger
