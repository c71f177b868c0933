#pragma once

#include <soci/into.h>
#include <soci/session.h>
#include <soci/statement.h>
#include <soci/use.h>

#include <concepts>
#include <deque>
#include <string>
#include <type_traits>

#include "accounting/budget/budget.hpp"
#include "accounting/ledger/alerts.hpp"
#include "accounting/ledger/history.hpp"
#include "accounting/ledger/records.hpp"
#include "accounting/ledger/text_list.hpp"

// Records ↔ rows. fields_of() names each field of a record once, in one order; ColumnNames, RowWriter and
// RowReader walk it.

namespace ts::ledger {

inline long long micros(UtcTime time) {
  return time.time_since_epoch().count();
}
inline UtcTime time_of(long long micros) {
  return UtcTime(std::chrono::microseconds(micros));
}

/// Absent: no source has that name.
[[nodiscard]] std::optional<Source> source_named(std::string_view name);

/// One value on its way into or out of SQLite.
struct Slot {
  std::string text;
  long long number = 0;
  soci::indicator state = soci::i_ok;
};

template <class T>
inline constexpr bool kIsNumber = std::integral<T> || std::same_as<T, UtcTime> || std::same_as<T, std::chrono::minutes>;
template <class T>
inline constexpr bool kIsNumber<std::optional<T>> = kIsNumber<T>;

void put(Slot& slot, const std::string& value);
void put(Slot& slot, const std::vector<std::string>& value);
void put(Slot& slot, Formula value);
void put(Slot& slot, Source value);
void put(Slot& slot, Outcome value);
void put(Slot& slot, Measure value);
void put(Slot& slot, PeriodKind value);
void put(Slot& slot, AlertEvent value);
void put(Slot& slot, const std::vector<int>& value);
void put(Slot& slot, const std::vector<Threshold>& value);
void put(Slot& slot, const std::map<std::string, std::string, std::less<>>& value);
inline void put(Slot& slot, UtcTime value) {
  slot.number = micros(value);
}
inline void put(Slot& slot, std::chrono::minutes value) {
  slot.number = value.count();
}
template <std::integral T>
void put(Slot& slot, T value) {
  slot.number = static_cast<long long>(value);
}
template <class T>
void put(Slot& slot, const std::optional<T>& value) {
  slot.state = value ? soci::i_ok : soci::i_null;
  if (value) put(slot, *value);
}

void get(const Slot& slot, std::string& value);
void get(const Slot& slot, std::vector<std::string>& value);
void get(const Slot& slot, Formula& value);
void get(const Slot& slot, Source& value);
void get(const Slot& slot, Outcome& value);
void get(const Slot& slot, Measure& value);
void get(const Slot& slot, PeriodKind& value);
void get(const Slot& slot, AlertEvent& value);
void get(const Slot& slot, std::vector<int>& value);
void get(const Slot& slot, std::vector<Threshold>& value);
void get(const Slot& slot, std::map<std::string, std::string, std::less<>>& value);
inline void get(const Slot& slot, UtcTime& value) {
  value = time_of(slot.number);
}
inline void get(const Slot& slot, std::chrono::minutes& value) {
  value = std::chrono::minutes(slot.number);
}
template <std::integral T>
void get(const Slot& slot, T& value) {
  value = static_cast<T>(slot.number);
}
template <class T>
void get(const Slot& slot, std::optional<T>& value) {
  value.reset();
  if (slot.state == soci::i_ok) get(slot, value.emplace());
}

/// The names of a record's columns: "a, b, c", "?, ?, ?", "a = ?, b = ?".
struct ColumnNames {
  std::string list, marks, assignments;
  template <class T>
  void operator()(const char* name, const T&) {
    const char* comma = list.empty() ? "" : ", ";
    list += std::string(comma) + name;
    marks += std::string(comma) + "?";
    assignments += std::string(comma) + name + " = ?";
  }
};

/// Binds a record's fields to a statement. Lifetime: must outlive the statement's execution.
class RowWriter {
 public:
  explicit RowWriter(soci::statement& statement) : statement_(statement) {}
  template <class T>
  void operator()(const char*, const T& value) {
    Slot& slot = slots_.emplace_back();
    put(slot, value);
    if constexpr (kIsNumber<T>)
      statement_.exchange(soci::use(slot.number, slot.state));
    else
      statement_.exchange(soci::use(slot.text, slot.state));
  }
  /// A visitor that gives the bound parameters new values, in the order in which they were bound.
  [[nodiscard]] auto again() {
    return [slot = slots_.begin()](const char*, const auto& value) mutable { put(*slot++, value); };
  }

 private:
  soci::statement& statement_;
  std::deque<Slot> slots_;
};

/// Receives the columns of a statement's rows: walk the fields once to bind, and once with take() for each
/// row.
class RowReader {
 public:
  explicit RowReader(soci::statement& statement) : statement_(statement) {}
  template <class T>
  void operator()(const char*, const T&) {
    Slot& slot = slots_.emplace_back();
    if constexpr (kIsNumber<T>)
      statement_.exchange(soci::into(slot.number, slot.state));
    else
      statement_.exchange(soci::into(slot.text, slot.state));
  }
  /// A visitor that assigns the current row to a record's fields, in the order in which they were bound.
  [[nodiscard]] auto take() {
    return [slot = slots_.begin()](const char*, auto& value) mutable { get(*slot++, value); };
  }

