#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>

#include "accounting/ledger/ledger.hpp"
#include "accounting/ledger/statements.hpp"

namespace ts::ledger {

/// How much of a commit survives a power cut.
enum class Durability {
  eventual,  ///< survives the death of any process; a power cut may take the last of them, in order
  full,      ///< on disk when write() returns
};

/// One connection to the ledger's SQLite file: opening, migrating, transactions, waiting for other writers,
/// and the one place that turns what SQLite and SOCI report into Errors. Thread: transactions of several threads come one
/// after the other; never carried across a fork.
class Database {
 public:
  using Work = std::function<Result<void>()>;

  /// See open_ledger() for the modes and errors.
  [[nodiscard]] static Result<std::unique_ptr<Database>> open(const std::filesystem::path& path, OpenMode mode,
                                                              std::chrono::milliseconds patience = kPatience);

  ~Database();
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  [[nodiscard]] Sql& sql() { return *sql_; }
  /// The sqlite3* behind sql().
  [[nodiscard]] void* connection() const { return handle_; }
  /// How long reads, and writes that say nothing else, wait for other writers.
  [[nodiscard]] std::chrono::milliseconds patience() const { return patience_; }
  void set_patience(std::chrono::milliseconds patience) { patience_ = patience; }

  /// Runs `work` in one write transaction; an error or exception of `work` rolls back.
  /// Waits at most `wait` for other writers; who can wait a second, waits on while others get on, up to half a minute. Errors: busy; what `work` returns; what the commit meets.
  [[nodiscard]] Result<void> write(Durability durability, std::chrono::milliseconds wait, const Work& work);

  /// Compiles the statements that `work` comes by where none finds a row, for when they are needed. Executes none of them.
  [[nodiscard]] Result<void> rehearse(const Work& work);

  /// Runs `work`, all of whose queries see the same state.
  [[nodiscard]] Result<void> read(const Work& work);

 private:
  explicit Database(std::filesystem::path path) : path_(std::move(path)) {}

  Result<void> connect(OpenMode mode);
  Result<void> check_identity(OpenMode mode);
  Result<void> migrate();
  Result<void> execute(const char* statement);
  Result<void> set_durability(Durability durability);
  Result<void> in_transaction(const char* begin, const Work& work);
  Result<void> guarded(const Work& work) const;
  [[nodiscard]] Error error_of(int sqlite_code, const std::string& detail) const;
  [[nodiscard]] Error newer_error(int version);
  void wait_at_most(std::chrono::milliseconds wait);
  [[nodiscard]] bool others_get_on();
  static int on_busy(void* self, int tries);

  std::filesystem::path path_;
  std::mutex one_at_a_time_;  ///< held for a transaction
  std::chrono::milliseconds patience_{kPatience};
  std::unique_ptr<Sql> sql_;
  void* handle_ = nullptr;  ///< the sqlite3* of sql_
  std::chrono::steady_clock::time_point deadline_;
  std::chrono::steady_clock::time_point wait_began_;
  std::chrono::milliseconds wait_{0};
  std::array<std::int64_t, 3> log_seen_{};  ///< the log's size and time of change when it was last looked at
  Durability durability_ = Durability::full;
  std::uint64_t random_ = 0;
};

}  // namespace ts::ledger
