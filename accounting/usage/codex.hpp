#pragma once

#include <memory>

#include "accounting/usage/event.hpp"

namespace ts {

/// `codex exec --json`: `turn.completed` gives the sum of a turn, once. The responses are not told apart (requests 0).
[[nodiscard]] std::unique_ptr<Dialect> make_codex_stream();

/// Codex' rollout files: `token_usage_record` (one a response, with its id) and, in older versions only, `token_count`
/// (cumulative, repeated). Both in one file count once. A forked or spawned thread's file begins with a replay of its
/// parent's history, which is not counted here: the parent's own file has it.
[[nodiscard]] std::unique_ptr<Dialect> make_codex_transcript();

}  // namespace ts
