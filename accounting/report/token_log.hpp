#pragma once

#include <optional>
#include <string>
#include <vector>

#include "accounting/budget/prices.hpp"
#include "accounting/report/attribution.hpp"
#include "accounting/report/history.hpp"

namespace ts::report {

/// Where a phase begins, as somebody says it.
struct PhaseStart {
  std::string name;
  std::optional<UtcTime> at;   ///< absent: at the run's start
};

/// All that a token log is made from.
struct TokenLogSources {
  const ledger::RunRecord& run;
  const std::vector<ledger::ResponseRow>& responses;   ///< of all sources
  const Activity& activity;
  std::string evidence;                                ///< what `activity` was read from, for people; empty: nothing could be read
  const std::vector<ledger::PastRun>& history;
  const PriceBook& prices;
  std::string resume = {};                             ///< the command that goes on; empty: none
  std::vector<PhaseStart> phases = {};                 ///< given by hand; empty: those that the agent's words mark
  Tokens high_cost = 30'000;                           ///< from here on an operation or a phase is called dear
};

struct PhaseRow {
  std::string name;
  UtcTime began;
  std::int64_t responses = 0;
  TokenCounts counts;
};

struct ModelRow {
  std::string model;   ///< empty: not said
  TokenCounts counts;
  std::optional<MicroUsd> cost;   ///< absent: the model has no price
};

/// What a run took, ready to be written. Sums: phases, workers and tools each add up to the run (`beyond` included).
struct TokenLog {
  ledger::RunRecord run;
  Totals totals;
  std::optional<Source> source;            ///< that the figures are of. Absent: no meter saw anything
  std::vector<PhaseRow> phases;            ///< at least one if there is a source
  Attribution attribution;
  std::vector<ModelRow> models;
  TokenCounts beyond;                      ///< counted by the run, but in no response
  std::optional<Tokens> peak_context;      ///< the largest context that one response was given. Absent: not told
  std::optional<PastSpending> past;        ///< comparable runs
  std::string evidence;
  std::string resume;
  std::uint64_t unread = 0;                ///< bytes of the evidence that could not be read
  Tokens high_cost = 0;
  [[nodiscard]] Tokens fresh() const { return by_formula(totals.counts, Formula::fresh); }
};

[[nodiscard]] TokenLog make_token_log(const TokenLogSources& sources);

/// As a Markdown document of its own.
[[nodiscard]] std::string token_log_markdown(const TokenLog& log);
[[nodiscard]] std::string token_log_json(const TokenLog& log);

/// The line that says how far the figures can be trusted.
[[nodiscard]] std::string quality_of(const TokenLog& log);

}  // namespace ts::report
