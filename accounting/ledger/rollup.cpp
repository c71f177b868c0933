#include "accounting/ledger/rollup.hpp"

#include <algorithm>

#include "accounting/ledger/budget_rows.hpp"

namespace ts::ledger {
namespace {

#define TS_FLOOR_TO_HOUR(time) \
  "(" time " - ((" time " % 3600000000) + 3600000000) % 3600000000)"

/// A run's facet but for its number. `waste`: an outcome that isn't an end is none, and neither is what was brought in from
/// elsewhere; an engineer's run repeats an earlier one if that had completed the same task.
#define TS_DUPLICATE_OF(same)                                                                                     \
  "EXISTS (SELECT 1 FROM runs o WHERE " same                                                                      \
  " AND o.outcome = 'completed' AND o.role = 'engineer' AND o.project = r.project AND (o.ended, o.n) < (r.ended, " \
  "r.n))"
constexpr const char* kFacetOfRun =
    "r.project, r.sprint, CASE WHEN r.task_id <> '' THEN r.task_id ELSE r.task_file END, r.category, r.agent, r.role, "
    "r.host, r.outcome, CASE WHEN r.outcome IN ('running', 'imported') THEN '' WHEN r.outcome <> 'completed' THEN 'failed' "
    "WHEN r.role = 'engineer' AND ((r.task_id <> '' AND " TS_DUPLICATE_OF("o.task_id = r.task_id AND o.task_id <> ''") ") OR "
    "(r.task_id = '' AND r.task_file <> '' AND " TS_DUPLICATE_OF("o.task_file = r.task_file AND o.task_file <> '' AND o.task_id = ''")
    ")) THEN 'duplicate' ELSE '' END";
constexpr const char* kFacetColumns = "project, sprint, task, category, agent, role, host, outcome, waste";

struct SpendColumns {
  std::string list, values, negative, add, sums;
  SpendColumns() {
    const Spend spend;
    fields_of(spend, [&](const char* name, const auto&) {
      const std::string n = name, comma = list.empty() ? "" : ", ";
      list += comma + n;
      values += comma + "u." + n;
      negative += comma + "-u." + n;
      add += comma + n + " = min(max(" + n + " + excluded." + n + ", -4000000000000000000), 4000000000000000000)";
      sums += comma + "sum(u." + n + ")";
    });
  }
};
const SpendColumns& spend_columns() {
  static const SpendColumns columns;
  return columns;
}

constexpr const char* kHourOfSlot = TS_FLOOR_TO_HOUR("u.slot");
constexpr const char* kHourOfStart = TS_FLOOR_TO_HOUR("r.started");

enum class Sign { plus, minus };

/// Adds to both tables of sums what the rows of `usage` that fit `which` hold, under their runs' facets.
std::string adding_usage(const char* table, Sign sign, const std::string& which) {
  const SpendColumns& c = spend_columns();
  const bool facet = std::string_view(table) == "usage_by_facet";
  const std::string key = facet ? "facet" : "waste";
  return std::string("INSERT INTO ") + table + " (hour, " + key + ", model, " + c.list + ") SELECT " + kHourOfSlot + ", " +
         (facet ? "f.n" : "f.waste") + ", u.model, " + (sign == Sign::plus ? c.values : c.negative) +
         " FROM usage u JOIN runs r ON r.n = u.run JOIN facets f ON f.n = r.facet WHERE " + which + " ON CONFLICT (hour, " +
         key + ", model) DO UPDATE SET " + c.add;
}

/// The same for the count of runs.
std::string adding_runs(const char* table, Sign sign, const std::string& which) {
  const bool facet = std::string_view(table) == "usage_by_facet";
  const std::string key = facet ? "facet" : "waste";
  return std::string("INSERT INTO ") + table + " (hour, " + key + ", model, runs) SELECT " + kHourOfStart + ", " +
         (facet ? "f.n" : "f.waste") + ", '', " + (sign == Sign::plus ? "1" : "-1") +
         " FROM runs r JOIN facets f ON f.n = r.facet WHERE " + which + " ON CONFLICT (hour, " + key +
         ", model) DO UPDATE SET runs = runs + excluded.runs";
}

constexpr const char* kTables[] = {"usage_by_facet", "usage_by_hour"};

void add_run(Sql& sql, long long run, Sign sign) {
  struct Texts {
    std::string usage[2][2], runs[2][2];
    Texts() {
      for (int table = 0; table < 2; ++table)
        for (const Sign s : {Sign::plus, Sign::minus}) {
          usage[table][s == Sign::minus] = adding_usage(kTables[table], s, "r.n = ?");
          runs[table][s == Sign::minus] = adding_runs(kTables[table], s, "r.n = ?");
        }
    }
  };
  static const Texts texts;
  for (int table = 0; table < 2; ++table) {
    execute(sql, texts.usage[table][sign == Sign::minus], values(run));
    execute(sql, texts.runs[table][sign == Sign::minus], values(run));
  }
}

/// The number of the facet that a run has now. A new one is written.
long long facet_of(Sql& sql, long long run) {
  static const std::string write =
      std::string("INSERT OR IGNORE INTO facets (") + kFacetColumns + ") SELECT " + kFacetOfRun + " FROM runs r WHERE r.n = ?";
  static const std::string read = std::string("SELECT n FROM facets WHERE (") + kFacetColumns + ") = (SELECT " + kFacetOfRun +
                                  " FROM runs r WHERE r.n = ?)";
  long long facet = 0;
  if (first_row(sql, Select{read, values(run), into(facet)})) return facet;
  execute(sql, write, values(run));
  (void)first_row(sql, Select{read, values(run), into(facet)});
  return facet;
}

std::optional<long long> known_facet(Sql& sql, long long run) {
  std::optional<long long> facet;
  (void)first_row(sql, Select{"SELECT facet FROM runs WHERE n = ?", values(run), into(facet)});
  return facet;
}

void place(Sql& sql, long long run) {
  const auto before = known_facet(sql, run);
  const long long now = facet_of(sql, run);
  if (before == now) return;
  if (before) add_run(sql, run, Sign::minus);
  execute(sql, "UPDATE runs SET facet = ? WHERE n = ?", values(now, run));
  add_run(sql, run, Sign::plus);
}

std::vector<long long> later_runs_of_task(Sql& sql, long long run) {
  std::vector<long long> later;
  long long n = 0;
  const auto collect = [&](const char* same) {
    for_each_row(sql,
                 Select{std::string("SELECT o.n FROM runs r JOIN runs o ON ") + same +
                            " AND o.project = r.project AND o.outcome = 'completed' AND o.role = 'engineer' AND (o.ended, "
                            "o.n) > (r.ended, r.n) WHERE r.n = ? AND r.outcome = 'completed' AND r.role = 'engineer'",
                        values(run), into(n)},
                 [&] { later.push_back(n); });
  };
  collect("o.task_id = r.task_id AND o.task_id <> ''");
  collect("o.task_file = r.task_file AND o.task_file <> '' AND o.task_id = '' AND r.task_id = ''");
  return later;
}

}  // namespace

void roll_up(Sql& sql, long long run) {
  place(sql, run);
  for (const long long later : later_runs_of_task(sql, run)) place(sql, later);
}

void roll_changes(Sql& sql, long long run, const UsageCells& changes) {
  const auto facet = known_facet(sql, run);
  if (!facet) return;
  std::string waste;
  (void)first_row(sql, Select{"SELECT waste FROM facets WHERE n = ?", values(*facet), into(waste)});
  static const std::string by_facet = adding_text("usage_by_facet", {"hour", "facet", "model"});
  static const std::string by_hour = adding_text("usage_by_hour", {"hour", "waste", "model"});
  for (const auto& [cell, spend] : changes) {
    const UtcTime hour = std::chrono::floor<std::chrono::hours>(cell.second);
    const auto write = [&, &cell = cell, &spend = spend](const std::string& text, const auto& key) {
      execute(sql, text, [&](auto&& visit) {
        visit("hour", hour);
        visit("key", key);
        visit("model", cell.first);
        fields_of(spend, visit);
      });
    };
    write(by_facet, *facet);
    write(by_hour, waste);
  }
}

void rebuild_rollups(Sql& sql) {
  for (const char* table : kTables) execute(sql, std::string("DELETE FROM ") + table, kNoParameters);
  execute(sql,
          std::string("INSERT OR IGNORE INTO facets (") + kFacetColumns + ") SELECT DISTINCT " + kFacetOfRun +
              " FROM runs r WHERE r.ended IS NOT NULL",
          kNoParameters);
  execute(sql,
          std::string("UPDATE runs AS r SET facet = CASE WHEN ended IS NULL THEN NULL ELSE (SELECT f.n FROM facets f WHERE "
                      "(f.project, f.sprint, f.task, f.category, f.agent, f.role, f.host, f.outcome, f.waste) = (") +
              kFacetOfRun + ")) END",
          kNoParameters);
  for (const char* table : kTables) {
    execute(sql, adding_usage(table, Sign::plus, "true"), kNoParameters);
    execute(sql, adding_runs(table, Sign::plus, "true"), kNoParameters);
  }
}

std::vector<std::string> rollup_differences(Sql& sql) {
  const SpendColumns& c = spend_columns();
  std::vector<std::string> differences;
  long long count = 0;
  std::string example;
  const auto compare = [&](const char* what, const std::string& more, const std::string& less) {
    (void)first_row(sql, Select{"SELECT count(*), coalesce(min(hour || ' ' || model), '') FROM (" + more + " EXCEPT " + less + ")",
                                kNoParameters, into(count, example)});
    if (count > 0)
      differences.push_back(std::string(what) + ": " + std::to_string(count) + " hour(s) differ from the usage, such as " + example);
  };
  std::string nonzero;
  const Spend spend;
  fields_of(spend, [&](const char* name, const auto&) { nonzero += (nonzero.empty() ? "" : " OR ") + std::string("total(u.") + name + ") <> 0"; });
  for (const char* table : kTables) {
    const std::string key = std::string_view(table) == "usage_by_facet" ? "facet" : "waste";
    const std::string should = std::string("SELECT ") + kHourOfSlot + " AS hour, " + (key == "facet" ? "f.n" : "f.waste") +
                               " AS k, u.model AS model, " + c.sums +
                               " FROM usage u JOIN runs r ON r.n = u.run JOIN facets f ON f.n = r.facet GROUP BY 1, 2, 3 HAVING " + nonzero;
    const std::string is = "SELECT u.hour AS hour, u." + key + " AS k, u.model AS model, " + c.sums + " FROM " + table +
                           " u GROUP BY 1, 2, 3 HAVING " + nonzero;
    compare(table, should, is);
    compare(table, is, should);
  }
  return differences;
}

}  // namespace ts::ledger