 private:
  soci::statement& statement_;
  std::deque<Slot> slots_;
};

/// Compiles a statement whose parameters and columns have been exchanged.
inline void prepare(soci::statement& statement, const std::string& text) {
  statement.alloc();
  statement.prepare(text);
  statement.define_and_bind();
}

inline constexpr const char* kCountNames[] = {"input",      "cache_write_5m", "cache_write_1h",
                                              "cache_read", "output",         "reasoning"};

/// `T` is Totals or const Totals, and so on below.
template <class T, class Visitor>
requires std::same_as<std::remove_const_t<T>, Totals>
void fields_of(T& totals, Visitor&& visit) {
  for (std::size_t i = 0; i < std::size(kCountNames); ++i)
    visit(kCountNames[i], totals.counts.*kTokenParts[i]);
  visit("requests", totals.requests);
}

template <class T, class Visitor>
requires std::same_as<std::remove_const_t<T>, Spend>
void fields_of(T& spend, Visitor&& visit) {
  for (std::size_t i = 0; i < std::size(kCountNames); ++i)
    visit(kCountNames[i], spend.counts.*kTokenParts[i]);
  visit("requests", spend.requests);
  visit("cost_pico", spend.cost_pico);
  visit("unpriced", spend.unpriced);
}

/// What of a run's start is told of past runs too. `T`: RunStart or PastRun.
template <class T, class Visitor>
void fields_of_task(T& run, Visitor&& visit) {
  visit("id", run.id.text);
  visit("task_id", run.task_id);
  visit("task_file", run.task_file);
  visit("task_title", run.task_title);
  visit("agent", run.agent);
  visit("role", run.role);
  visit("sprint", run.sprint);
  visit("category", run.category);
  visit("estimate_low", run.estimate.low);
  visit("estimate_high", run.estimate.high);
  visit("estimate_line", run.estimate.line);
  visit("cap_limit", run.cap.limit);
  visit("cap_formula", run.cap.formula);
  visit("started", run.started);
}

template <class T, class Visitor>
requires std::same_as<std::remove_const_t<T>, RunStart>
void fields_of(T& run, Visitor&& visit) {
  fields_of_task(run, visit);
  visit("argv", run.argv);
  visit("cwd", run.cwd);
  visit("run_dir", run.run_dir);
  visit("cap_source", run.cap.source);
  visit("on_cap", run.on_cap);
  visit("host", run.host);
  visit("pid", run.pid);
  visit("pid_start_ticks", run.pid_start_ticks);
  visit("boot_id", run.boot_id);
  visit("project", run.project);
  visit("parent_run", run.parent_run);
  visit("labels_json", run.labels_json);
}

/// What of a run's end stands in its own row; totals by source and model have tables of their own.
template <class T, class Visitor>
requires std::same_as<std::remove_const_t<T>, RunEnd>
void fields_of(T& end, Visitor&& visit) {
  visit("outcome", end.outcome);
  visit("ended", end.ended);
  visit("exit_code", end.exit_code);
  visit("exit_signal", end.exit_signal);
  visit("ruling", end.ruling);
  visit("cost", end.cost);
  visit("unpriced_models", end.unpriced_models);
  visit("lines", end.parse.lines);
  visit("events", end.parse.events);
  visit("ignored", end.parse.ignored);
  visit("malformed", end.parse.malformed);
  visit("bytes_dropped", end.parse.bytes_dropped);
  visit("agent_version", end.agent_version);
  visit("sessions", end.sessions);
  visit("receipt_json", end.receipt_json);
  fields_of(end.totals, visit);
}

template <class T, class Visitor>
requires std::same_as<std::remove_const_t<T>, ResponseRow>
void fields_of(T& row, Visitor&& visit) {
  visit("source", row.source);
  visit("response_id", row.response_id);
  visit("model", row.model);
  visit("session", row.session);
  visit("at", row.at);
  for (std::size_t i = 0; i < std::size(kCountNames); ++i) visit(kCountNames[i], row.counts.*kTokenParts[i]);
  visit("requests", row.requests);
}

template <class T, class Visitor>
requires std::same_as<std::remove_const_t<T>, Budget>
void fields_of(T& budget, Visitor&& visit) {
  visit("name", budget.name);
  visit("measure", budget.measure);
  visit("amount", budget.limit);
  visit("kind", budget.period.kind);
  visit("reset_day", budget.period.reset_day);
  visit("window_minutes", budget.period.window);
  visit("zone", budget.period.zone);
  for_each_part(budget.scope, visit);
  visit("labels", budget.scope.labels);
  visit("thresholds", budget.thresholds);
}

/// All but its number, which the ledger gives.
template <class T, class Visitor>
requires std::same_as<std::remove_const_t<T>, Alert>
void fields_of(T& alert, Visitor&& visit) {
  visit("event", alert.event);
  visit("budget", alert.budget);
  visit("measure", alert.measure);
  visit("period_start", alert.period.start);
  visit("period_end", alert.period.end);
  visit("percent", alert.percent);
  visit("level", alert.level);
  visit("skipped", alert.others);
  visit("used", alert.used);
  visit("amount", alert.limit);
  visit("at", alert.at);
  visit("run", alert.run);
  visit("text", alert.text);
}

}  // namespace ts::ledger
