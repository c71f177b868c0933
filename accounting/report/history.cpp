#include "accounting/report/history.hpp"

#include <algorithm>
#include <array>

namespace ts::report {
namespace {

using ledger::Outcome;
using ledger::PastRun;

bool fits(const std::string& wanted, const std::string& has) { return wanted.empty() || wanted == has; }

std::optional<PastSpending> spending(const std::vector<PastRun>& runs, const Likeness& like) {
  std::vector<std::int64_t> fresh;
  PastSpending past{like, {}, 0};
  for (const PastRun& run : runs) {
    const bool counts = run.ended && run.metered && run.id.text != like.not_run && run.outcome != Outcome::refused;
    if (!counts || !fits(like.category, run.category) || !fits(like.role, run.role) || !fits(like.agent, run.agent)) continue;
    fresh.push_back(by_formula(run.totals.counts, Formula::fresh));
    if (was_cut_off(run.outcome)) ++past.cut_off;
  }
  const auto spread = spread_of(std::move(fresh));
  if (!spread) return std::nullopt;
  past.fresh = *spread;
  return past;
}

}  // namespace

bool was_cut_off(Outcome outcome) {
  constexpr std::array kCut = {Outcome::cap, Outcome::stopped, Outcome::crashed, Outcome::time_limit, Outcome::idle_limit};
  return std::ranges::find(kCut, outcome) != kCut.end();
}

std::string described(const Likeness& likeness) {
  std::string text;
  for (const std::string* part : {&likeness.category, &likeness.role, &likeness.agent})
    if (!part->empty()) text += (text.empty() ? "" : ", ") + *part;
  return text.empty() ? "all runs" : text;
}

std::optional<PastSpending> spending_like(const std::vector<PastRun>& runs, const Likeness& likeness, std::size_t enough) {
  Likeness wider = likeness;
  wider.agent.clear();
  Likeness widest = wider;
  widest.category.clear();
  std::optional<PastSpending> best;
  for (const Likeness& like : {likeness, wider, widest}) {
    auto past = spending(runs, like);
    if (past && (!best || past->fresh.count > best->fresh.count)) best = std::move(past);
    if (best && best->fresh.count >= enough) break;
  }
  return best;
}

Tokens suggested_cap(const Spread& spread) { return rounded_up(spread.p90); }

}  // namespace ts::report
