#include "accounting/budget/session_sums.hpp"

namespace ts {
namespace {

/// Models, and settlements of one model, that a session keeps apart; more (hostile output) are joined under "".
constexpr std::size_t kMaxModels = 256;

template <class Map>
auto& slot(Map& map, std::string_view name) {
  if (const auto found = map.find(name); found != map.end()) return found->second;
  return map[map.size() < kMaxModels ? std::string(name) : std::string()];
}

/// Where what the settlement leaves out is put: to the responses' greatest model.
std::string_view greatest(const ModelTotals& models) {
  std::string_view best;
  Tokens most = -1;
  for (const auto& [model, sum] : models)
    if (const Tokens total = by_formula(sum.counts, Formula::total); total > most) {
      most = total;
      best = model;
    }
  return best;
}

/// A settlement that gives cache writes as one number does not contradict responses that tell 5 minutes and 1 hour apart:
/// so much of it as the responses say is moved to the hour, before the two are compared.
void split_writes(ModelTotals& models, TokenCounts& settled, Tokens hour) {
  if (settled.cache_write_1h > 0) return;
  for (auto& [model, sum] : models) {
    const Tokens moved = std::min(sum.counts.cache_write_5m, hour - settled.cache_write_1h);
    sum.counts.cache_write_5m -= moved;
    sum.counts.cache_write_1h += moved;
    settled.cache_write_5m -= moved;
    settled.cache_write_1h += moved;
  }
}

}  // namespace

void SessionSums::add(std::string_view model, const Totals& growth) {
  Totals& sum = slot(responses_, model);
  sum.counts = sum.counts + growth.counts;
  sum.requests = saturating_add(sum.requests, growth.requests);
}

bool SessionSums::raise(Settlements& settlements, const SettlementEvent& event) {
  TokenCounts& counts = slot(slot(settlements, event.model), event.settlement_id);
  const TokenCounts before = counts;
  counts = highest(counts, event.counts);
  return !(counts == before);
}

bool SessionSums::settle(const SettlementEvent& event) { return raise(settlements_, event); }
void SessionSums::note_past(const SettlementEvent& event) { raise(past_, event); }

ModelTotals SessionSums::effective() const {
  if (!settled()) return responses_;
  ModelTotals result;
  TokenCounts settled;
  for (const auto& [model, settlements] : settlements_) {
    Totals& sum = result[model];
    const auto past = past_.find(model);
    for (const auto& [id, counts] : settlements) {
      TokenCounts fresh = counts;
      if (past != past_.end())
        if (const auto before = past->second.find(id); before != past->second.end()) fresh = difference(counts, before->second);
      sum.counts = sum.counts + fresh;
    }
    settled = settled + sum.counts;
  }
  TokenCounts responded;
  for (const auto& [model, sum] : responses_) {
    responded = responded + sum.counts;
    if (sum.requests > 0) result[model].requests = sum.requests;
  }
  split_writes(result, settled, responded.cache_write_1h);
  // Compared as wholes, not model by model: the two may name the same model differently.
  const TokenCounts missing = difference(responded, settled);
  if (!(missing == TokenCounts{})) {
    Totals& sum = result[std::string(greatest(responses_))];
    sum.counts = sum.counts + missing;
  }
  return result;
}

}  // namespace ts
