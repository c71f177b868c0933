#include "accounting/ledger/sqlite_recosts.hpp"

#include <algorithm>
#include <map>

#include "accounting/ledger/posting.hpp"
#include "accounting/ledger/run_rows.hpp"

namespace ts::ledger {
namespace {

/// Runs of one transaction: others must not wait long for it.
constexpr int kRunsAtOnce = 50;

struct Cost {
  std::int64_t pico = 0;
  Tokens unpriced = 0;
  friend bool operator==(const Cost&, const Cost&) = default;
};
using Costs = std::map<std::string, Cost>;

struct Candidate {
  long long n = 0;
  std::string id;
};

Costs costs_of(Sql& sql, long long run) {
  Costs costs;
  std::string model;
  Spend spend;
  for_each_row(sql, Select{"SELECT model, cost_pico, unpriced FROM usage WHERE run = ?", values(run), into(model, spend.cost_pico, spend.unpriced)}, [&] {
    Spend sum{{}, 0, costs[model].pico, costs[model].unpriced};
    sum += spend;
    costs[model] = {sum.cost_pico, sum.unpriced};
  });
  return costs;
}

/// How a run has ended, as far as its usage follows from it. Absent: it hasn't, or its usage follows from its responses alone.
std::optional<RunEnd> settlement_of(Sql& sql, long long run) {
  RunEnd end;
  std::optional<UtcTime> ended;
  std::string name;
  Totals totals;
  const auto columns = [&](auto&& visit) {
    visit("outcome", end.outcome);
    visit("ended", ended);
    visit("ruling", end.ruling);
    fields_of(end.totals, visit);
  };
  ColumnNames names;
  columns(names);
  if (!first_row(sql, Select{"SELECT " + names.list + " FROM runs WHERE n = ?", values(run), columns}) || !ended) return std::nullopt;
  int imported = 0;
  if (first_row(sql, Select{"SELECT 1 FROM responses WHERE run = ? AND ids <> '' LIMIT 1", values(run), into(imported)})) return std::nullopt;
  end.ended = *ended;
  const auto of_model = [&](auto&& visit) {
    visit("model", name);
    fields_of(totals, visit);
  };
  ColumnNames model_names;
  of_model(model_names);
  for_each_row(sql, Select{"SELECT " + model_names.list + " FROM run_models WHERE run = ?", values(run), of_model}, [&] { end.by_model[name] = totals; });
  return end;
}

/// The cost in a run's own row, once it has ended.
void write_cost(Sql& sql, long long run, const Costs& costs) {
  Spend sum;
  std::vector<std::string> unpriced;
  for (const auto& [model, cost] : costs) {
    sum += Spend{{}, 0, cost.pico, cost.unpriced};
    if (cost.unpriced > 0) unpriced.push_back(model);
  }
  std::optional<MicroUsd> cost;
  if (sum.unpriced <= 0 || sum.cost_pico != 0) cost = ExactUsd{sum.cost_pico}.rounded();
  execute(sql, "UPDATE runs SET cost = ?, unpriced_models = ? WHERE n = ? AND ended IS NOT NULL", values(cost, unpriced, run));
}

class Recosting {
 public:
  Recosting(Sql& sql, const Posting::Prices& prices, UtcTime now) : sql_(sql), prices_(prices), now_(now) {}

  /// True: it costs something else now.
  bool price(const Candidate& run, RecostTally& tally) {
    ++tally.runs;
    const Costs before = costs_of(sql_, run.n);
    const auto end = settlement_of(sql_, run.n);
    Posting(sql_, prices_).recost(run.n, run.id, end, now_);
    const Costs after = costs_of(sql_, run.n);
    if (before == after) return false;
    ++tally.changed;
    write_cost(sql_, run.n, after);
    for (const auto& [model, cost] : after) {
      const auto was = before.find(model);
      const Cost old = was == before.end() ? Cost{} : was->second;
      if (old == cost) continue;
      tally.before = tally.before + ExactUsd{old.pico};
      tally.after = tally.after + ExactUsd{cost.pico};
      tally.unpriced_before = saturating_add(tally.unpriced_before, std::max<Tokens>(old.unpriced, 0));
      tally.unpriced_after = saturating_add(tally.unpriced_after, std::max<Tokens>(cost.unpriced, 0));
      changes_.push_back({run.n, model, old, cost});
    }
    return true;
  }

  void write_history(long long recost) {
    for (const Change& change : changes_)
      execute(sql_,
              "INSERT INTO cost_history (recost, run, model, old_cost_pico, old_unpriced, new_cost_pico, new_unpriced) VALUES (?, ?, ?, ?, ?, ?, ?)",
              values(recost, change.run, change.model, change.before.pico, change.before.unpriced, change.after.pico, change.after.unpriced));
  }

