#pragma once

#include <optional>
#include <string>
#include <vector>

#include "accounting/report/history.hpp"

namespace ts::report {

/// A task of the sprint that its file states, whether a run touched it or not.
struct SprintTask {
  std::string task_id;
  std::string task_file;
  std::string category;
  std::optional<Tokens> estimate_high;
  std::optional<Tokens> written;  ///< the actual in the file. Absent: it has none
};

/// One task in the retrospective. Units: fresh tokens.
struct RetroTask {
  std::string task_id;
  std::string task_file;
  std::string category;
  std::optional<Tokens> estimate;  ///< the upper one
  std::optional<Tokens> actual;    ///< of all runs of the role. Absent: nothing was measured
  std::size_t runs = 0;
  std::optional<MicroUsd> cost;    ///< of those runs
  bool overrun = false;            ///< above the estimate
  bool incident = false;           ///< above four times the estimate
  std::string notes;
};

/// What runs of one category took, and the cap that follows.
struct CapSuggestion {
  std::string category;                ///< empty: no category was stated
  PastSpending past;
  std::optional<std::int64_t> factor;  ///< the percentile of actual ÷ upper estimate, in thousandths. Absent: no run had an estimate
  Tokens cap = 0;                      ///< the percentile of what runs took, rounded up
};

struct Retro {
  std::string sprint;
  std::string role;
  int percent = 90;  ///< the percentile that the suggestions take
  std::vector<RetroTask> tasks;   ///< by id
  Tokens estimate = 0;            ///< of the tasks that have both an estimate and an actual
  Tokens actual = 0;              ///< of those
  std::size_t compared = 0;       ///< how many those are
  Tokens measured = 0;            ///< of all tasks
  std::optional<MicroUsd> cost;
  std::size_t overruns = 0;
  std::size_t incidents = 0;
  std::vector<CapSuggestion> caps;  ///< by category, then all together
};

struct RetroSources {
  std::string sprint;                          ///< compared without regard to case
  std::string role = "engineer";
  int percent = 90;
  const std::vector<ledger::PastRun>& runs;    ///< all that the ledger has
  std::vector<SprintTask> files = {};
};

[[nodiscard]] Retro make_retro(const RetroSources& sources);
/// The sprints that the runs name, each once, sorted.
[[nodiscard]] std::vector<std::string> sprints_of(const std::vector<ledger::PastRun>& runs);

[[nodiscard]] std::string retro_markdown(const Retro& retro);
[[nodiscard]] std::string retro_csv(const Retro& retro);
[[nodiscard]] std::string retro_json(const Retro& retro);

}  // namespace ts::report
