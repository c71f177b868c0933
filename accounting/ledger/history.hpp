#pragma once

#include <optional>
#include <string>
#include <vector>

#include "accounting/ledger/records.hpp"

namespace ts::ledger {

/// Which past runs are asked for. Empty texts: any.
struct HistoryFilter {
  std::string sprint = {};
  std::string project = {};
  std::string role = {};
  bool ended_only = false;
  std::optional<std::size_t> newest = {};  ///< at most so many
};

/// What reports need of a run, without its streams and receipts.
struct PastRun {
  RunId id;
  std::string task_id;
  std::string task_file;
  std::string task_title;
  std::string agent;
  std::string role;
  std::string sprint;
  std::string category;
  Estimate estimate;
  Cap cap;
  UtcTime started;
  std::optional<UtcTime> ended;  ///< absent: still running, or not yet recovered
  Outcome outcome = Outcome::running;
  bool metered = false;          ///< false: no meter saw anything, so `totals` says nothing
  Totals totals;
  std::optional<MicroUsd> cost;
};

}  // namespace ts::ledger
