#include "spawner/cli/run_table.hpp"

#include <fmt/format.h>

#include <array>

#include "accounting/base/text.hpp"
#include "spawner/cli/table.hpp"
#include "spawner/control/socket.hpp"
#include "spawner/session/identity.hpp"

namespace ts::cli {
namespace {

constexpr std::size_t kLongestId = 40;

std::string state_of(const ledger::RunRecord& run, const ledger::Here& here) {
  if (run.end) return std::string{ledger::name_of(run.end->outcome)};
  if (ledger::liveness_of(run.start, here) == ledger::Liveness::dead) return "crashed (tracked-spawn recover)";
  const std::string phase = phase_of(run);
  return phase == "held" ? "held: extend or stop it" : phase.empty() ? "running" : phase;
}

/// What a live run has cost by its rows: the dearest source. Absent: nothing that has a price.
std::optional<MicroUsd> live_cost(ledger::Ledger& ledger, const RunId& run, const PriceBook& prices) {
  const auto rows = ledger.responses(run);
  if (rows.has_error()) return std::nullopt;
  std::array<CostSum, kSourceCount> sums;
  for (const ledger::ResponseRow& row : *rows) sums[static_cast<std::size_t>(row.source)].add(prices, row.model, row.counts, row.at);
  std::optional<MicroUsd> highest;
  for (const CostSum& sum : sums)
    if (const auto cost = sum.total(); cost && cost > highest) highest = cost;
  return highest;
}

}  // namespace

std::string phase_of(const ledger::RunRecord& run) {
  constexpr std::chrono::milliseconds kMoment{200};
  if (run.start.run_dir.empty() || run.start.host != session::here().host) return {};
  const auto answer = control::ask(run.start.run_dir + "/control.sock", control::UsageRequest{}, kMoment);
  return answer.has_value() && answer->standing ? answer->standing->phase : std::string{};
}

std::string spent_text(ledger::Ledger& ledger, const ledger::RunRecord& run, const PriceBook& prices) {
  const Formula formula = run.start.cap.formula;
  if (formula == Formula::usd) {
    const auto cost = run.end ? run.end->cost : live_cost(ledger, run.start.id, prices);
    return cost ? dollars(*cost) : "-";
  }
  const bool known = run.end ? run.end->ruling.has_value() : !(run.live == Totals{});
  return known ? compact(by_formula(run.end ? run.end->totals.counts : run.live.counts, formula)) : "-";
}

std::string limit_text(const ledger::Cap& cap) {
  if (!cap.limit) return "none";
  return cap.formula == Formula::usd ? dollars(*cap.limit) : compact(*cap.limit);
}

std::string run_table(ledger::Ledger& ledger, const std::vector<ledger::RunRecord>& runs, const PriceBook& prices, UtcTime now) {
  using enum Align;
  Table table({left, left, left, right, right, left, right, left});
  table.add({"RUN", "TASK", "AGENT", "SPENT", "CAP", "FORMULA", "TIME", "STATE"});
  const ledger::Here here = session::here();
  for (const ledger::RunRecord& run : runs) {
    const auto time = (run.end ? run.end->ended : now) - run.start.started;
    table.add({run.start.id.text, run.start.task_id.empty() ? "-" : printable(run.start.task_id, kLongestId), printable(run.start.agent, kLongestId),
               spent_text(ledger, run, prices), limit_text(run.start.cap), std::string{name_of(run.start.cap.formula)},
               human_duration(std::max(time, time.zero())), state_of(run, here)});
  }
  return table.text();
}

}  // namespace ts::cli
