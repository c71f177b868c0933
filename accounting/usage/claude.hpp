#pragma once

#include <memory>

#include "accounting/usage/event.hpp"

namespace ts {

/// Claude Code's stdout: `--output-format stream-json` (with and without --include-partial-messages) and `json`.
/// `assistant` lines give what a response has used so far; `result.modelUsage` settles the session, sub-agents included
/// (`result.usage` leaves them out and serves only where there is no modelUsage).
[[nodiscard]] std::unique_ptr<Dialect> make_claude_stream();

/// Qwen Code's stdout: Claude's events, but input_tokens includes cache reads, and a response's first blocks have zeros.
[[nodiscard]] std::unique_ptr<Dialect> make_qwen_stream();

/// Claude Code's session files, sub-agents' files too. A response stands there once per content block: same message id.
[[nodiscard]] std::unique_ptr<Dialect> make_claude_transcript();

}  // namespace ts
