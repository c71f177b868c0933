#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "accounting/budget/period.hpp"
#include "accounting/budget/spend.hpp"

namespace ts {

/// Whose spending it is: what a run says about itself, and the model of the response.
struct Attribution {
  std::string project, sprint, task_id, task_file, agent, model, role;
  std::map<std::string, std::string, std::less<>> labels;
};

/// Which spending counts. Each field that is set must fit; none set: everything.
struct Scope {
  std::optional<std::string> project, sprint;
  std::optional<std::string> task;  ///< a task's id or its file
  std::optional<std::string> agent, model, role;
  std::map<std::string, std::string, std::less<>> labels;

  /// The one place that decides what counts against what.
  [[nodiscard]] bool covers(const Attribution& whose) const;
  /// The same before the run has named a model: what can't be known yet doesn't exclude.
  [[nodiscard]] bool may_cover(const Attribution& whose) const;
  friend bool operator==(const Scope&, const Scope&) = default;
};

/// Calls `visit(name, part)` for what a scope may say, its labels aside.
template <class AnyScope, class Visit>
void for_each_part(AnyScope& scope, Visit&& visit) {
  visit("project", scope.project);
  visit("sprint", scope.sprint);
  visit("task", scope.task);
  visit("agent", scope.agent);
  visit("model", scope.model);
  visit("role", scope.role);
}

/// A share of the limit that is worth saying, and how it is shown: never by colour alone.
struct Threshold {
  int percent = 100;
  std::string name;    ///< "warning"
  std::string colour;  ///< "yellow"; empty: none
  std::string sign;    ///< "!"
  friend bool operator==(const Threshold&, const Threshold&) = default;
};

/// 50 half, 75 warning, 90 high, 95 critical, 100 reached.
[[nodiscard]] const std::vector<Threshold>& default_thresholds();

/// A limit on what may be spent, by whom, in which time.
struct Budget {
  std::string name;  ///< unique in a ledger
  Measure measure = Measure::fresh;
  std::int64_t limit = 0;  ///< tokens, requests or micro-USD
  PeriodRule period;
  Scope scope;
  std::vector<Threshold> thresholds = default_thresholds();  ///< ascending
  friend bool operator==(const Budget&, const Budget&) = default;
};

/// Errors: invalid_argument that names the budget and what is allowed. A limit of 0 or less is an error,
/// never "no limit".
[[nodiscard]] Result<void> validate(const Budget& budget);

/// A budget as a command or a configuration file words it. Absent or empty: not said.
struct BudgetWords {
  std::string name;
  std::string limit;               ///< "1.5M", "200k", "$50", "300 requests"
  std::optional<Measure> measure;  ///< absent: usd for "$…", requests for "… requests", else fresh
  std::string period;  ///< hour, day, week, month, total, or a rolling window: "24h", "30d"; empty: month
  std::optional<int> reset_day;
  std::string zone;
  std::vector<std::string>
      scope;  ///< "project=…", "sprint=…", "task=…", "agent=…", "model=…", "role=…", "label.NAME=…"
  std::vector<int> thresholds;  ///< percent; empty: the default ones
};

/// Errors: invalid_argument, ambiguous, too_large; the message names the budget and the words.
[[nodiscard]] Result<Budget> budget_from(const BudgetWords& words);

/// "1,500,000 fresh tokens", "$50.00", "300 requests".
[[nodiscard]] std::string describe_amount(std::int64_t amount, Measure measure);

}  // namespace ts
