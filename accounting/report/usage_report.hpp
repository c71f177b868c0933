#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "accounting/ledger/reports.hpp"

// What `report`, `trend` and whoever shows usage read: values, and their forms as JSON, CSV and Markdown.

namespace ts::report {

enum class RowOrder {
  keys,    ///< as they come: by name, by time
  tokens,  ///< most fresh tokens first
  cost,    ///< dearest first
};

/// A breakdown of usage.
struct UsageReport {
  std::vector<ledger::Dimension> by;
  std::string zone;
  std::optional<UtcTime> since, until;
  std::vector<ledger::UsageRow> rows;
  std::size_t rest = 0;      ///< so many rows are added up in the last one, whose first key is kRest
  ledger::UsageRow total;    ///< of all rows; no keys
};

/// The first key of the row that holds what was not shown by itself.
inline constexpr const char* kRest = "(others)";

/// How a report is put together. Absent `top`: all rows.
struct ReportShape {
  std::optional<RowOrder> order = {};      ///< absent: by keys where a day or hour is asked for, else most tokens first
  std::optional<std::size_t> top = {};     ///< the first so many rows, the others in one
};

/// Errors: as Reports::usage().
[[nodiscard]] Result<UsageReport> usage_report(ledger::Reports& reports, const ledger::UsageQuery& query, const ReportShape& shape = {});

enum class Step { hour, day, week, month };
/// Absent: no step has that name.
[[nodiscard]] std::optional<Step> step_named(std::string_view name);
[[nodiscard]] std::string_view name_of(Step step);

/// Usage over time.
struct Trend {
  struct Point {
    std::string label;   ///< "2026-11-21 18:00", "2026-11-21", "2026-11-16" (the week's Monday), "2026-11"
    UtcTime start;
    ledger::UsageSum all, failed, duplicate;
  };
  Step step = Step::day;
  std::string zone;
  std::vector<Point> points;   ///< in order of time, none left out
  ledger::UsageRow total;
};

/// Which time a trend shows; weeks begin on Monday. Absent `since`: so many steps that end with `until`'s.
struct TrendQuery {
  Step step = Step::day;
  std::optional<UtcTime> since = {};   ///< its whole step is shown
  UtcTime until;                       ///< the last step is the one that this moment is in
  std::size_t steps = 30;
  Zone zone = {};
  std::vector<ledger::UsageFilter> only = {};
};

/// The most steps that a trend may have.
inline constexpr std::size_t kMostSteps = 10'000;

/// Errors: as Reports::usage(); too_large.
[[nodiscard]] Result<Trend> trend(ledger::Reports& reports, const TrendQuery& query);

/// One character a value, ▁ to █; values of 0 and below are ▁, and the highest is █.
[[nodiscard]] std::string sparkline(const std::vector<std::int64_t>& values);

/// The cost for people: "$1.84"; "unpriced" where nothing has a price; "$1.84 +?" where a part has none.
[[nodiscard]] std::string cost_text(const ledger::UsageSum& sum);
/// "93.4%"; "-" where nothing was read.
[[nodiscard]] std::string hit_text(const TokenCounts& counts);
/// What a key is called: "-" for what isn't said.
[[nodiscard]] std::string key_text(const std::string& key);

/// Numbers are exact, money is micro-USD and null where nothing has a price, times are RFC 3339 in UTC.
[[nodiscard]] std::string to_json(const UsageReport& report);
[[nodiscard]] std::string to_json(const Trend& trend);
/// RFC 4180 with a line of names, without a line of totals.
[[nodiscard]] std::string to_csv(const UsageReport& report);
[[nodiscard]] std::string to_csv(const Trend& trend);
/// A table as GitHub reads it, the total last.
[[nodiscard]] std::string to_markdown(const UsageReport& report);
[[nodiscard]] std::string to_markdown(const Trend& trend);

/// One value of a CSV line: quoted where it has to be, and never taken for a formula by a spreadsheet.
[[nodiscard]] std::string csv_cell(std::string_view text);

}  // namespace ts::report
