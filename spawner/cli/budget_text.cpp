#include "spawner/cli/budget_text.hpp"

#include <fmt/format.h>

#include "accounting/base/text.hpp"
#include "accounting/budget/alert.hpp"
#include "spawner/cli/table.hpp"
#include "spawner/session/admission.hpp"

namespace ts::cli {
namespace {

using ledger::BudgetState;
using ledger::Claim;

constexpr std::size_t kLongest = 60;

std::string row(std::string_view name, const std::string& value) { return value.empty() ? "" : fmt::format("{:<12} {}\n", name, value); }

std::string amount(std::int64_t value, Measure measure) {
  if (measure == Measure::usd) return value < 0 ? "-" + dollars(-value) : dollars(value);
  return value < 0 ? "-" + compact(-value) : compact(value);
}

std::string owner_text(const Claim& claim) {
  const ledger::Owner& o = claim.owner;
  std::string text = !o.run.empty() ? "run " + o.run : o.pid != 0 ? fmt::format("pid {}", o.pid) : "by hand";
  if (!o.note.empty()) text += ": " + printable(o.note, kLongest);
  return text;
}

}  // namespace

std::string scope_text(const Scope& scope) {
  std::string text;
  const auto put = [&](const std::string& name, const std::optional<std::string>& value) {
    if (value) text += fmt::format("{}{}={}", text.empty() ? "" : ", ", name, printable(*value, kLongest));
  };
  for_each_part(scope, put);
  for (const auto& [name, value] : scope.labels) put("label." + name, value);
  return text.empty() ? "everything" : text;
}

std::string rule_text(const PeriodRule& rule) {
  std::string text{name_of(rule.kind)};
  if (rule.kind == PeriodKind::total) return "in all";
  if (rule.kind == PeriodKind::rolling) return "last " + human_duration(rule.window);
  if (rule.kind == PeriodKind::month && rule.reset_day != 1)
    text += fmt::format(" from day {}{}", rule.reset_day, rule.reset_day > 28 ? " (the last one of a shorter month)" : "");
  if (rule.kind == PeriodKind::week && rule.reset_day != 1) text += fmt::format(" from day {} (1 is Monday)", rule.reset_day);
  return text + ", " + rule.zone;
}

std::string level_text(const BudgetState& state) {
  const auto percent = static_cast<std::int64_t>(static_cast<double>(state.used) * 100.0 / static_cast<double>(state.budget.limit));
  const auto level = level_of(state.budget, state.used);
  if (!level) return fmt::format("{} % ok", percent);
  const bool named = level->name.ends_with(" %");  // a threshold of one's own has its share for a name
  return fmt::format("{} % {}{}", percent, level->sign, named ? "" : " " + level->name);
}

std::string budget_table(const std::vector<BudgetState>& states) {
  using enum Align;
  Table table({left, left, right, right, right, right, left, left});
  table.add({"BUDGET", "PERIOD", "USED", "RESERVED", "LEFT", "LIMIT", "LEVEL", "COUNTS"});
  for (const BudgetState& s : states) {
    const Measure m = s.budget.measure;
    table.add({printable(s.budget.name, kLongest), period_label(s.budget.period, s.zone, s.period), amount(s.used, m), amount(s.reserved, m),
               amount(s.headroom(), m), amount(s.budget.limit, m), level_text(s), fmt::format("{} of {}", name_of(m), scope_text(s.budget.scope))});
  }
  return table.text();
}

std::string budget_text(const BudgetState& state) {
  const Budget& b = state.budget;
  std::string thresholds;
  for (const Threshold& t : b.thresholds)
    thresholds += fmt::format("{}{} %{}", thresholds.empty() ? "" : ", ", t.percent, reaches(state.used, t.percent, b.limit) ? " (reached)" : "");
  std::string text = row("budget", printable(b.name)) + row("limit", describe_amount(b.limit, b.measure)) + row("counts", scope_text(b.scope)) +
                     row("period", rule_text(b.period)) + row("now", period_label(b.period, state.zone, state.period)) + row("from", rfc3339(state.period.start));
  if (state.period.end) text += row(b.period.kind == PeriodKind::rolling ? "to" : "resets", rfc3339(*state.period.end));
  text += row("used", fmt::format("{} · {}", describe_amount(state.used, b.measure), level_text(state))) +
          row("reserved", describe_amount(state.reserved, b.measure) + " by live runs") + row("left", amount(state.headroom(), b.measure)) +
          row("warns at", thresholds);
  if (b.measure == Measure::usd && state.spent.unpriced > 0)
    text += row("unpriced", with_commas(state.spent.unpriced) + " tokens of models without a price are not in it");
  return text;
}

std::string claim_state(const Claim& claim, UtcTime now) {
  if (claim.expires <= now) return "expired";
  static const auto is_dead = session::dead_owner_test();
  return is_dead(claim.owner) ? "owner gone" : "held";
}

std::string waiting_table(const std::vector<ledger::Waiting>& waiting, UtcTime now) {
  using enum Align;
  Table table({left, left, left, right, left});
  table.add({"WAITING", "TASK", "AGENT", "SINCE", "FOR"});
  for (const ledger::Waiting& one : waiting)
    table.add({printable(one.owner.run, kLongest), one.task.empty() ? "-" : printable(one.task, kLongest), printable(one.agent, kLongest),
               human_duration(std::max(now - one.since, UtcTime::duration::zero())), printable(one.reason, 200)});
  return table.text();
}

std::string claim_table(const std::vector<Claim>& claims, UtcTime now) {
  using enum Align;
  Table table({left, left, left, right, right, left});
  table.add({"CLAIMED", "BY", "HOST", "SINCE", "TOKEN", "STATE"});
  for (const Claim& c : claims) {
    std::string state = claim_state(c, now);
    if (state == "held") state += " for " + human_duration(c.expires - now) + " more";
    table.add({printable(c.key, 100), owner_text(c), printable(c.owner.host, kLongest), human_duration(std::max(now - c.taken, UtcTime::duration::zero())),
               std::to_string(c.token), state});
  }
  return table.text();
}

}  // namespace ts::cli
