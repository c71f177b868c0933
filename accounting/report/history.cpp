#include "accounting/report/history.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "accounting/base/text.hpp"
#include "accounting/ledger/spent_runs.hpp"
#include "accounting/report/json_parts.hpp"

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

Result<std::optional<PastSpending>> past_spending(ledger::Ledger& ledger, const Likeness& likeness) {
  ledger::HistoryFilter filter;
  filter.role = likeness.role;
  filter.ended_only = true;
  filter.newest = ledger::kNewestSpent;
  TS_TRY(const auto runs, ledger.past_runs(filter));
  return spending_like(runs, likeness);
}

std::string in_words(const PastSpending& past) {
  const Spread& s = past.fresh;
  std::string text = fmt::format("{} ({}): median {}, 90th percentile {} fresh tokens; suggested cap {}", s.count, printable(described(past.likeness)),
                                 with_commas(s.p50), with_commas(s.p90), compact(suggested_cap(s)));
  if (past.cut_off > 0) text += fmt::format("; {} cut off", past.cut_off);
  return text;
}

std::string past_json(const PastSpending& past) {
  const Spread& s = past.fresh;
  return dump({{"like", described(past.likeness)}, {"runs", s.count}, {"p50", s.p50}, {"p75", s.p75}, {"p90", s.p90}, {"highest", s.highest},
               {"cut_off", past.cut_off}, {"suggested_cap", suggested_cap(s)}});
}

Tokens suggested_cap(const Spread& spread) { return rounded_up(spread.p90); }

}  // namespace ts::report
