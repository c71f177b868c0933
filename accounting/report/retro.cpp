#include "accounting/report/retro.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "accounting/base/ascii.hpp"
#include "accounting/base/sprint.hpp"
#include "accounting/base/text.hpp"

namespace ts::report {
namespace {

using ledger::Outcome;
using ledger::PastRun;

constexpr Tokens kIncidentFactor = 4;

Tokens fresh_of(const PastRun& run) { return by_formula(run.totals.counts, Formula::fresh); }

/// The runs of one task.
struct Gathered {
  RetroTask task;
  std::map<Outcome, int> endings;
  std::map<std::string, Tokens> others;   ///< of other roles
  std::size_t unmetered = 0;
  std::size_t running = 0;
};

void gather(Gathered& into, const PastRun& run, const std::string& role) {
  RetroTask& task = into.task;
  // Runs come newest first: the newest word about the task holds.
  if (task.task_id.empty()) task.task_id = run.task_id;
  if (task.task_file.empty()) task.task_file = run.task_file;
  if (task.category.empty()) task.category = run.category;
  if (run.role != role) {
    if (run.metered) into.others[run.role] += fresh_of(run);
    return;
  }
  if (!task.estimate) task.estimate = run.estimate.high;
  if (run.cost) task.cost = task.cost.value_or(0) + *run.cost;
  ++task.runs;
  ++into.endings[run.outcome];
  if (!run.ended) ++into.running;
  if (run.metered) task.actual = saturating_add(task.actual.value_or(0), fresh_of(run));
  else if (run.ended) ++into.unmetered;
}

void note(std::string& notes, const std::string& more) { notes += (notes.empty() ? "" : "; ") + more; }

std::string times(std::size_t count, const std::string& what) { return count == 1 ? what : fmt::format("{} × {}", count, what); }

void judge(Gathered& gathered) {
  RetroTask& task = gathered.task;
  if (task.actual && task.estimate.value_or(0) > 0) {
    const double factor = static_cast<double>(*task.actual) / static_cast<double>(*task.estimate);
    task.overrun = *task.actual > *task.estimate;
    task.incident = *task.actual / kIncidentFactor >= *task.estimate && *task.actual > kIncidentFactor * *task.estimate;
    if (task.incident) note(task.notes, fmt::format("INCIDENT: {:.1f} × the estimate", factor));
    else if (task.overrun) note(task.notes, fmt::format("overrun: {:.1f} × the estimate", factor));
  }
  if (task.runs > 1) note(task.notes, fmt::format("{} runs", task.runs));
  constexpr std::pair<Outcome, const char*> kTold[] = {{Outcome::cap, "stopped at the cap"}, {Outcome::failed, "failed"}, {Outcome::stopped, "stopped by an operator"},
                                                       {Outcome::crashed, "crashed"}, {Outcome::time_limit, "stopped at the time limit"}, {Outcome::idle_limit, "stopped as idle"}};
  for (const auto& [outcome, words] : kTold)
    if (const auto found = gathered.endings.find(outcome); found != gathered.endings.end()) note(task.notes, times(static_cast<std::size_t>(found->second), words));
  if (gathered.running > 0) note(task.notes, "still running");
  if (gathered.unmetered > 0) note(task.notes, times(gathered.unmetered, "not metered"));
  for (const auto& [role, fresh] : gathered.others) note(task.notes, fmt::format("{} {} besides", role, with_commas(fresh)));
  if (!task.estimate) note(task.notes, "no estimate");
}

std::map<std::string, Gathered> gather_tasks(const RetroSources& sources) {
  std::map<std::string, Gathered> tasks;
  for (const PastRun& run : sources.runs) {
    if (!equal_ignoring_case(sprint_named(run.sprint), sprint_named(sources.sprint)) || run.outcome == Outcome::refused) continue;
    gather(tasks[run.task_file.empty() ? run.task_id : run.task_file], run, sources.role);
  }
  for (const SprintTask& file : sources.files) {
    const auto [at, fresh] = tasks.try_emplace(file.task_file);
    RetroTask& task = at->second.task;
    if (!fresh) continue;
    task.task_id = file.task_id;
    task.task_file = file.task_file;
    task.category = file.category;
    task.estimate = file.estimate_high;
    task.actual = file.written;
    note(task.notes, file.written ? "as the file says, not measured here" : "no run");
  }
  return tasks;
}

std::optional<CapSuggestion> suggestion(const RetroSources& sources, const std::optional<std::string>& category) {
  std::vector<std::int64_t> fresh;
  std::vector<std::int64_t> factors;
  CapSuggestion found{category.value_or("all"), {{category.value_or(""), sources.role, "", ""}, {}, 0}, std::nullopt, 0};
  for (const PastRun& run : sources.runs) {
    if (run.role != sources.role || !run.ended || !run.metered || run.outcome == Outcome::refused || (category && run.category != *category)) continue;
    fresh.push_back(fresh_of(run));
    if (run.estimate.high.value_or(0) > 0) factors.push_back(static_cast<std::int64_t>(static_cast<double>(fresh_of(run)) * 1000 / static_cast<double>(*run.estimate.high)));
    if (was_cut_off(run.outcome)) ++found.past.cut_off;
  }
  const auto spread = spread_of(fresh);
  if (!spread) return std::nullopt;
  found.past.fresh = *spread;
  found.factor = percentile(std::move(factors), sources.percent);
  found.cap = rounded_up(percentile(std::move(fresh), sources.percent).value_or(0));
  return found;
}

void suggest(const RetroSources& sources, Retro& retro) {
  std::set<std::string> categories;
  for (const PastRun& run : sources.runs) categories.insert(run.category);
  for (const std::string& category : categories)
    if (auto found = suggestion(sources, category)) retro.caps.push_back(std::move(*found));
  if (retro.caps.size() != 1)
    if (auto all = suggestion(sources, std::nullopt)) retro.caps.push_back(std::move(*all));
}

}  // namespace

std::vector<std::string> sprints_of(const std::vector<PastRun>& runs) {
  std::set<std::string> names;
  for (const PastRun& run : runs)
    if (!run.sprint.empty()) names.insert(run.sprint);
  return {names.begin(), names.end()};
}

Retro make_retro(const RetroSources& sources) {
  Retro retro;
  retro.sprint = sprint_named(sources.sprint);
  retro.role = sources.role;
  retro.percent = sources.percent;
  for (auto& [key, gathered] : gather_tasks(sources)) {
    judge(gathered);
    RetroTask& task = gathered.task;
    if (task.actual) retro.measured = saturating_add(retro.measured, *task.actual);
    if (task.actual && task.estimate.value_or(0) > 0) {
      ++retro.compared;
      retro.estimate = saturating_add(retro.estimate, *task.estimate);
      retro.actual = saturating_add(retro.actual, *task.actual);
    }
    if (task.cost) retro.cost = retro.cost.value_or(0) + *task.cost;
    retro.overruns += task.overrun ? 1 : 0;
    retro.incidents += task.incident ? 1 : 0;
    retro.tasks.push_back(std::move(task));
  }
  std::stable_sort(retro.tasks.begin(), retro.tasks.end(), [](const RetroTask& a, const RetroTask& b) { return a.task_id < b.task_id; });
  suggest(sources, retro);
  return retro;
}

}  // namespace ts::report
