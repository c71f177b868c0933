#pragma once

#include <cstdint>
#include <filesystem>

#include "accounting/base/result.hpp"
#include "accounting/budget/meter.hpp"

namespace ts::test {

/// How large a made-up Claude Code home is. The defaults are the size that the benchmarks speak of.
struct CorpusSpec {
  int files = 457;
  int responses = 49'221;
  std::int64_t bytes = 300'000'000;   ///< all files together, about
  std::uint64_t seed = 914;
};

/// What a reader must find in it.
struct CorpusTruth {
  Totals totals;                 ///< each response once
  Totals per_line;               ///< what a reader gets that counts every line (too much)
  std::int64_t bytes = 0;
  int files = 0;
  int sessions = 0;              ///< main sessions; the other files are sub-agents'
};

/// Writes `<root>/projects/<project>/<session>.jsonl` and `…/<session>/subagents/agent-*.jsonl` as Claude Code does: a
/// line per content block with the response's usage repeated (some with the output still growing), tool results of
/// very different sizes, sessions that were resumed under another id with their past copied, sub-agents, lines without
/// requestId, API errors as synthetic messages, usage-like text inside strings and tool results. Equal spec, equal bytes.
/// Errors: io.
[[nodiscard]] Result<CorpusTruth> write_claude_corpus(const std::filesystem::path& root, const CorpusSpec& spec);

}  // namespace ts::test
