#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "accounting/base/result.hpp"
#include "accounting/usage/counts.hpp"

struct sqlite3;

namespace ts::tail {

/// A session of opencode's database.
struct OpencodeSession {
  std::string id;
  std::string parent;     ///< empty: none
  std::string directory;
  std::string version;
  std::int64_t created_ms = 0;
};

/// An assistant message: what its requests have used so far.
struct OpencodeMessage {
  std::string id;
  std::string model;
  std::int64_t created_ms = 0;
  std::int64_t completed_ms = 0;  ///< 0: not completed
  TokenCounts counts;             ///< of all its steps
  std::int64_t requests = 1;
  bool readable = true;           ///< false: its counts are no counts
};

/// One look at opencode's database while opencode writes it. Opened read-only, nothing is created beside it: a file `-wal` that is there is
/// read with it; where there is none the file is complete by itself. Closed again at once, so that opencode can clear its log.
/// Source: schema of opencode 1.18.33 (session, message, part; counts in part.data of type step-finish and in message.data).
class OpencodeDb {
 public:
  /// Errors: not_found, busy, corrupt, io.
  [[nodiscard]] static Result<OpencodeDb> open(const std::string& path);
  OpencodeDb(OpencodeDb&&) noexcept = default;
  OpencodeDb& operator=(OpencodeDb&&) noexcept = default;

  /// Sessions that changed at or after `since_ms`, parents first. Errors: busy, corrupt.
  [[nodiscard]] Result<std::vector<OpencodeSession>> sessions_since(std::int64_t since_ms) const;
  /// Assistant messages of a session that were made at or after `since_ms`. Errors: busy, corrupt.
  [[nodiscard]] Result<std::vector<OpencodeMessage>> messages(const std::string& session, std::int64_t since_ms) const;

 private:
  struct Close {
    void operator()(sqlite3* db) const;
  };
  OpencodeDb(std::unique_ptr<sqlite3, Close> db, std::string path) : db_(std::move(db)), path_(std::move(path)) {}
  [[nodiscard]] Error failure() const;

  std::unique_ptr<sqlite3, Close> db_;
  std::string path_;
};

}  // namespace ts::tail
