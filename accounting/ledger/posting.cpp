#include "accounting/ledger/posting.hpp"

#include <algorithm>

#include "accounting/ledger/sqlite_alerts.hpp"
#include "accounting/ledger/statements.hpp"

namespace ts::ledger {
namespace {

/// Thresholds of periods that ended longer ago are history: an import must not raise last year's alerts.
constexpr std::chrono::hours kAlertsLookBack{24};

constexpr std::int64_t kMostPico = 4'000'000'000'000'000'000;

std::int64_t clamped(Int128 pico) {
  return static_cast<std::int64_t>(std::clamp<Int128>(pico, -Int128{kMostPico}, Int128{kMostPico}));
}

}  // namespace

const PriceRow* Posting::price_row(const std::string& model, UtcTime at) {
  const bool same = last_price_ != nullptr && model == last_model_ && (!last_price_->from || *last_price_->from <= at) &&
                    (!last_price_->until || at < *last_price_->until);
  if (same) return last_price_;
  last_price_ = prices_().row(model, at);
  last_model_ = model;
  return last_price_;
}

Spend Posting::priced(const std::string& model, const ResponseState& state) {
  Spend spend{state.counts, state.requests, 0, 0};
  if (state.counts == TokenCounts{}) return spend;  // a run without usage doesn't even load the prices
  if (const PriceRow* row = price_row(model, state.at))
    spend.cost_pico = clamped(PriceBook::quote(*row, state.counts).amount.pico);
  else
    spend.unpriced = by_formula(state.counts, Formula::total);
  return spend;
}

void Posting::add(Source source, const std::optional<ResponseState>& before, const ResponseState& after) {
  const UtcTime slot = slot_of(after.at);
  Cells& cells = added_[source];
  if (before) {
    Spend& old = cells[{before->model, slot}];
    old = old - priced(before->model, *before);
  }
  cells[{after.model, slot}] += priced(after.model, after);
}

std::optional<Source> Posting::ruling_of(long long run) {
  std::optional<Source> ruling;
  std::string name;
  std::int64_t fresh = 0, highest = -1;
  // total() sums in floating point, which hostile counts can't overflow; it is exact up to 2⁵³.
  for_each_row(
      sql_,
      Select{std::string(
                 "SELECT source, CAST(min(total(input) + total(cache_write_5m) + total(cache_write_1h) + "
                 "total(output), 4e18) AS INTEGER) FROM source_usage WHERE run = ? GROUP BY source"),
             values(run), into(name, fresh)},
      [&] {
        const auto source = source_named(name);
        if (!source || fresh < highest || (fresh == highest && ruling && *source < *ruling)) return;
        ruling = source;
        highest = fresh;
      });
  return ruling;
}

Posting::Cells Posting::cells_of(const std::string& table_and_filter, long long run,
                                 std::optional<Source> source) {
  Cells cells;
  Cell cell;
  Spend spend;
  const auto columns = [&](auto&& visit) {
    visit("model", cell.first);
    visit("slot", cell.second);
    fields_of(spend, visit);
  };
  ColumnNames names;
  columns(names);
  const std::string name(source ? name_of(*source) : "");
  const auto parameters = [&](auto&& visit) {
    visit("run", run);
    if (source) visit("source", name);
  };
  for_each_row(sql_, Select{"SELECT " + names.list + " FROM " + table_and_filter, parameters, columns},
               [&] { cells[cell] = spend; });
  return cells;
}

Posting::Cells Posting::changes_between(const Cells& before, Cells after) {
  for (const auto& [cell, spend] : before) after[cell] = after[cell] - spend;
  std::erase_if(after, [](const auto& entry) { return entry.second == Spend{}; });
  return after;
}

bool Posting::write_added(long long run) {
  static const std::string text = adding_text("source_usage", {"run", "source", "model", "slot"});
  bool any = false;
  for (auto& [source, cells] : added_) {
    const std::string source_name(name_of(source));
    std::erase_if(cells, [](const auto& entry) { return entry.second == Spend{}; });
    for (const auto& [cell, spend] : cells) {
      any = true;
      execute(sql_, text, [&, &cell = cell, &spend = spend](auto&& visit) {
        visit("run", run);
        visit("source", source_name);
        visit("model", cell.first);
        visit("slot", cell.second);
        fields_of(spend, visit);
      });
    }
  }
  return any;
}

Posting::Cells Posting::newly_counted(long long run, Source ruling, const std::string& posted) {
  if (source_named(posted) == ruling) return added_[ruling];
  const std::string name(name_of(ruling));
  execute(sql_, "UPDATE runs SET posted_source = ? WHERE n = ?", values(name, run));
  return changes_between(cells_of("usage WHERE run = ?", run, std::nullopt),
                         cells_of("source_usage WHERE run = ? AND source = ?", run, ruling));
}

void Posting::post(long long run, const std::string& id, UtcTime now) {
  if (!write_added(run)) return;
  const auto ruling = ruling_of(run);
  std::string posted;
  std::optional<UtcTime> end;
  (void)first_row(
      sql_, Select{"SELECT posted_source, ended FROM runs WHERE n = ?", values(run), into(posted, end)});
  if (!ruling || end) return;  // after the end its totals stand
  apply(run, id, newly_counted(run, *ruling, posted), now);
}

void Posting::post_imported(long long run, const std::string& id, UtcTime now) {
  if (!write_added(run)) return;
  const auto ruling = ruling_of(run);
  std::string posted;
  (void)first_row(sql_, Select{"SELECT posted_source FROM runs WHERE n = ?", values(run), into(posted)});
  if (!ruling) return;
  const Cells changes = newly_counted(run, *ruling, posted);
  apply(run, id, changes, now);
  roll_changes(sql_, run, changes);
}

void Posting::recost(long long run, const std::string& id, const std::optional<RunEnd>& settled, UtcTime now) {
  std::map<Source, Cells> costs;
  ResponseRow row;
  ColumnNames names;
  fields_of(row, names);
  for_each_row(sql_, Select{"SELECT " + names.list + " FROM responses WHERE run = ?", values(run),
                            [&](auto&& visit) { fields_of(row, visit); }},
               [&] {
                 const Spend spend = priced(row.model, {row.model, row.counts, row.requests, row.at});
                 costs[row.source][{row.model, slot_of(row.at)}] += Spend{{}, 0, spend.cost_pico, spend.unpriced};
               });
  for (auto& [source, cells] : costs) {
    for (const auto& [cell, is] : cells_of("source_usage WHERE run = ? AND source = ?", run, source))
      cells[cell] = cells[cell] - Spend{{}, 0, is.cost_pico, is.unpriced};
    added_[source] = std::move(cells);
  }
  (void)write_added(run);
  if (settled) return settle(run, id, *settled);
  std::string posted;
  (void)first_row(sql_, Select{"SELECT posted_source FROM runs WHERE n = ?", values(run), into(posted)});
  const auto ruling = source_named(posted);
  if (!ruling) return;
  const Cells changes = added_[*ruling];
  apply(run, id, changes, now);
  roll_changes(sql_, run, changes);
}

void Posting::settle(long long run, const std::string& id, const RunEnd& end) {
  Cells should;
  if (end.ruling) should = cells_of("source_usage WHERE run = ? AND source = ?", run, end.ruling);
  std::map<std::string, Spend> missing;
  const auto say = [&](const std::string& model, const TokenCounts& counts, std::int64_t requests) {
    missing[model] += priced(model, {model, counts, requests, end.ended});
  };
  Spend by_model;
  for (const auto& [model, totals] : end.by_model) {
    say(model, totals.counts, totals.requests);
    by_model += Spend{totals.counts, totals.requests, 0, 0};
  }
  // What no model is named for.
  const TokenCounts rest = difference(end.totals.counts, by_model.counts);
  say("", rest, std::max<std::int64_t>(end.totals.requests - by_model.requests, 0));
  for (const auto& [cell, spend] : should) missing[cell.first] = missing[cell.first] - spend;
  for (auto& [model, spend] : missing) {
    // Where the counts agree, the responses' own prices are better than a price of the sum (long-context
    // tiers).
    if (spend.counts == TokenCounts{}) spend.cost_pico = spend.unpriced = 0;
    should[{model, slot_of(end.ended)}] += spend;
  }
  const Cells changes = changes_between(cells_of("usage WHERE run = ?", run, std::nullopt), std::move(should));
  apply(run, id, changes, end.ended);
  roll_changes(sql_, run, changes);
}

void Posting::apply(long long run, const std::string& id, const Cells& changes, UtcTime now) {
  static const std::string text = adding_text("usage", {"run", "model", "slot"});
  for (const auto& [cell, spend] : changes)
    execute(sql_, text, [&, &cell = cell, &spend = spend](auto&& visit) {
      visit("run", run);
      visit("model", cell.first);
      visit("slot", cell.second);
      fields_of(spend, visit);
    });
  if (changes.empty()) return;
  const std::vector<StoredBudget> budgets = load_budgets(sql_);
  if (budgets.empty()) return;
  run_ = run;
  id_ = id;
  now_ = now;
  const Attribution whose = attribution_of(sql_, run);
  for (const StoredBudget& budget : budgets) apply_to_budget(budget, changes, whose);
}

void Posting::apply_to_budget(const StoredBudget& budget, const Cells& changes, const Attribution& whose) {
  Attribution of_model = whose;
  std::map<UtcTime, Spend> by_bucket;
  std::map<UtcTime, UtcTime> slot_in;  // bucket → a slot of it
  Spend all;
  for (const auto& [cell, spend] : changes) {
    of_model.model = cell.first;
    if (!budget.budget.scope.covers(of_model)) continue;
    const UtcTime bucket = bucket_of(budget, cell.second);
    by_bucket[bucket] += spend;
    slot_in[bucket] = cell.second;
    all += spend;
  }
  if (by_bucket.empty()) return;
  for (const auto& [bucket, spend] : by_bucket) add_use(sql_, budget.n, bucket, spend);
  const std::int64_t amount = fine_amount_of(all, budget.budget.measure);
  execute(
      sql_,
      "UPDATE reservations SET remaining = max(0, min(granted, remaining - ?)) WHERE run = ? AND budget = ?",
      values(amount, run_, budget.n));
  if (budget.budget.period.kind == PeriodKind::rolling)
    return check_alerts(sql_, budget, AlertCause::spending, now_, id_);
  for (const auto& [bucket, slot] : slot_in) {
    const Period period = period_at(budget.budget.period, budget.zone, slot);
    if (!period.end || *period.end > now_ - kAlertsLookBack) check_alerts_in(sql_, budget, period, now_, id_);
  }
}

}  // namespace ts::ledger
