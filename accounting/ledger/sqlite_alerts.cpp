#include "accounting/ledger/sqlite_alerts.hpp"

#include <fmt/format.h>

#include <array>

#include "accounting/base/text.hpp"
#include "accounting/ledger/statements.hpp"

namespace ts::ledger {
namespace {

constexpr std::array<std::string_view, 4> kEventNames = {"raised", "recovered", "forecast", "rate"};

void insert_alert(Sql& sql, const Alert& alert) {
  const auto fields = [&](auto&& visit) { fields_of(alert, visit); };
  ColumnNames names;
  fields(names);
  execute(sql, "INSERT INTO alerts (" + names.list + ") VALUES (" + names.marks + ")", fields);
}

/// Which period an alert is once for. A rolling window has none: recovery arms it again.
UtcTime once_in(const StoredBudget& budget, const Period& period) {
  return budget.budget.period.kind == PeriodKind::rolling ? UtcTime{} : period.start;
}

std::set<int> standing_of(Sql& sql, const StoredBudget& budget, UtcTime once) {
  std::set<int> standing;
  int percent = 0;
  for_each_row(sql,
               Select{"SELECT percent FROM alerts_standing WHERE budget = ? AND period = ?",
                      values(budget.n, once), into(percent)},
               [&] { standing.insert(percent); });
  return standing;
}

std::string list_of(const std::vector<int>& percents) {
  std::string text;
  for (const int percent : percents) text += (text.empty() ? "" : ", ") + std::to_string(percent);
  return text;
}

/// What is to be looked at, and for whom.
struct Look {
  Period period;
  UtcTime now;
  std::string run;
};

Alert alert_about(const StoredBudget& budget, const Look& look, std::int64_t used) {
  Alert alert;
  alert.budget = budget.budget.name;
  alert.measure = budget.budget.measure;
  alert.period = look.period;
  alert.used = used;
  alert.limit = budget.budget.limit;
  alert.at = look.now;
  alert.run = look.run;
  return alert;
}

void raise(Sql& sql, const StoredBudget& budget, Alert alert, const AlertChange& change) {
  const Budget& b = budget.budget;
  alert.percent = change.raised->percent;
  alert.level = change.raised->name;
  alert.others = change.skipped;
  alert.text =
      fmt::format("budget '{}': {}: {} % of {} reached: {} spent, {}{}", printable(b.name), alert.level,
                  alert.percent, describe_amount(b.limit, b.measure), describe_amount(alert.used, b.measure),
                  period_label(b.period, budget.zone, alert.period),
                  change.skipped.empty() ? "" : " (passed at once: " + list_of(change.skipped) + " %)");
  const UtcTime once = once_in(budget, alert.period);
  std::vector<int> standing = change.skipped;
  standing.push_back(alert.percent);
  for (const int percent : standing)
    execute(sql, "INSERT OR IGNORE INTO alerts_standing (budget, period, percent) VALUES (?, ?, ?)",
            values(budget.n, once, percent));
  insert_alert(sql, alert);
}

void recover(Sql& sql, const StoredBudget& budget, Alert alert, const std::vector<Threshold>& gone) {
  const Budget& b = budget.budget;
  alert.event = AlertEvent::recovered;
  alert.percent = gone.back().percent;
  alert.level = gone.back().name;
  for (const Threshold& threshold : gone) {
    if (threshold.percent != alert.percent) alert.others.push_back(threshold.percent);
    execute(sql, "DELETE FROM alerts_standing WHERE budget = ? AND period = ? AND percent = ?",
            values(budget.n, once_in(budget, alert.period), threshold.percent));
  }
  alert.text =
      fmt::format("budget '{}': back below {} % of {}: {} spent, {}", printable(b.name), gone.front().percent,
                  describe_amount(b.limit, b.measure), describe_amount(alert.used, b.measure),
                  period_label(b.period, budget.zone, alert.period));
  insert_alert(sql, alert);
}

void check(Sql& sql, const StoredBudget& budget, AlertCause cause, const Look& look) {
  const std::int64_t used = amount_of(spent_in(sql, budget, look.period), budget.budget.measure);
  const std::set<int> standing = standing_of(sql, budget, once_in(budget, look.period));
  const AlertChange change = alert_change(budget.budget, used, standing);
  if (change.raised) raise(sql, budget, alert_about(budget, look, used), change);
  std::vector<Threshold> gone;
  if (cause == AlertCause::limit_changed)
    gone = change.recovered;
  else if (budget.budget.period.kind == PeriodKind::rolling)
    gone = alert_change(budget.budget, used + used / 10, standing).recovered;
  if (!gone.empty()) recover(sql, budget, alert_about(budget, look, used), gone);
}

}  // namespace

std::string_view name_of(AlertEvent event) {
  return kEventNames[static_cast<std::size_t>(event)];
}

std::optional<AlertEvent> alert_event_named(std::string_view name) {
  for (std::size_t i = 0; i < kEventNames.size(); ++i)
    if (kEventNames[i] == name) return static_cast<AlertEvent>(i);
  return std::nullopt;
}

void check_alerts(Sql& sql, const StoredBudget& budget, AlertCause cause, UtcTime now,
                  const std::string& run) {
  check(sql, budget, cause, {period_at(budget.budget.period, budget.zone, now), now, run});
}

void check_alerts_in(Sql& sql, const StoredBudget& budget, const Period& period, UtcTime now,
                     const std::string& run) {
  check(sql, budget, AlertCause::spending, {period, now, run});
}

void disarm_alerts(Sql& sql, long long budget) {
  execute(sql, "DELETE FROM alerts_standing WHERE budget = ?", values(budget));
}

Result<std::vector<Alert>> SqliteAlerts::list(const AlertFilter& filter) {
  std::vector<Alert> all;
  TS_CHECK(database_->read([&]() -> Result<void> {
    Alert alert;
    const auto columns = [&](auto&& visit) {
      visit("n", alert.n);
      fields_of(alert, visit);
    };
    ColumnNames names;
    columns(names);
    const std::string limit = filter.newest ? std::to_string(*filter.newest) : "-1";
    for_each_row(database_->sql(),
                 Select{"SELECT " + names.list +
                            " FROM alerts WHERE n > ? AND (? = '' OR budget = ?) AND (? = '' OR run = ?) "
                            "ORDER BY n DESC LIMIT " +
                            limit,
                        values(filter.after, filter.budget, filter.budget, filter.run, filter.run), columns},
                 [&] { all.push_back(alert); });
    return {};
  }));
  std::reverse(all.begin(), all.end());
  return all;
}

Result<void> SqliteAlerts::sweep(UtcTime now) {
  return database_->write(Durability::eventual, database_->patience(), [&]() -> Result<void> {
    for (const StoredBudget& budget : load_budgets(database_->sql()))
      check_alerts(database_->sql(), budget, AlertCause::spending, now, "");
    return {};
  });
}

Result<bool> SqliteAlerts::raise_once(const Alert& alert, const std::string& once,
                                      std::chrono::milliseconds wait) {
  bool raised = false;
  TS_CHECK(database_->write(Durability::eventual, wait, [&]() -> Result<void> {
    int known = 0;
    const std::string name = "once/" + std::string(name_of(alert.event)) + "/" + once;
    (void)first_row(database_->sql(),
                    Select{"SELECT count(*) FROM meta WHERE name = ?", values(name), into(known)});
    if (known != 0) return {};
    execute(database_->sql(), "INSERT INTO meta (name, value) VALUES (?, '')", values(name));
    insert_alert(database_->sql(), alert);
    raised = true;
    return {};
  }));
  return raised;
}

Result<std::vector<Delivery>> SqliteAlerts::take(const Take& take, UtcTime now) {
  std::vector<Delivery> taken;
  TS_CHECK(database_->write(Durability::eventual, database_->patience(), [&]() -> Result<void> {
    Alert alert;
    int attempts = 0;
    const auto columns = [&](auto&& visit) {
      visit("attempts", attempts);
      visit("n", alert.n);
      fields_of(alert, visit);
    };
    ColumnNames names;
    fields_of(alert, names);
    for_each_row(database_->sql(),
                 Select{"SELECT coalesce(d.attempts, 0), n, " + names.list +
                            " FROM alerts LEFT JOIN deliveries d ON d.alert = n AND d.sink = ? WHERE at >= ? "
                            "AND (d.state IS NULL OR "
                            "(d.state = 'pending' AND d.next_try <= ?)) ORDER BY n LIMIT " +
                            std::to_string(take.count),
                        values(take.sink, take.since, now), columns},
                 [&] { taken.push_back({alert, attempts + 1}); });
    const UtcTime until = now + take.lease;
    for (const Delivery& delivery : taken)
      execute(database_->sql(),
              "REPLACE INTO deliveries (alert, sink, state, attempts, next_try, detail) VALUES (?, ?, "
              "'pending', ?, ?, 'on its way')",
              values(delivery.alert.n, take.sink, delivery.attempt, until));
    return {};
  }));
  return taken;
}

Result<std::optional<UtcTime>> SqliteAlerts::next_due(const std::string& sink, UtcTime since) {
  std::optional<UtcTime> due;
  TS_CHECK(database_->read([&]() -> Result<void> {
    (void)first_row(
        database_->sql(),
        Select{"SELECT min(coalesce(d.next_try, at)) FROM alerts LEFT JOIN deliveries d ON d.alert = n AND d.sink = ? "
               "WHERE at >= ? AND (d.state IS NULL OR d.state = 'pending')",
               values(sink, since), into(due)});
    return {};
  }));
  return due;
}

Result<std::vector<DeliveryRecord>> SqliteAlerts::deliveries(const AlertFilter& filter) {
  std::vector<DeliveryRecord> all;
  TS_CHECK(database_->read([&]() -> Result<void> {
    DeliveryRecord record;
    for_each_row(database_->sql(),
                 Select{"SELECT d.alert, d.sink, d.state, d.attempts, d.next_try, d.detail FROM deliveries d JOIN alerts ON n = "
                        "d.alert WHERE n > ? AND (? = '' OR budget = ?) AND (? = '' OR run = ?) ORDER BY d.alert, d.sink",
                        values(filter.after, filter.budget, filter.budget, filter.run, filter.run),
                        into(record.alert, record.sink, record.state, record.attempts, record.next_try, record.detail)},
                 [&] { all.push_back(record); });
    return {};
  }));
  return all;
}

Result<void> SqliteAlerts::delivered(std::int64_t alert, const std::string& sink, const std::string& detail) {
  return database_->write(Durability::full, database_->patience(), [&]() -> Result<void> {
    execute(database_->sql(), "UPDATE deliveries SET state = 'done', detail = ? WHERE alert = ? AND sink = ?",
            values(detail, alert, sink));
    return {};
  });
}

Result<void> SqliteAlerts::failed(std::int64_t alert, const std::string& sink, const Failure& failure) {
  return database_->write(Durability::full, database_->patience(), [&]() -> Result<void> {
    const std::string state = failure.next_try ? "pending" : "failed";
    const UtcTime next = failure.next_try.value_or(UtcTime{});
    execute(database_->sql(),
            "UPDATE deliveries SET state = ?, next_try = ?, detail = ? WHERE alert = ? AND sink = ? AND "
            "state <> 'done'",
            values(state, next, failure.detail, alert, sink));
    return {};
  });
}

}  // namespace ts::ledger