 private:
  struct Change {
    long long run = 0;
    std::string model;
    Cost before, after;
  };
  Sql& sql_;
  const Posting::Prices& prices_;
  UtcTime now_;
  std::vector<Change> changes_;
};

std::vector<Candidate> candidates(Sql& sql, const RecostRequest& request, long long after) {
  std::vector<Candidate> runs;
  Candidate run;
  const UtcTime since = request.since.value_or(UtcTime(std::chrono::microseconds(INT64_MIN)));
  for_each_row(sql,
               Select{"SELECT n, id FROM runs WHERE n > ? AND heartbeat >= ? ORDER BY n LIMIT " + std::to_string(kRunsAtOnce), values(after, since),
                      into(run.n, run.id)},
               [&] { runs.push_back(run); });
  return runs;
}

}  // namespace

Result<RecostTally> SqliteRecosts::recost(const RecostRequest& request, const std::string& prices, UtcTime now) {
  const Posting::Prices book = [this]() -> const PriceBook& { return options_.prices ? options_.prices() : builtin_prices(); };
  RecostTally tally;
  long long record = 0, last = 0;
  Sql& sql = database_->sql();
  for (bool more = true; more;) {
    RecostTally sum = tally;
    const auto work = [&]() -> Result<void> {
      const std::vector<Candidate> runs = candidates(sql, request, last);
      more = !runs.empty();
      Recosting recosting(sql, book, now);
      for (const Candidate& run : runs) {
        (void)recosting.price(run, sum);
        last = run.n;
      }
      if (sum.changed > tally.changed && request.keep == RecostRequest::Keep::yes) {
        if (record == 0) {
          execute(sql, "INSERT INTO recosts (at, prices, runs, changed) VALUES (?, ?, 0, 0)", values(now, prices));
          sql.session().get_last_insert_id("recosts", record);
        }
        execute(sql, "UPDATE recosts SET runs = ?, changed = ? WHERE n = ?", values(sum.runs, sum.changed, record));
        recosting.write_history(record);
      }
      // Nothing is kept of a transaction that ends in an error.
      if (request.keep == RecostRequest::Keep::no) return Error{Errc::refused, "only tried"};
      return {};
    };
    const auto done = database_->write(Durability::full, kPatience, work);
    if (done.has_error() && done.error().code != Errc::refused) return done.error();
    tally = sum;
  }
  return tally;
}

Result<std::vector<RecostRecord>> SqliteRecosts::list() {
  std::vector<RecostRecord> all;
  TS_CHECK(database_->read([&]() -> Result<void> {
    RecostRecord record;
    std::int64_t before = 0, before_rest = 0, after = 0, after_rest = 0;
    RecostTally& t = record.tally;
    for_each_row(database_->sql(),
                 Select{"SELECT r.n, r.at, r.prices, r.runs, r.changed, coalesce(sum(h.old_cost_pico / 1000000), 0), coalesce(sum(h.old_cost_pico % "
                        "1000000), 0), coalesce(sum(h.new_cost_pico / 1000000), 0), coalesce(sum(h.new_cost_pico % 1000000), 0), CAST(coalesce("
                        "total(h.old_unpriced), 0) AS INTEGER), CAST(coalesce(total(h.new_unpriced), 0) AS INTEGER) FROM recosts r LEFT JOIN cost_history h "
                        "ON h.recost = r.n GROUP BY r.n ORDER BY r.n",
                        kNoParameters,
                        into(record.n, record.at, record.prices, t.runs, t.changed, before, before_rest, after, after_rest, t.unpriced_before,
                             t.unpriced_after)},
                 [&] {
                   t.before.pico = Int128{before} * 1'000'000 + before_rest;
                   t.after.pico = Int128{after} * 1'000'000 + after_rest;
                   all.push_back(record);
                 });
    return {};
  }));
  return all;
}

Result<std::vector<CostChange>> SqliteRecosts::history(const std::string& run) {
  std::vector<CostChange> all;
  const auto read = database_->read([&]() -> Result<void> {
    TS_TRY(const RunRow row, run_row(database_->sql(), {run}));
    CostChange change;
    std::int64_t before = 0, after = 0;
    for_each_row(database_->sql(),
                 Select{"SELECT h.recost, r.at, h.model, h.old_cost_pico, h.old_unpriced, h.new_cost_pico, h.new_unpriced FROM cost_history h JOIN "
                        "recosts r ON r.n = h.recost WHERE h.run = ? ORDER BY h.recost, h.model",
                        values(row.n),
                        into(change.recost, change.at, change.model, before, change.unpriced_before, after, change.unpriced_after)},
                 [&] {
                   change.before.pico = before;
                   change.after.pico = after;
                   all.push_back(change);
                 });
    return {};
  });
  if (read.has_error()) return read.error();
  return all;
}

}  // namespace ts::ledger
