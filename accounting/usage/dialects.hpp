#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string_view>

#include "accounting/usage/event.hpp"

namespace ts {

/// Reads what an agent prints on stdout. Names: claude, codex, gemini, qwen, opencode, text (the phrase "N new tokens"),
/// generic (any JSON line with a usage object that is known by its shape, and the phrase).
/// Absent (nullptr): no dialect has that name.
[[nodiscard]] std::unique_ptr<Dialect> make_stream_dialect(std::string_view name);

/// Reads a session file that an agent writes. Names: claude, codex, gemini, qwen.
/// (opencode's transcript is a SQLite database and not read as lines.) Absent (nullptr): no dialect has that name.
[[nodiscard]] std::unique_ptr<Dialect> make_transcript_dialect(std::string_view name);

[[nodiscard]] std::span<const std::string_view> stream_dialect_names();
[[nodiscard]] std::span<const std::string_view> transcript_dialect_names();

/// What a saved file is, by its first lines.
struct DetectedDialect {
  Source source = Source::stream;   ///< stream or transcript
  std::string_view name;            ///< for the factory of that source; static storage
};

/// Tells from the first bytes of a file (some KiB; more is better) which dialect wrote it.
/// Absent: nothing in it is known; `generic` may still find usage.
[[nodiscard]] std::optional<DetectedDialect> detect_dialect(std::string_view head);

}  // namespace ts
