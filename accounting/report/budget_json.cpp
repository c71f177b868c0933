#include "accounting/report/budget_json.hpp"

#include <nlohmann/json.hpp>

#include "accounting/base/text.hpp"
#include "accounting/budget/alert.hpp"
#include "accounting/report/json_parts.hpp"

namespace ts::report {
namespace {

using ledger::BudgetState;
using ledger::Claim;
using ledger::GateAnswer;

Json time_or_null(const std::optional<UtcTime>& time) { return time ? Json(rfc3339(*time)) : Json(nullptr); }

Json scope_json(const Scope& scope) {
  Json j = Json::object();
  const auto put = [&](const char* name, const std::optional<std::string>& value) {
    if (value) j[name] = *value;
  };
  for_each_part(scope, put);
  for (const auto& [name, value] : scope.labels) j["labels"][name] = value;
  return j;
}

Json period_json(const BudgetState& state) {
  const PeriodRule& rule = state.budget.period;
  Json j = {{"kind", std::string{name_of(rule.kind)}},
            {"label", period_label(rule, state.zone, state.period)},
            {"start", rfc3339(state.period.start)},
            {"end", time_or_null(state.period.end)},
            {"zone", rule.zone}};
  if (rule.kind == PeriodKind::month || rule.kind == PeriodKind::week) j["reset_day"] = rule.reset_day;
  if (rule.kind == PeriodKind::rolling) j["window_minutes"] = rule.window.count();
  return j;
}

Json spent_json(const Spend& spent) {
  Json j = totals_json(Totals{spent.counts, spent.requests});
  j["requests"] = spent.requests;
  j["cost_micro_usd"] = amount_of(spent, Measure::usd);
  j["unpriced_tokens"] = spent.unpriced;
  return j;
}

Json json_of(const BudgetState& state) {
  const Budget& b = state.budget;
  const auto level = level_of(b, state.used);
  Json thresholds = Json::array();
  for (const Threshold& t : b.thresholds)
    thresholds.push_back({{"percent", t.percent}, {"name", t.name}, {"reached", reaches(state.used, t.percent, b.limit)}});
  return {{"budget", b.name},
          {"measure", std::string{name_of(b.measure)}},
          {"limit", b.limit},
          {"used", state.used},
          {"reserved", state.reserved},
          {"left", state.headroom()},
          {"percent", static_cast<std::int64_t>(static_cast<double>(state.used) * 100.0 / static_cast<double>(b.limit))},
          {"level", level ? Json(level->name) : Json(nullptr)},
          {"period", period_json(state)},
          {"scope", scope_json(b.scope)},
          {"thresholds", thresholds},
          {"spent", spent_json(state.spent)}};
}

Json json_of(const Claim& claim, const ClaimState& state) {
  const ledger::Owner& o = claim.owner;
  return {{"key", claim.key},
          {"run", text_or_null(o.run)},
          {"host", o.host},
          {"pid", o.pid == 0 ? Json(nullptr) : Json(o.pid)},
          {"note", text_or_null(o.note)},
          {"token", claim.token},
          {"taken", rfc3339(claim.taken)},
          {"expires", rfc3339(claim.expires)},
          {"state", state(claim)}};
}

}  // namespace

std::string budget_json(const BudgetState& state) { return dump(json_of(state)); }

std::string budgets_json(const std::vector<BudgetState>& states) {
  Json array = Json::array();
  for (const BudgetState& state : states) array.push_back(json_of(state));
  return dump(array);
}

std::string answer_json(const GateAnswer& answer, const StartAdvice& advice) {
  Json budgets = Json::array();
  for (const BudgetState& state : answer.budgets) budgets.push_back(json_of(state));
  const bool denied = answer.verdict == ledger::Verdict::denied;
  const bool by_claim = denied && answer.obstacle == ledger::Obstacle::claim && answer.claim;
  return dump({{"may_start", !denied},
               {"verdict", std::string{name_of(answer.verdict)}},
               {"obstacle", answer.obstacle == ledger::Obstacle::none ? Json(nullptr) : Json(std::string{name_of(answer.obstacle)})},
               {"reason", text_or_null(answer.reason)},
               {"cap", {{"limit", or_null(answer.cap.limit)}, {"formula", std::string{name_of(answer.cap.formula)}}, {"source", answer.cap.source}}},
               {"headroom", or_null(answer.room)},
               {"suggested_cap", or_null(advice.suggested_cap)},
               {"suggested_why", text_or_null(advice.suggested_why)},
               {"past", advice.past ? Json::parse(past_json(*advice.past)) : Json(nullptr)},
               {"budgets", budgets},
               {"claim", by_claim ? json_of(answer.claim->claim, [](const Claim&) { return "held"; }) : Json(nullptr)},
               {"ask_again", time_or_null(answer.ask_again)}});
}

std::string waiting_json(const std::vector<ledger::Waiting>& waiting) {
  Json array = Json::array();
  for (const ledger::Waiting& one : waiting)
    array.push_back({{"run", one.owner.run},
                     {"host", one.owner.host},
                     {"pid", one.owner.pid},
                     {"task", text_or_null(one.task)},
                     {"agent", one.agent},
                     {"since", rfc3339(one.since)},
                     {"reason", one.reason}});
  return dump(array);
}

std::string claim_json(const Claim& claim, const ClaimState& state) { return dump(json_of(claim, state)); }

std::string claims_json(const std::vector<Claim>& claims, const ClaimState& state) {
  Json array = Json::array();
  for (const Claim& claim : claims) array.push_back(json_of(claim, state));
  return dump(array);
}

}  // namespace ts::report
