#include "accounting/ledger/budget_rows.hpp"

#include <charconv>

#include "accounting/ledger/statements.hpp"
#include "accounting/ledger/zones.hpp"

namespace ts::ledger {
namespace {

constexpr std::int64_t kPicoPerMicro = 1'000'000;

/// After a clock was put back, what it has dated ahead of now was spent all the same: a window must not forget it.
constexpr std::chrono::hours kClockMayJumpBack{24};

/// A budget in the shape of its row.
struct Row {
  long long n = 0;
  Budget budget;
  std::string measure, kind;
  std::int64_t window_minutes = 0;
  std::vector<std::string> labels, thresholds;
};

auto fields_of_budget(Row& row) {
  return [&row](auto&& visit) {
    Budget& b = row.budget;
    visit("name", b.name);
    visit("measure", row.measure);
    visit("amount", b.limit);
    visit("kind", row.kind);
    visit("reset_day", b.period.reset_day);
    visit("window_minutes", row.window_minutes);
    visit("zone", b.period.zone);
    visit("project", b.scope.project);
    visit("sprint", b.scope.sprint);
    visit("task", b.scope.task);
    visit("agent", b.scope.agent);
    visit("model", b.scope.model);
    visit("role", b.scope.role);
    visit("labels", row.labels);
    visit("thresholds", row.thresholds);
  };
}

Row row_from(const Budget& budget) {
  Row row;
  row.budget = budget;
  row.measure = name_of(budget.measure);
  row.kind = name_of(budget.period.kind);
  row.window_minutes = budget.period.window.count();
  for (const auto& [name, value] : budget.scope.labels) {
    row.labels.push_back(name);
    row.labels.push_back(value);
  }
  for (const Threshold& threshold : budget.thresholds)
    for (const std::string& part :
         {std::to_string(threshold.percent), threshold.name, threshold.colour, threshold.sign})
      row.thresholds.push_back(part);
  return row;
}

StoredBudget budget_from_row(const Row& row) {
  StoredBudget stored{row.n, row.budget, {}};
  Budget& b = stored.budget;
  b.measure = measure_named(row.measure).value_or(Measure::total);
  b.period.kind = period_kind_named(row.kind).value_or(PeriodKind::total);
  b.period.window = std::chrono::minutes(row.window_minutes);
  for (std::size_t i = 0; i + 1 < row.labels.size(); i += 2)
    b.scope.labels[row.labels[i]] = row.labels[i + 1];
  b.thresholds.clear();
  for (std::size_t i = 0; i + 3 < row.thresholds.size(); i += 4) {
    int percent = 0;
    const std::string& text = row.thresholds[i];
    std::from_chars(text.data(), text.data() + text.size(), percent);
    b.thresholds.push_back({percent, row.thresholds[i + 1], row.thresholds[i + 2], row.thresholds[i + 3]});
  }
  // A zone that this machine doesn't know must not stop the metering: UTC until it is installed; `doctor`
  // rebuilds.
  if (const auto zone = load_zone(b.period.zone); zone.has_value()) stored.zone = zone.value();
  return stored;
}

std::string spend_sums() {
  std::string text;
  const Spend spend;
  fields_of(spend, [&](const char* name, const auto&) {
    text += std::string(text.empty() ? "" : ", ") + "coalesce(sum(" + name + "), 0)";
  });
  return text;
}

}  // namespace

std::vector<StoredBudget> load_budgets(Sql& sql) {
  std::vector<StoredBudget> all;
  Row row;
  const auto columns = [&](auto&& visit) {
    visit("n", row.n);
    fields_of_budget(row)(visit);
  };
  ColumnNames names;
  columns(names);
  for_each_row(sql, Select{"SELECT " + names.list + " FROM budgets ORDER BY name", kNoParameters, columns},
               [&] { all.push_back(budget_from_row(row)); });
  return all;
}

long long store_budget(Sql& sql, const Budget& budget) {
  Row row = row_from(budget);
  ColumnNames names;
  fields_of_budget(row)(names);
  std::string update;
  fields_of_budget(row)([&](const char* name, const auto&) {
    update += std::string(update.empty() ? "" : ", ") + name + " = excluded." + name;
  });
  execute(sql,
          "INSERT INTO budgets (" + names.list + ") VALUES (" + names.marks +
              ") ON CONFLICT (name) DO UPDATE SET " + update,
          fields_of_budget(row));
  (void)first_row(sql, Select{"SELECT n FROM budgets WHERE name = ?", values(budget.name), into(row.n)});
  return row.n;
}

UtcTime bucket_of(const StoredBudget& budget, UtcTime slot) {
  if (budget.budget.period.kind == PeriodKind::rolling) return slot;
  return period_at(budget.budget.period, budget.zone, slot).start;
}

Spend spent_in(Sql& sql, const StoredBudget& budget, const Period& period) {
  Spend spend;
  const bool rolls = budget.budget.period.kind == PeriodKind::rolling && period.end;
  const UtcTime last = rolls ? *period.end + kClockMayJumpBack : period.start;
  (void)first_row(
      sql, Select{"SELECT " + spend_sums() + " FROM budget_use WHERE budget = ? AND bucket BETWEEN ? AND ?",
                  values(budget.n, period.start, last), [&](auto&& visit) { fields_of(spend, visit); }});
  return spend;
}

Spend usage_between(Sql& sql, const Period& period) {
  Spend spend;
  const UtcTime until = period.end.value_or(UtcTime::max());
  (void)first_row(sql, Select{"SELECT " + spend_sums() + " FROM usage WHERE slot >= ? AND slot < ?",
                              values(period.start, until), [&](auto&& visit) { fields_of(spend, visit); }});
  return spend;
}

std::map<UtcTime, Spend> recomputed_use(Sql& sql, const StoredBudget& budget) {
  std::map<UtcTime, Spend> use;
  long long run = 0, last_run = -1;
  UtcTime slot;
  Spend spend;
  Attribution whose;
  const auto columns = [&](auto&& visit) {
    visit("run", run);
    visit("model", whose.model);
    visit("slot", slot);
    fields_of(spend, visit);
  };
  ColumnNames names;
  columns(names);
  for_each_row(sql, Select{"SELECT " + names.list + " FROM usage ORDER BY run", kNoParameters, columns}, [&] {
    if (run != last_run) {
      const std::string model = whose.model;
      whose = attribution_of(sql, run);
      whose.model = model;
      last_run = run;
    }
    if (budget.budget.scope.covers(whose)) use[bucket_of(budget, slot)] += spend;
  });
  return use;
}

void rebuild_use(Sql& sql, const StoredBudget& budget) {
  execute(sql, "DELETE FROM budget_use WHERE budget = ?", values(budget.n));
  for (const auto& [bucket, spend] : recomputed_use(sql, budget)) add_use(sql, budget.n, bucket, spend);
}

void add_use(Sql& sql, long long budget, UtcTime bucket, const Spend& spend) {
  static const std::string text = adding_text("budget_use", {"budget", "bucket"});
  execute(sql, text, [&](auto&& visit) {
    visit("budget", budget);
    visit("bucket", bucket);
    fields_of(spend, visit);
  });
}

Attribution attribution_of(Sql& sql, long long run) {
  Attribution whose;
  std::string labels;
  (void)first_row(
      sql,
      Select{
          std::string(
              "SELECT project, sprint, task_id, task_file, agent, role, labels_json FROM runs WHERE n = ?"),
          values(run),
          into(whose.project, whose.sprint, whose.task_id, whose.task_file, whose.agent, whose.role,
               labels)});
  whose.labels = labels_from(sql, labels);
  return whose;
}

std::map<std::string, std::string, std::less<>> labels_from(Sql& sql, const std::string& json) {
  std::map<std::string, std::string, std::less<>> labels;
  if (json.empty()) return labels;
  std::string name, value;
  for_each_row(sql,
               Select{"SELECT CAST(key AS TEXT), CAST(value AS TEXT) FROM json_each(CASE WHEN "
                      "json_valid(?) THEN ? ELSE '{}' "
                      "END) WHERE value IS NOT NULL AND key IS NOT NULL",
                      values(json, json), into(name, value)},
               [&] { labels[name] = value; });
  return labels;
}

std::int64_t fine(std::int64_t amount, Measure measure) {
  return measure == Measure::usd ? std::min(amount, INT64_MAX / kPicoPerMicro) * kPicoPerMicro : amount;
}

std::int64_t fine_amount_of(const Spend& spend, Measure measure) {
  return measure == Measure::usd ? spend.cost_pico : amount_of(spend, measure);
}

std::int64_t reserved_of(Sql& sql, const StoredBudget& budget, UtcTime now) {
  std::int64_t remaining = 0;
  (void)first_row(
      sql,
      Select{std::string(
                 "SELECT coalesce(sum(remaining), 0) FROM reservations WHERE budget = ? AND expires > ?"),
             values(budget.n, now), into(remaining)});
  if (budget.budget.measure != Measure::usd) return remaining;
  return remaining / kPicoPerMicro + (remaining % kPicoPerMicro != 0 ? 1 : 0);
}

std::string adding_text(const std::string& table, const std::vector<std::string>& keys) {
  const Spend spend;
  std::string key_list, marks, columns, add;
  for (const std::string& key : keys) {
    key_list += (key_list.empty() ? "" : ", ") + key;
    marks += marks.empty() ? "?" : ", ?";
  }
  fields_of(spend, [&](const char* name, const auto&) {
    columns += std::string(", ") + name;
    marks += ", ?";
    // Far below where SQLite's integers end and turn into inexact numbers, far above any real sum.
    add += std::string(add.empty() ? "" : ", ") + name + " = min(max(" + name + " + excluded." + name +
           ", -4000000000000000000), 4000000000000000000)";
  });
  return "INSERT INTO " + table + " (" + key_list + columns + ") VALUES (" + marks + ") ON CONFLICT (" +
         key_list + ") DO UPDATE SET " + add;
}

}  // namespace ts::ledger
