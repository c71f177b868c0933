#pragma once

#include <soci/sqlite3/soci-sqlite3.h>

#include <string>
#include <vector>

#include "accounting/ledger/rows.hpp"

namespace ts::ledger {

/// A SELECT of many rows that goes to SQLite directly: SOCI's way to a value takes ten times as long as SQLite's own.
/// Thread: as its connection. Lifetime: within its connection's. Errors: throws as SOCI does, for Database to translate.
class PlainRows {
 public:
  /// `connection`: the sqlite3* of a ledger. `parameters`: texts, in their order.
  PlainRows(void* connection, const std::string& select, std::vector<std::string> parameters);
  ~PlainRows();
  PlainRows(const PlainRows&) = delete;
  PlainRows& operator=(const PlainRows&) = delete;

  /// False: no more.
  [[nodiscard]] bool next();
  /// A visitor that assigns the current row's columns, in their order, to a record's fields.
  [[nodiscard]] auto take() {
    return [this, at = 0](const char*, auto& value) mutable { get(slot<std::remove_reference_t<decltype(value)>>(at++), value); };
  }

 private:
  template <class T>
  const Slot& slot(int at) {
    slot_.state = sqlite_api::sqlite3_column_type(statement_, at) == SQLITE_NULL ? soci::i_null : soci::i_ok;
    if constexpr (kIsNumber<T>) {
      slot_.number = sqlite_api::sqlite3_column_int64(statement_, at);
    } else {
      const auto* text = reinterpret_cast<const char*>(sqlite_api::sqlite3_column_text(statement_, at));
      slot_.text.assign(text == nullptr ? "" : text, static_cast<std::size_t>(sqlite_api::sqlite3_column_bytes(statement_, at)));
    }
    return slot_;
  }
  void check(int code) const;

  sqlite_api::sqlite3* connection_;
  std::vector<std::string> parameters_;   ///< what is bound points into them
  sqlite_api::sqlite3_stmt* statement_ = nullptr;
  Slot slot_;   ///< of the column that is being read
};

}  // namespace ts::ledger
