#include "accounting/budget/budget.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "accounting/base/sprint.hpp"
#include "accounting/base/text.hpp"
#include "accounting/budget/limit_text.hpp"

namespace ts {
namespace {

using namespace std::chrono;

constexpr std::size_t kLongestName = 100;
constexpr int kHighestPercent = 1000;
constexpr MicroUsd kHighestUsd = 1'000'000'000'000;  // a million dollars: sums in pico-USD stay exact

Error refusal(const std::string& name, std::string why) {
  return {Errc::invalid_argument, fmt::format("budget '{}': {}", printable(name), why)};
}

bool fits(const std::optional<std::string>& wanted, const std::string& is) {
  return !wanted || *wanted == is;
}

/// A colour and a sign for a share that the user chose.
Threshold threshold_for(int percent) {
  Threshold chosen = default_thresholds().front();
  for (const Threshold& known : default_thresholds())
    if (known.percent <= percent) chosen = known;
  if (chosen.percent != percent) chosen.name = fmt::format("{} %", percent);
  chosen.percent = percent;
  return chosen;
}

Result<void> read_limit(const BudgetWords& words, Budget& budget) {
  std::string_view text = words.limit;
  for (const std::string_view unit : {" requests", " request"}) {
    if (!text.ends_with(unit)) continue;
    text.remove_suffix(unit.size());
    budget.measure = Measure::requests;
    break;
  }
  const auto parsed = parse_limit(text);
  if (parsed.has_error()) return refusal(words.name, parsed.error().message);
  if (const auto* dollars = std::get_if<DollarCap>(&*parsed)) {
    if (budget.measure == Measure::requests)
      return refusal(words.name, "limit '" + printable(words.limit, 60) + "': dollars or requests, not both");
    budget.measure = Measure::usd;
    budget.limit = dollars->limit;
  } else {
    budget.limit = std::get<TokenCap>(*parsed).tokens;
  }
  if (!words.measure) return {};
  const bool is_usd = budget.measure == Measure::usd, wants_usd = *words.measure == Measure::usd;
  const bool is_requests = budget.measure == Measure::requests;
  if (is_usd != wants_usd || (is_requests && *words.measure != Measure::requests))
    return refusal(words.name, fmt::format("limit '{}' and measure '{}': one unit only", words.limit,
                                           name_of(*words.measure)));
  budget.measure = *words.measure;
  return {};
}

Result<void> read_period(const BudgetWords& words, Budget& budget) {
  if (words.reset_day) budget.period.reset_day = *words.reset_day;
  if (!words.zone.empty()) budget.period.zone = words.zone;
  if (words.period.empty()) return {};
  const auto kind = period_kind_named(words.period);
  if (kind && *kind != PeriodKind::rolling) {
    budget.period.kind = *kind;
    return {};
  }
  const auto window = parse_duration(words.period);
  if (window.has_error() || window.value() % 1min != 0ms)
    return refusal(words.name,
                   "period '" + words.period +
                       "': must be hour, day, week, month, total, or a window such as 24h or 30d");
  budget.period.kind = PeriodKind::rolling;
  budget.period.window = floor<minutes>(window.value());
  return {};
}

Result<void> read_scope(const BudgetWords& words, Budget& budget) {
  Scope& scope = budget.scope;
  const std::pair<std::string_view, std::optional<std::string>*> fields[] = {
      {"project", &scope.project}, {"sprint", &scope.sprint}, {"task", &scope.task},
      {"agent", &scope.agent},     {"model", &scope.model},   {"role", &scope.role}};
  constexpr std::string_view kLabel = "label.";
  for (const std::string& word : words.scope) {
    const auto equals = word.find('=');
    const std::string key = word.substr(0, equals);
    if (equals == std::string::npos || equals + 1 == word.size())
      return refusal(words.name, "scope '" + word + "': must be NAME=VALUE");
    const std::string value = key == "sprint" ? sprint_named(word.substr(equals + 1)) : word.substr(equals + 1);
    const auto* field =
        std::find_if(std::begin(fields), std::end(fields), [&](const auto& f) { return f.first == key; });
    bool is_new = false;
    if (field != std::end(fields)) {
      is_new = !field->second->has_value();
      *field->second = value;
    } else if (key.starts_with(kLabel) && key.size() > kLabel.size()) {
      is_new = scope.labels.emplace(key.substr(kLabel.size()), value).second;
    } else {
      return refusal(
          words.name,
          "scope '" + word + "': must begin with project, sprint, task, agent, model, role or label.NAME");
    }
    if (!is_new) return refusal(words.name, "scope: " + key + " is given twice");
  }
  return {};
}

}  // namespace

bool Scope::covers(const Attribution& whose) const {
  return may_cover(whose) && fits(model, whose.model);
}

bool Scope::may_cover(const Attribution& whose) const {
  if (task && *task != whose.task_id && *task != whose.task_file) return false;
  for (const auto& [name, value] : labels) {
    const auto label = whose.labels.find(name);
    if (label == whose.labels.end() || label->second != value) return false;
  }
  return fits(project, whose.project) && fits(sprint, whose.sprint) && fits(agent, whose.agent) &&
         fits(role, whose.role) && (whose.model.empty() || fits(model, whose.model));
}

const std::vector<Threshold>& default_thresholds() {
  static const std::vector<Threshold> all = {{50, "half", "blue", "·"},
                                             {75, "warning", "yellow", "!"},
                                             {90, "high", "orange", "!!"},
                                             {95, "critical", "red", "!!!"},
                                             {100, "reached", "bright red", "X"}};
  return all;
}

Result<void> validate(const Budget& budget) {
  const auto is_control = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; };
  if (budget.name.empty() || budget.name.size() > kLongestName ||
      std::any_of(budget.name.begin(), budget.name.end(), is_control))
    return refusal(budget.name, "the name must have 1 to 100 bytes, none of them a control character");
  if (budget.limit <= 0)
    return refusal(budget.name, "the limit must be above 0; to lift a limit, remove the budget");
  if (budget.limit > (budget.measure == Measure::usd ? kHighestUsd : kMaxTokens))
    return refusal(budget.name, "the limit is too high");
  if (const auto rule = validate(budget.period); rule.has_error())
    return refusal(budget.name, rule.error().message);
  if (budget.thresholds.empty()) return refusal(budget.name, "no thresholds: give at least one, such as 100");
  int last = 0;
  for (const Threshold& threshold : budget.thresholds) {
    if (threshold.percent <= last || threshold.percent > kHighestPercent)
      return refusal(budget.name,
                     fmt::format("threshold {}: must be 1 to {} percent, each above the one before",
                                 threshold.percent, kHighestPercent));
    last = threshold.percent;
  }
  return {};
}

Result<Budget> budget_from(const BudgetWords& words) {
  Budget budget;
  budget.name = words.name;
  TS_CHECK(read_limit(words, budget));
  TS_CHECK(read_period(words, budget));
  TS_CHECK(read_scope(words, budget));
  if (!words.thresholds.empty()) {
    budget.thresholds.clear();
    std::vector<int> percents = words.thresholds;
    std::sort(percents.begin(), percents.end());
    for (const int percent : percents) budget.thresholds.push_back(threshold_for(percent));
  }
  TS_CHECK(validate(budget));
  return budget;
}

std::string describe_amount(std::int64_t amount, Measure measure) {
  switch (measure) {
    case Measure::usd:
      return dollars(amount);
    case Measure::requests:
      return with_commas(amount) + (amount == 1 ? " request" : " requests");
    default:
      return with_commas(amount) + " " + std::string(name_of(measure)) + " tokens";
  }
}

}  // namespace ts
