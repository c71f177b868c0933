#pragma once

#include <sqlite3.h>

#include <filesystem>
#include <memory>
#include <stdexcept>
#include <string>

namespace ts::ledger {

/// A plain connection past the ledger's code, to damage, lock or check its file.
class RawSqlite {
 public:
  explicit RawSqlite(const std::filesystem::path& path) {
    sqlite3* handle = nullptr;
    if (sqlite3_open(path.c_str(), &handle) != SQLITE_OK)
      throw std::runtime_error("sqlite3_open " + path.string());
    handle_.reset(handle);
    sqlite3_busy_timeout(handle, 30'000);
  }
  /// Runs statements; the first column of the last row, or "".
  std::string run(const std::string& statements) {
    std::string answer;
    const auto keep = [](void* to, int, char** values, char**) {
      *static_cast<std::string*>(to) = values[0] != nullptr ? values[0] : "";
      return 0;
    };
    char* message = nullptr;
    if (sqlite3_exec(handle_.get(), statements.c_str(), keep, &answer, &message) != SQLITE_OK) {
      answer = std::string("error: ") + message;
      sqlite3_free(message);
    }
    return answer;
  }

 private:
  struct Close {
    void operator()(sqlite3* handle) const { sqlite3_close(handle); }
  };
  std::unique_ptr<sqlite3, Close> handle_;
};

}  // namespace ts::ledger
