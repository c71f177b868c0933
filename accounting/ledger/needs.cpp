#include "accounting/ledger/needs.hpp"

#include "accounting/ledger/budget_rows.hpp"

namespace ts::ledger {
namespace {

constexpr std::int64_t kEnoughToGoBy = 10;  ///< an amount is judged by no less than its so-manieth part

/// The agent's last runs that spent something. Those whose cost is not known whole say nothing about dollars.
std::string past_text(bool priced) {
  return std::string("SELECT count(*), coalesce(sum(input), 0), coalesce(sum(cache_write_5m), 0), coalesce(sum(cache_write_1h), 0), "
                     "coalesce(sum(cache_read), 0), coalesce(sum(output), 0), coalesce(sum(requests), 0), coalesce(sum(cost), 0) FROM (SELECT * "
                     "FROM runs WHERE agent = ? AND input + output > 0 AND ended IS NOT NULL ORDER BY started DESC LIMIT 100)") +
         (priced ? " WHERE cost > 0 AND unpriced_models = ''" : "");
}

}  // namespace

const Needs::Past& Needs::past(Measure measure) {
  const bool priced = measure == Measure::usd || cap_.formula == Formula::usd;
  std::optional<Past>& past = priced ? priced_ : all_;
  if (past) return *past;
  Past found;
  TokenCounts& c = found.spent.counts;
  std::int64_t cost = 0;
  (void)first_row(sql_, Select{past_text(priced), values(agent_),
                               into(found.runs, c.input, c.cache_write_5m, c.cache_write_1h, c.cache_read, c.output, found.spent.requests, cost)});
  found.spent.cost_pico = fine(cost, Measure::usd);
  return past.emplace(found);
}

/// The rate between the cap's unit and a measure, if there is enough to judge an amount of `from` by.
std::optional<Exchange> Needs::rate(Measure measure, Measure from, std::int64_t amount) {
  const Past& before = past(measure);
  if (before.runs == 0 || amount_of(before.spent, from) < amount / kEnoughToGoBy) return std::nullopt;
  return Exchange{before.spent};
}

std::optional<std::int64_t> Needs::by(Measure measure) {
  if (is_certain(measure)) return certain_[static_cast<std::size_t>(measure)];
  if (!cap_.limit) return std::nullopt;
  const Measure own = measure_of(cap_.formula);
  const auto known = rate(measure, own, *cap_.limit);
  return known ? known->at_most(*cap_.limit, own, measure) : std::nullopt;
}

std::optional<std::int64_t> Needs::cap_within(std::int64_t room, Measure measure) {
  const Measure own = measure_of(cap_.formula);
  if (measure == own || is_certain(measure)) return room;
  // A run without a cap: what is left may be far more than was ever spent.
  const auto known = cap_.limit ? rate(measure, own, *cap_.limit) : rate(measure, measure, 0);
  return known ? known->at_least(std::max<std::int64_t>(room, 0), measure, own) : std::nullopt;
}

int Needs::runs_behind(Measure measure) { return is_certain(measure) || !by(measure) ? 0 : past(measure).runs; }

}  // namespace ts::ledger
