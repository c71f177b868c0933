#include "accounting/ledger/needs.hpp"

#include "accounting/ledger/budget_rows.hpp"

namespace ts::ledger {
namespace {

/// The agent's runs among the newest so many; those whose cost is not known whole say nothing about dollars, so they are left out.
constexpr const char* kPast =
    "SELECT count(*), coalesce(sum(input), 0), coalesce(sum(cache_write_5m), 0), coalesce(sum(cache_write_1h), 0), "
    "coalesce(sum(cache_read), 0), coalesce(sum(output), 0), coalesce(sum(requests), 0), coalesce(sum(cost), 0) FROM "
    "(SELECT * FROM runs ORDER BY started DESC LIMIT 500) WHERE agent = ? AND ended IS NOT NULL AND cost > 0 "
    "AND unpriced_models = ''";

}  // namespace

const Needs::Past& Needs::past() {
  if (past_) return *past_;
  Past found;
  TokenCounts& c = found.spent.counts;
  std::int64_t cost = 0;
  (void)first_row(sql_, Select{kPast, values(agent_),
                               into(found.runs, c.input, c.cache_write_5m, c.cache_write_1h, c.cache_read, c.output, found.spent.requests, cost)});
  found.spent.cost_pico = fine(cost, Measure::usd);
  return past_.emplace(found);
}

std::optional<std::int64_t> Needs::by(Measure measure) {
  if (is_certain(measure)) return certain_[static_cast<std::size_t>(measure)];
  if (!cap_.limit || past().runs == 0) return std::nullopt;
  return Exchange{past().spent}.at_most(*cap_.limit, measure_of(cap_.formula), measure);
}

std::optional<std::int64_t> Needs::cap_within(std::int64_t room, Measure measure) {
  const Measure own = measure_of(cap_.formula);
  if (measure == own || is_certain(measure)) return room;
  if (past().runs == 0) return std::nullopt;
  return Exchange{past().spent}.at_least(room, measure, own);
}

int Needs::runs_behind(Measure measure) { return is_certain(measure) || !by(measure) ? 0 : past().runs; }

}  // namespace ts::ledger
