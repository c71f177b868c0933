#include "accounting/ledger/database.hpp"

#include <soci/sqlite3/soci-sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <thread>
#include <utility>

#include "accounting/ledger/ledger_files.hpp"
#include "accounting/ledger/schema.hpp"

namespace ts::ledger {
namespace {

namespace sq = sqlite_api;
using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

/// Pages in the write-ahead log that start a checkpoint. Small, because the next start reads the log from its
/// beginning. A run writes to the same few pages, and their copies count as its memory.
constexpr const char* kConnectionSettings =
    "PRAGMA wal_autocheckpoint=100; PRAGMA journal_size_limit=4194304; PRAGMA cache_size=-1000";

/// Who may wait so long, may wait for a queue that moves.
constexpr milliseconds kPatient{1'000};
constexpr milliseconds kLongestQueue{30'000};

sq::sqlite3* raw(void* handle) {
  return static_cast<sq::sqlite3*>(handle);
}

/// The connection string: SOCI splits it at blanks, so the path is quoted.
Result<std::string> connection_string(const std::filesystem::path& path, OpenMode mode) {
  const std::string text = path.string();
  if (text.find('"') != std::string::npos || text.find('\0') != std::string::npos)
    return Error{Errc::invalid_argument,
                 text + ": the path of a ledger can't have a double quote: choose another folder"};
  return std::string(mode == OpenMode::read ? "readonly=1 " : "") + "dbname=\"" + text + "\"";
}

bool is_busy(int code) {
  return (code & 0xff) == SQLITE_BUSY || (code & 0xff) == SQLITE_LOCKED || code == SQLITE_PROTOCOL;
}

}  // namespace

Result<std::unique_ptr<Database>> Database::open(const std::filesystem::path& path, OpenMode mode,
                                                milliseconds patience) {
  TS_CHECK(mode == OpenMode::read ? require_ledger_file(path) : make_ledger_file(path));
  std::unique_ptr<Database> database(new Database(path));
  database->set_patience(patience);
  TS_CHECK(database->connect(mode));
  TS_CHECK(database->check_identity(mode));
  return database;
}

Database::~Database() {
  // Another process may be about to start: it must not wait for a checkpoint that any later writer does as
  // well.
  if (handle_ != nullptr) sq::sqlite3_db_config(raw(handle_), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
}

/// Transactions take turns at a connection (one_at_a_time_), so SQLite's own locks around each call, and around its count of the
/// memory in use, are not needed: they take a twelfth of a launch.
void set_up_sqlite() {
  static std::once_flag once;
  std::call_once(once, [] {
    sq::sqlite3_config(SQLITE_CONFIG_MULTITHREAD);
    sq::sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
  });
}

Result<void> Database::connect(OpenMode mode) {
  set_up_sqlite();
  TS_TRY(const std::string target, connection_string(path_, mode));
  TS_CHECK(guarded([&]() -> Result<void> {
    sql_ = std::make_unique<Sql>(std::make_unique<soci::session>(soci::sqlite3, target));
    return {};
  }));
  handle_ = static_cast<soci::sqlite3_session_backend*>(sql_->session().get_backend())->conn_;
  sq::sqlite3_extended_result_codes(raw(handle_), 1);
  random_ = static_cast<std::uint64_t>(::getpid()) * 0x9e3779b97f4a7c15U ^
            static_cast<std::uint64_t>(steady_clock::now().time_since_epoch().count());
  sq::sqlite3_busy_handler(raw(handle_), &Database::on_busy, this);
  wait_at_most(patience_);
  if (mode == OpenMode::read) return execute("PRAGMA query_only=1");
  if (sq::sqlite3_db_readonly(raw(handle_), "main") == 1)
    return Error{Errc::permission_denied,
                 path_.string() + ": the ledger is read-only: give yourself write permission"};
  return execute(kConnectionSettings);
}

Result<void> Database::check_identity(OpenMode mode) {
  int application = 0, version = 0, tables = 0;
  TS_CHECK(read([&]() -> Result<void> {
    sql().session() << "PRAGMA application_id", soci::into(application);
    sql().session() << "PRAGMA user_version", soci::into(version);
    if (application == 0) sql().session() << "SELECT count(*) FROM sqlite_master", soci::into(tables);
    return {};
  }));
  const bool is_new = application == 0 && version == 0 && tables == 0;
  if (!is_new && application != kApplicationId)
    return Error{
        Errc::corrupt,
        path_.string() + ": a database of another program, not a ledger of tracked-spawn: move it away"};
  if (version > schema_version()) return newer_error(version);
  if (version == schema_version()) return {};
  if (mode == OpenMode::write) return migrate();
  if (is_new) return no_ledger_error(path_);
  return Error{
      Errc::unsupported,
      path_.string() + ": written by an older version and not yet migrated: `tracked-spawn recover` does it"};
}

Error Database::newer_error(int version) {
  std::string writer = "a newer version";
  (void)guarded([&]() -> Result<void> {
    std::string stored;
    sql().session() << "SELECT value FROM meta WHERE name = 'program'", soci::into(stored);
    if (!stored.empty()) writer = "tracked-spawn " + stored;
    return {};
  });
  return {Errc::unsupported, path_.string() + ": written by " + writer + " (schema " +
                                 std::to_string(version) + "); this is " + program_version() + " (schema " +
                                 std::to_string(schema_version()) + "): upgrade tracked-spawn"};
}

/// Many processes may be here at once: the first does it all in one transaction, the others find it done.
Result<void> Database::migrate() {
  for (;;) {  // SQLite doesn't ask the busy handler when the journal mode changes
    const auto switched = execute("PRAGMA journal_mode=WAL");
    if (switched.has_value()) break;
    if (switched.error().code != Errc::busy || on_busy(this, 0) == 0) return switched.error();
  }
  int version = 0;
  auto written = write(Durability::full, patience_, [this, &version]() -> Result<void> {
    sql().session() << "PRAGMA user_version", soci::into(version);
    if (version > schema_version()) return newer_error(version);
    if (version == schema_version()) return {};
    for (int step = version; step < schema_version(); ++step)
      for (const char* statement : migration_from(step)) TS_CHECK(execute(statement));
    const std::string program = program_version();
    sql().session()
        << "INSERT INTO meta (name, value) VALUES ('program', ?1) ON CONFLICT (name) DO UPDATE SET value = "
           "excluded.value",
        soci::use(program);
    TS_CHECK(execute(("PRAGMA application_id=" + std::to_string(kApplicationId)).c_str()));
    return execute(("PRAGMA user_version=" + std::to_string(schema_version())).c_str());
  });
  // All that was moved stands in the log, and every start would read it until somebody has written it back.
  if (written.has_value() && version > 0 && version < schema_version()) (void)execute("PRAGMA wal_checkpoint(TRUNCATE)");
  return written;
}

Result<void> Database::write(Durability durability, milliseconds wait, const Work& work) {
  const std::lock_guard turn(one_at_a_time_);
  wait_at_most(wait);
  TS_CHECK(set_durability(durability));
  return in_transaction("BEGIN IMMEDIATE", work);
}

Result<void> Database::read(const Work& work) {
  const std::lock_guard turn(one_at_a_time_);
  wait_at_most(patience_);
  return in_transaction("BEGIN", work);
}

Result<void> Database::rehearse(const Work& work) {
  const std::lock_guard turn(one_at_a_time_);
  const Sql::Rehearsal rehearsal(*sql_);
  return guarded(work);
}

Result<void> Database::in_transaction(const char* begin, const Work& work) {
  TS_CHECK(execute(begin));
  Result<void> done = guarded(work);
  if (done.has_value()) done = execute("COMMIT");
  if (done.has_error() && sq::sqlite3_get_autocommit(raw(handle_)) == 0) (void)execute("ROLLBACK");
  return done;
}

Result<void> Database::set_durability(Durability durability) {
  if (durability == durability_) return {};
  TS_CHECK(execute(durability == Durability::full ? "PRAGMA synchronous=FULL" : "PRAGMA synchronous=NORMAL"));
  durability_ = durability;
  return {};
}

Result<void> Database::execute(const char* statement) {
  errno = 0;
  const int code = sq::sqlite3_exec(raw(handle_), statement, nullptr, nullptr, nullptr);
  if (code == SQLITE_OK) return {};
  return error_of(code, sq::sqlite3_errmsg(raw(handle_)));
}

Result<void> Database::guarded(const Work& work) const {
  errno = 0;  // what error_of() finds is of this work
  try {
    return work();
  } catch (const soci::sqlite3_soci_error& failure) {
    return error_of(failure.result(), failure.what());
  } catch (const soci::soci_error& failure) {
    return Error{Errc::io, path_.string() + ": " + failure.what()};
  }
}

Error Database::error_of(int code, const std::string& detail) const {
  const int left_over = errno;
  const std::string where = path_.string() + ": ";
  if (is_busy(code)) return {Errc::busy, where + "other processes kept the ledger locked: try again"};
  const int known = handle_ != nullptr ? sq::sqlite3_system_errno(raw(handle_)) : 0;
  // SQLite forgets the reason when it is the commit that fails; then errno still has it.
  const int system_errno = known == 0 && (code & 0xff) == SQLITE_IOERR ? left_over : known;
  switch (code & 0xff) {
    case SQLITE_FULL:
      return {Errc::no_space, where + "no space left for the ledger: free some"};
    case SQLITE_IOERR:
      if (system_errno == ENOSPC || system_errno == EDQUOT || system_errno == EFBIG ||
          code == SQLITE_IOERR_SHMSIZE)
        return {Errc::no_space, where + "no space left for the ledger: free some"};
      break;
    case SQLITE_NOTADB:
      return {Errc::corrupt, where + "not a ledger (not an SQLite database): move it away"};
    case SQLITE_CORRUPT:
      return {Errc::corrupt, where + "the ledger is damaged (" + detail +
                                 "): restore it, or move it away to start a new one"};
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_AUTH:
      return {Errc::permission_denied,
              where + "the ledger can't be written: check the permissions of the file and its folder"};
    case SQLITE_CANTOPEN:
      if (system_errno != 0) return errno_error(where + "can't open the ledger", system_errno);
      break;
    default:
      break;
  }
  const std::string cause = system_errno != 0 ? errno_error(detail, system_errno).message : detail;
  return {Errc::io, where + cause + " (SQLite " + std::to_string(code) + ")"};
}

void Database::wait_at_most(milliseconds wait) {
  wait_ = wait;
  wait_began_ = steady_clock::now();
  deadline_ = wait_began_ + wait;
}

/// A queue that moves is worth waiting in: on a slow disk two hundred starts take longer than anybody would wait for one that hangs.
/// True: the log was written to since it was last looked at.
bool Database::others_get_on() {
  struct stat now {};
  if (::stat((path_.string() + "-wal").c_str(), &now) != 0) return false;
  const std::array<std::int64_t, 3> seen{now.st_size, now.st_mtim.tv_sec, now.st_mtim.tv_nsec};
  return std::exchange(log_seen_, seen) != seen;
}

/// Waiting processes try again at random moments: soon at first, for most transactions take a third of a
/// millisecond; then at a rate at which 200 of them leave the processor to the one that works (trying every 4
/// ms made the same work take seven times as long). The rate falls no further, so that a waiting process is
/// never much worse off than a newcomer.
int Database::on_busy(void* self, int tries) {
  auto& database = *static_cast<Database*>(self);
  const auto now = steady_clock::now();
  const bool is_patient = database.wait_ >= kPatient;
  if (tries == 0 && is_patient) (void)database.others_get_on();
  if (now >= database.deadline_) {
    if (!is_patient || now - database.wait_began_ >= kLongestQueue || !database.others_get_on()) return 0;
    database.deadline_ = now + database.wait_;
  }
  database.random_ = database.random_ * 6364136223846793005U + 1442695040888963407U;
  const std::uint64_t spread = tries < 2 ? 500 : tries < 6 ? 4'000 : 60'000;  // microseconds
  const microseconds pause(100 + static_cast<std::int64_t>((database.random_ >> 33U) % spread));
  std::this_thread::sleep_for(std::min<steady_clock::duration>(pause, database.deadline_ - now));
  return 1;
}

}  // namespace ts::ledger
