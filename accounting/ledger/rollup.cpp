#include "accounting/ledger/rollup.hpp"

#include <algorithm>
#include <optional>

#include "accounting/ledger/budget_rows.hpp"

namespace ts::ledger {
namespace {

constexpr const char* kFacetColumns = "project, sprint, task, category, agent, role, host, outcome, waste";

/// A run's facet but for its number.
const std::string& facet_of_run() {
  static const std::string text = std::string("r.project, r.sprint, ") + kTaskOfRun + ", r.category, r.agent, r.role, r.host, r.outcome, " + kWasteOfRun;
  return text;
}
const std::string& number_of_facet() {
  static const std::string text =
      "(SELECT f.n FROM facets f WHERE (f.project, f.sprint, f.task, f.category, f.agent, f.role, f.host, f.outcome, f.waste) = (" + facet_of_run() + "))";
  return text;
}

struct SpendColumns {
  std::string list, values, negative, add, sums, nonzero;
  SpendColumns() {
    const Spend spend;
    fields_of(spend, [&](const char* name, const auto&) {
      const std::string n = name, comma = list.empty() ? "" : ", ";
      list += comma + n;
      values += comma + "u." + n;
      negative += comma + "-u." + n;
      add += comma + n + " = min(max(" + n + " + excluded." + n + ", -4000000000000000000), 4000000000000000000)";
      sums += comma + "sum(" + n + ")";
      nonzero += (nonzero.empty() ? "sum(" : " OR sum(") + n + ") <> 0";
    });
  }
};
const SpendColumns& columns() {
  static const SpendColumns made;
  return made;
}

enum class Sign { plus, minus };

/// The levels as a table `l`: the first two by waste, the others by facet.
constexpr const char* kLevels =
    "(SELECT 0 AS level, 86400000000 AS span UNION ALL SELECT 1, 3600000000 UNION ALL SELECT 2, 86400000000 UNION ALL SELECT 3, 3600000000) l";
constexpr const char* kPart = "CASE WHEN l.level >= 2 THEN f.n WHEN f.waste = 'failed' THEN 1 WHEN f.waste = 'duplicate' THEN 2 ELSE 0 END";
/// Of runs by their numbers, as a JSON array.
constexpr const char* kThese = "r.n IN (SELECT value FROM json_each(?))";

std::string start_of(const char* time) { return std::string(time) + " - ((" + time + " % l.span) + l.span) % l.span"; }

/// Adds to all levels what these runs have in `usage`, under their facets; of runs without a facet nothing.
std::string adding_usage(Sign sign, const std::string& which) {
  const SpendColumns& c = columns();
  return "INSERT INTO usage_sums (level, start, part, model, " + c.list + ") SELECT l.level, " + start_of("u.slot") + ", " + kPart + ", u.model, " +
         (sign == Sign::plus ? c.values : c.negative) + " FROM runs r CROSS JOIN facets f ON f.n = r.facet CROSS JOIN usage u ON u.run = r.n CROSS JOIN " +
         kLevels + " WHERE " + which + " ON CONFLICT (level, start, part, model) DO UPDATE SET " + c.add;
}

/// The same for the count of runs.
std::string adding_runs(Sign sign, const std::string& which) {
  return "INSERT INTO usage_sums (level, start, part, model, runs) SELECT l.level, " + start_of("r.started") + ", " + kPart + ", '', " +
         (sign == Sign::plus ? "1" : "-1") + " FROM runs r CROSS JOIN facets f ON f.n = r.facet CROSS JOIN " + kLevels + " WHERE " + which +
         " ON CONFLICT (level, start, part, model) DO UPDATE SET runs = runs + excluded.runs";
}

std::string json_of(const std::vector<long long>& runs) {
  std::string text = "[";
  for (const long long run : runs) text += (text.size() == 1 ? "" : ",") + std::to_string(run);
  return text + "]";
}

/// Gives the runs, which have ended, the facets that they have now, and brings the sums after. Those that are right already stay.
void place(Sql& sql, const std::vector<long long>& runs) {
  static const std::string changed = "SELECT r.n, r.facet IS NOT NULL FROM runs r WHERE " + std::string(kThese) +
                                     " AND r.ended IS NOT NULL AND r.facet IS NOT " + number_of_facet();
  static const std::string write = std::string("INSERT OR IGNORE INTO facets (") + kFacetColumns + ") SELECT DISTINCT " + facet_of_run() + " FROM runs r WHERE " + kThese;
  static const std::string less_usage = adding_usage(Sign::minus, kThese), less_runs = adding_runs(Sign::minus, kThese);
  static const std::string more_usage = adding_usage(Sign::plus, kThese), more_runs = adding_runs(Sign::plus, kThese);
  static const std::string set = "UPDATE runs AS r SET facet = " + number_of_facet() + " WHERE " + kThese;
  std::string these = json_of(runs);
  execute(sql, write, values(these));
  std::vector<long long> moved;
  long long n = 0;
  int was_in = 0, any_in = 0;
  for_each_row(sql, Select{changed, values(these), into(n, was_in)}, [&] {
    moved.push_back(n);
    any_in |= was_in;
  });
  if (moved.empty()) return;
  these = json_of(moved);
  if (any_in != 0) {
    execute(sql, less_usage, values(these));
    execute(sql, less_runs, values(these));
  }
  execute(sql, set, values(these));
  execute(sql, more_usage, values(these));
  execute(sql, more_runs, values(these));
}

/// Runs of the same tasks that completed after these, and are in the sums.
std::vector<long long> later_runs(Sql& sql, const std::vector<long long>& runs) {
  const auto by = [](const char* same) {
    return std::string("SELECT o.n FROM runs r JOIN runs o ON ") + same +
           " AND o.project = r.project AND o.outcome = 'completed' AND o.role = 'engineer' AND (o.ended, o.n) > (r.ended, r.n) WHERE " + kThese +
           " AND r.outcome = 'completed' AND r.role = 'engineer' AND o.facet IS NOT NULL";
  };
  static const std::string text = by("o.task_id = r.task_id AND o.task_id <> ''") + " UNION " +
                                  by("o.task_file = r.task_file AND o.task_file <> '' AND o.task_id = '' AND r.task_id = ''");
  const std::string these = json_of(runs);
  std::vector<long long> later;
  long long n = 0;
  for_each_row(sql, Select{text, values(these, these), into(n)}, [&] { later.push_back(n); });
  return later;
}

}  // namespace

void roll_up(Sql& sql, const std::vector<long long>& runs) {
  if (runs.empty()) return;
  place(sql, runs);
  if (const auto later = later_runs(sql, runs); !later.empty()) place(sql, later);
}

void roll_up_ended(Sql& sql) {
  std::vector<long long> ended;
  long long n = 0;
  // However many there are, nobody's end takes long.
  for_each_row(sql, Select{"SELECT n FROM runs INDEXED BY runs_no_facet WHERE facet IS NULL AND ended IS NOT NULL LIMIT 500", kNoParameters, into(n)},
               [&] { ended.push_back(n); });
  roll_up(sql, ended);
}

void roll_up_if_late(Sql& sql, long long run) {
  if (!later_runs(sql, {run}).empty()) roll_up(sql, {run});
}

void roll_changes(Sql& sql, long long run, const UsageCells& changes) {
  if (changes.empty()) return;
  std::optional<long long> facet;
  std::string waste;
  (void)first_row(sql, Select{"SELECT f.n, f.waste FROM runs r JOIN facets f ON f.n = r.facet WHERE r.n = ?", values(run), into(facet, waste)});
  if (!facet) return;
  static const std::string text = adding_text("usage_sums", {"level", "start", "part", "model"});
  const long long of_waste = waste == "failed" ? 1 : waste == "duplicate" ? 2 : 0;
  for (const auto& [cell, spend] : changes)
    for (const SumLevel level : {SumLevel::day_by_waste, SumLevel::hour_by_waste, SumLevel::day_by_facet, SumLevel::hour_by_facet}) {
      const bool by_day = level == SumLevel::day_by_waste || level == SumLevel::day_by_facet;
      const bool by_facet = level == SumLevel::day_by_facet || level == SumLevel::hour_by_facet;
      const UtcTime start = by_day ? UtcTime(std::chrono::floor<std::chrono::days>(cell.second)) : UtcTime(std::chrono::floor<std::chrono::hours>(cell.second));
      execute(sql, text, [&, &cell = cell, &spend = spend](auto&& visit) {
        visit("level", static_cast<int>(level));
        visit("start", start);
        visit("part", by_facet ? *facet : of_waste);
        visit("model", cell.first);
        fields_of(spend, visit);
      });
    }
}

void rebuild_rollups(Sql& sql) {
  execute(sql, "DELETE FROM usage_sums", kNoParameters);
  execute(sql, std::string("INSERT OR IGNORE INTO facets (") + kFacetColumns + ") SELECT DISTINCT " + facet_of_run() + " FROM runs r WHERE r.ended IS NOT NULL", kNoParameters);
  execute(sql, "UPDATE runs AS r SET facet = CASE WHEN ended IS NULL THEN NULL ELSE " + number_of_facet() + " END", kNoParameters);
  // One level after the other: its rows come in their own order, or nearly so.
  for (const char* level : {"l.level = 0", "l.level = 1", "l.level = 2", "l.level = 3"}) {
    execute(sql, adding_usage(Sign::plus, level), kNoParameters);
    execute(sql, adding_runs(Sign::plus, level), kNoParameters);
  }
}

std::vector<std::string> rollup_differences(Sql& sql) {
  const SpendColumns& c = columns();
  std::vector<std::string> differences;
  long long count = 0;
  std::string example;
  // Each level against the next finer one, the finest against the usage and the runs: one pass over each.
  const auto compare = [&](const char* what, SumLevel level, const std::string& finer) {
    const std::string is = "SELECT start, part, model, " + c.values + ", u.runs FROM usage_sums u WHERE level = " + std::to_string(static_cast<int>(level));
    (void)first_row(sql, Select{"SELECT count(*), coalesce(min(strftime('%Y-%m-%dT%H:%MZ', start / 1000000, 'unixepoch') || ' ' || model), '') FROM (SELECT start, model FROM (" +
                                    is + " UNION ALL " + finer + ") GROUP BY start, part, model HAVING " + c.nonzero + " OR sum(runs) <> 0)",
                                kNoParameters, into(count, example)});
    if (count > 0) differences.push_back(std::string("sums by ") + what + ": " + std::to_string(count) + " differ from the usage, such as of " + example);
  };
  const auto finer_sums = [&](SumLevel from, const char* span, const char* part) {
    return std::string("SELECT u.start - ((u.start % ") + span + ") + " + span + ") % " + span + ", " + part + ", u.model, " + c.negative +
           ", -u.runs FROM usage_sums u JOIN facets f ON f.n = u.part WHERE u.level = " + std::to_string(static_cast<int>(from));
  };
  const std::string of_rows =
      "SELECT u.slot - ((u.slot % 3600000000) + 3600000000) % 3600000000, r.facet, u.model, " + c.negative +
      ", 0 FROM usage u JOIN runs r ON r.n = u.run WHERE r.facet IS NOT NULL UNION ALL SELECT r.started - ((r.started % 3600000000) + 3600000000) % "
      "3600000000, r.facet, '', 0, 0, 0, 0, 0, 0, 0, 0, 0, -1 FROM runs r WHERE r.facet IS NOT NULL";
  constexpr const char* kWastePart = "CASE f.waste WHEN 'failed' THEN 1 WHEN 'duplicate' THEN 2 ELSE 0 END";
  compare("hour and facet", SumLevel::hour_by_facet, of_rows);
  compare("day and facet", SumLevel::day_by_facet, finer_sums(SumLevel::hour_by_facet, "86400000000", "u.part"));
  compare("hour", SumLevel::hour_by_waste, finer_sums(SumLevel::hour_by_facet, "3600000000", kWastePart));
  compare("day", SumLevel::day_by_waste, finer_sums(SumLevel::day_by_facet, "86400000000", kWastePart));
  return differences;
}

}  // namespace ts::ledger
