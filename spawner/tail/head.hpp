#pragma once

#include <string>
#include <string_view>

#include "spawner/agents/profile.hpp"

namespace ts::tail {

/// What the first lines of a transcript say about whose it is. Empty: not said (yet).
struct TranscriptHead {
  std::string session;
  std::string parent;        ///< the session it was forked or spawned from
  std::string cwd;
  std::string project_hash;  ///< Gemini CLI: SHA-256 of the cwd
};

/// Reads the head by a byte search: it may be cut anywhere, and must not cost a parse of what may be another's file.
[[nodiscard]] TranscriptHead read_head(std::string_view text);

/// SHA-256 in lower-case hexadecimal digits.
[[nodiscard]] std::string sha256_hex(std::string_view text);

/// What the path relative to the root says: does its project folder stand for `cwd`? (Claude Code and Qwen Code: every character
/// of the path but letters and digits as `-`, so different folders can share one name.)
[[nodiscard]] bool project_folder_is(agents::TranscriptLayout layout, std::string_view relative, std::string_view cwd);

}  // namespace ts::tail
