#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "accounting/base/result.hpp"

struct sqlite3;
struct sqlite3_stmt;

namespace ts {

/// A file that begins so is a SQLite database.
[[nodiscard]] inline bool is_sqlite(std::string_view head) {
  return head.starts_with(std::string_view("SQLite format 3\0", 16));
}

/// Somebody else's SQLite database: never written, no file made beside it, usable while others write.
class SqliteFile {
 public:
  /// Errors: corrupt, busy, io, permission_denied.
  [[nodiscard]] static Result<SqliteFile> open(const std::string& path);

  /// Rows of one SELECT.
  class Rows {
   public:
    /// False: no more. Errors: corrupt, busy, io.
    [[nodiscard]] Result<bool> next();
    /// Lifetime: until the next row.
    [[nodiscard]] std::string_view text(int column) const;
    [[nodiscard]] std::int64_t number(int column) const;
    [[nodiscard]] double real(int column) const;
    [[nodiscard]] bool is_null(int column) const;

   private:
    friend class SqliteFile;
    struct End {
      void operator()(sqlite3_stmt* statement) const;
    };
    const SqliteFile* file_ = nullptr;
    std::unique_ptr<sqlite3_stmt, End> statement_;
  };
  /// Lifetime: within the file's. `first`, `second`: values of the parameters, if it has any.
  [[nodiscard]] Result<Rows> select(const char* sql, std::int64_t first = 0, std::int64_t second = 0) const;
  /// The same with a text for the one parameter, which it copies.
  [[nodiscard]] Result<Rows> select(const char* sql, const std::string& text) const;
  /// The first number of a SELECT.
  [[nodiscard]] Result<std::int64_t> number(const char* sql) const;

 private:
  [[nodiscard]] Result<Rows> prepare(const char* sql) const;
  struct Close {
    void operator()(sqlite3* db) const;
  };
  [[nodiscard]] Error error(int code) const;
  std::string path_;
  std::unique_ptr<sqlite3, Close> db_;
};

}  // namespace ts
