#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "accounting/base/result.hpp"
#include "accounting/import/sqlite_file.hpp"
#include "accounting/usage/counts.hpp"

namespace ts {

/// One message's `data` in opencode's database. Times: 0 is not said.
struct OpencodeMessage {
  bool from_model = false;   ///< an answer; else a user's, or nothing that is known
  std::string model;
  TokenCounts counts;
  std::int64_t created_ms = 0;
  std::int64_t completed_ms = 0;
};

enum class OpencodeRead { usage, nothing, malformed };

/// Reads one message. A null count is an absent one; anything else that is no count makes the message malformed.
[[nodiscard]] OpencodeRead read_opencode_message(std::string_view data, OpencodeMessage& message);

/// Gives the copies of one message, which forks of a session hold under new ids, its id.
class OpencodeOriginals {
 public:
  /// The response's id. Originals must come before their copies: the sessions by their age.
  /// Lifetime: `row_id`'s, or this object's.
  [[nodiscard]] std::string_view id_of(std::string_view row_id, const OpencodeMessage& message, std::int64_t session_created);

 private:
  std::map<std::string, std::string> ids_;   // what copies have in common → the first one's id
};

/// Whether the tables are opencode's. Errors: corrupt, busy, io.
[[nodiscard]] Result<bool> is_opencode(const SqliteFile& db);

}  // namespace ts
