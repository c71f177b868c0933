#pragma once

#include <span>
#include <string>
#include <vector>

#include "accounting/ledger/records.hpp"
#include "accounting/usage/activity.hpp"

namespace ts::report {

/// What a tool took. Invocations and bytes are exact, from the captured stream or the transcripts. The tokens are attributed: no provider
/// bills a tool. A response's output falls to what it said and called, its fresh input to what came in since the response before (words,
/// calls and results of the same agent), each by bytes and at most one token a byte; what is beyond that is the standing context's.
struct ToolRow {
  std::string name;
  std::int64_t calls = 0;
  std::uint64_t call_bytes = 0;
  std::uint64_t result_bytes = 0;
  Tokens input = 0;   ///< fresh: input and cache writes
  Tokens output = 0;
  [[nodiscard]] Tokens fresh() const { return input + output; }
};

/// One call with what came back.
struct Operation {
  std::string tool;
  std::string about;
  std::uint64_t bytes = 0;
  Tokens fresh = 0;  ///< attributed
};

/// What the main agent or a sub-agent spent: sums of its responses.
struct WorkerRow {
  std::string id;    ///< empty: the main agent
  std::string name;  ///< what it was started for
  std::int64_t responses = 0;
  TokenCounts counts;
};

/// Rows that are no tool. Their names can't be a tool's.
inline constexpr std::string_view kWordsRow = "(words and reasoning)";
inline constexpr std::string_view kContextRow = "(prompt and context)";
inline constexpr std::string_view kUnseenRow = "(responses that the stream does not show)";
inline constexpr std::string_view kSettledRow = "(settled beyond the responses)";

/// Invariant: the tools' fresh tokens add up to the run's, the workers' counts to the sum of the responses.
struct Attribution {
  std::vector<ToolRow> tools;           ///< dearest first, what is no tool behind them
  std::vector<Operation> operations;    ///< dearest first
  std::vector<WorkerRow> workers;       ///< the main agent first; only it: no sub-agent was seen
};

/// Who is asked: one source's responses, the run's total by that source, and its main session.
struct AttributionInput {
  const Activity& activity;
  std::span<const ledger::ResponseRow> responses;
  TokenCounts total;
  std::string main_session;
};

[[nodiscard]] Attribution attribute(const AttributionInput& input);

/// Splits `amount` by `weights`, exactly: the parts add up to it. All weights 0: all to the first. Empty weights: empty.
[[nodiscard]] std::vector<Tokens> shared_by(Tokens amount, std::span<const std::uint64_t> weights);

}  // namespace ts::report
