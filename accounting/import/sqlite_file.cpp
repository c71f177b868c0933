#include "accounting/import/sqlite_file.hpp"

#include <fmt/format.h>
#include <sqlite3.h>

#include <filesystem>

namespace ts {
namespace {

/// A URI for SQLite: what has a meaning there is escaped.
std::string uri_of(const std::string& path, bool immutable) {
  std::string uri = "file:";
  for (const char c : path)
    if (c == '?' || c == '#' || c == '%')
      uri += fmt::format("%{:02x}", static_cast<unsigned char>(c));
    else
      uri += c;
  return uri + (immutable ? "?mode=ro&immutable=1" : "?mode=ro");
}

}  // namespace

void SqliteFile::Close::operator()(sqlite3* db) const { sqlite3_close(db); }
void SqliteFile::Rows::End::operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }

Error SqliteFile::error(int code) const {
  const int kind = code & 0xff;
  const Errc errc = kind == SQLITE_BUSY || kind == SQLITE_LOCKED      ? Errc::busy
                    : kind == SQLITE_CORRUPT || kind == SQLITE_NOTADB ? Errc::corrupt
                    : kind == SQLITE_CANTOPEN                         ? Errc::permission_denied
                                                                      : Errc::io;
  return {errc, fmt::format("{}: {}", path_, db_ == nullptr ? "can't open" : sqlite3_errmsg(db_.get()))};
}

Result<SqliteFile> SqliteFile::open(const std::string& path) {
  // Without a log beside it nobody writes; opening it the usual way would leave files of ours there.
  std::error_code ignored;
  const bool immutable = !std::filesystem::exists(path + "-wal", ignored);
  sqlite3* raw = nullptr;
  SqliteFile file;
  file.path_ = path;
  const int code = sqlite3_open_v2(uri_of(path, immutable).c_str(), &raw, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX, nullptr);
  file.db_.reset(raw);
  if (code != SQLITE_OK) return file.error(code);
  sqlite3_busy_timeout(raw, 2000);
  return file;
}

Result<SqliteFile::Rows> SqliteFile::prepare(const char* sql) const {
  sqlite3_stmt* raw = nullptr;
  const int code = sqlite3_prepare_v2(db_.get(), sql, -1, &raw, nullptr);
  if (code != SQLITE_OK) return error(code);
  Rows rows;
  rows.file_ = this;
  rows.statement_.reset(raw);
  return rows;
}

Result<SqliteFile::Rows> SqliteFile::select(const char* sql, std::int64_t first, std::int64_t second) const {
  TS_TRY(Rows rows, prepare(sql));
  sqlite3_stmt* raw = rows.statement_.get();
  const std::int64_t values[] = {first, second};
  for (int i = 0; i < sqlite3_bind_parameter_count(raw) && i < 2; ++i) sqlite3_bind_int64(raw, i + 1, values[i]);
  return rows;
}

Result<SqliteFile::Rows> SqliteFile::select(const char* sql, const std::string& text) const {
  TS_TRY(Rows rows, prepare(sql));
  sqlite3_bind_text64(rows.statement_.get(), 1, text.data(), text.size(), SQLITE_TRANSIENT, SQLITE_UTF8);
  return rows;
}

Result<std::int64_t> SqliteFile::number(const char* sql) const {
  TS_TRY(Rows rows, select(sql));
  TS_TRY(const bool any, rows.next());
  return any ? rows.number(0) : 0;
}

Result<bool> SqliteFile::Rows::next() {
  const int code = sqlite3_step(statement_.get());
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  return file_->error(code);
}

std::string_view SqliteFile::Rows::text(int column) const {
  const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(statement_.get(), column));
  if (text == nullptr) return {};
  return {text, static_cast<std::size_t>(sqlite3_column_bytes(statement_.get(), column))};
}
std::int64_t SqliteFile::Rows::number(int column) const { return sqlite3_column_int64(statement_.get(), column); }
double SqliteFile::Rows::real(int column) const { return sqlite3_column_double(statement_.get(), column); }
bool SqliteFile::Rows::is_null(int column) const { return sqlite3_column_type(statement_.get(), column) == SQLITE_NULL; }

}  // namespace ts
