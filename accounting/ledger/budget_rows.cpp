#include "accounting/ledger/budget_rows.hpp"

#include "accounting/ledger/statements.hpp"
#include "accounting/ledger/zones.hpp"

namespace ts::ledger {
namespace {

constexpr std::int64_t kPicoPerMicro = 1'000'000;

/// After a clock was put back, what it has dated ahead of now was spent all the same: a window must not forget it.
constexpr std::chrono::hours kClockMayJumpBack{24};

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
  StoredBudget stored;
  const auto columns = [&](auto&& visit) {
    visit("n", stored.n);
    fields_of(stored.budget, visit);
  };
  ColumnNames names;
  columns(names);
  for_each_row(sql, Select{"SELECT " + names.list + " FROM budgets ORDER BY name", kNoParameters, columns}, [&] { all.push_back(stored); });
  // A zone that this machine doesn't know must not stop the metering: UTC until it is installed; `doctor`
  // rebuilds.
  for (StoredBudget& each : all)
    if (const auto zone = load_zone(each.budget.period.zone); zone.has_value()) each.zone = zone.value();
  return all;
}

long long store_budget(Sql& sql, const Budget& budget) {
  const auto fields = [&](auto&& visit) { fields_of(budget, visit); };
  ColumnNames names;
  fields(names);
  std::string update;
  fields([&](const char* name, const auto&) {
    update += std::string(update.empty() ? "" : ", ") + name + " = excluded." + name;
  });
  execute(sql,
          "INSERT INTO budgets (" + names.list + ") VALUES (" + names.marks +
              ") ON CONFLICT (name) DO UPDATE SET " + update,
          fields);
  long long n = 0;
  (void)first_row(sql, Select{"SELECT n FROM budgets WHERE name = ?", values(budget.name), into(n)});
  return n;
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
