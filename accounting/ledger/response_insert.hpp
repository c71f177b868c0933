#pragma once

#include "accounting/ledger/records.hpp"

namespace ts::ledger {

/// The INSERT of a response that is reported for the first time. It is by far the most frequent statement of a busy run, so it goes to
/// SQLite directly: SOCI's way there and the look-up of a kept statement by its text take as long again.
/// Thread: as its connection. Lifetime: within its connection's.
class ResponseInsert {
 public:
  /// `connection`: the sqlite3* of a ledger.
  explicit ResponseInsert(void* connection) : connection_(connection) {}
  ~ResponseInsert();
  ResponseInsert(const ResponseInsert&) = delete;
  ResponseInsert& operator=(const ResponseInsert&) = delete;

  /// False: the response is there already, and nothing was written. Errors: throws as SOCI does, for Database to translate.
  [[nodiscard]] bool insert(long long run, const ResponseRow& row);

 private:
  void compile();
  void check(int code) const;
  void* connection_;
  void* statement_ = nullptr;   ///< null: not compiled yet
};

}  // namespace ts::ledger
