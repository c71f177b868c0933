#include "accounting/budget/meter.hpp"

#include <unordered_map>
#include <utility>

#include "accounting/budget/session_sums.hpp"

namespace ts {
namespace {

/// Different sessions that one source keeps apart; hostile output could name a new one on every line.
constexpr std::size_t kMaxSessions = 4096;

struct Hash {
  using is_transparent = void;
  std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
};

class MemoryIndex final : public ResponseIndex {
 public:
  std::optional<Entry> find(std::string_view key) override {
    const auto found = entries_.find(key);
    if (found == entries_.end()) return std::nullopt;
    return found->second;
  }
  void put(std::string_view key, const Entry& entry) override {
    const auto found = entries_.find(key);
    if (found != entries_.end()) {
      found->second = entry;
    } else {
      entries_.emplace(key, entry);
    }
  }

 private:
  std::unordered_map<std::string, Entry, Hash, std::equal_to<>> entries_;
};

void add_to(Totals& sum, const Totals& more) {
  sum.counts = sum.counts + more.counts;
  sum.requests = saturating_add(sum.requests, more.requests);
}

}  // namespace

std::unique_ptr<ResponseIndex> make_memory_index() { return std::make_unique<MemoryIndex>(); }

struct Meter::PerSource {
  std::unique_ptr<ResponseIndex> index;
  std::map<std::string, SessionSums, std::less<>> sessions;
  Totals totals;
  ModelTotals models;
  bool reported = false;

  SessionSums& session(std::string_view name) {
    if (const auto found = sessions.find(name); found != sessions.end()) return found->second;
    if (sessions.size() >= kMaxSessions) return sessions[""];
    return sessions[std::string(name)];
  }

  void sum_up() {
    totals = {};
    models.clear();
    for (const auto& [name, session] : sessions)
      for (const auto& [model, sum] : session.effective()) {
        add_to(totals, sum);
        add_to(models[model], sum);
      }
  }
};

Meter::Meter(IndexFactory factory) : factory_(std::move(factory)) {}

Meter::PerSource& Meter::source(Source source) {
  auto& slot = sources_[static_cast<std::size_t>(source)];
  if (!slot) {
    slot = std::make_shared<PerSource>();
    slot->index = factory_(source);
  }
  return *slot;
}

MeterChange Meter::add(Source from, const UsageEvent& event) {
  PerSource& source = this->source(from);
  source.reported = true;
  const auto before = source.index->find(event.response_id).value_or(ResponseIndex::Entry{});
  const ResponseIndex::Entry now{highest(before.counts, event.counts), std::max(before.requests, event.requests)};
  if (now.counts == before.counts && now.requests == before.requests) return {false, now.counts};
  source.index->put(event.response_id, now);

  const Totals growth{difference(now.counts, before.counts), now.requests - before.requests};
  SessionSums& session = source.session(event.session);
  session.add(event.model, growth);
  if (session.settled()) {
    const Totals old = source.totals;
    source.sum_up();
    return {!(source.totals == old), now.counts};
  }
  add_to(source.totals, growth);
  const auto model = source.models.find(event.model);
  add_to(model != source.models.end() ? model->second : source.models[std::string(event.model)], growth);
  return {true, now.counts};
}

void Meter::settle(Source from, const SettlementEvent& event) {
  PerSource& source = this->source(from);
  source.reported = true;
  if (source.session(event.session).settle(event)) source.sum_up();
}

void Meter::note_past(Source from, const UsageEvent& event) {
  PerSource& source = this->source(from);
  const auto before = source.index->find(event.response_id).value_or(ResponseIndex::Entry{});
  source.index->put(event.response_id, {highest(before.counts, event.counts), std::max(before.requests, event.requests)});
}

void Meter::note_past(Source from, const SettlementEvent& event) {
  PerSource& source = this->source(from);
  source.session(event.session).note_past(event);
  source.sum_up();
}

std::optional<Totals> Meter::of(Source source) const {
  const auto& slot = sources_[static_cast<std::size_t>(source)];
  if (!slot || !slot->reported) return std::nullopt;
  return slot->totals;
}

std::optional<Source> Meter::ruling() const {
  std::optional<Source> best;
  Tokens highest_fresh = 0;
  for (int i = 0; i < kSourceCount; ++i) {
    const auto candidate = static_cast<Source>(i);
    const auto totals = of(candidate);
    if (!totals) continue;
    const Tokens fresh = by_formula(totals->counts, Formula::fresh);
    if (!best || fresh >= highest_fresh) {
      best = candidate;
      highest_fresh = fresh;
    }
  }
  return best;
}

Totals Meter::totals() const {
  const auto source = ruling();
  return source ? of(*source).value_or(Totals{}) : Totals{};
}

const std::map<std::string, Totals, std::less<>>& Meter::models(Source source) const {
  static const ModelTotals kNone;
  const auto& slot = sources_[static_cast<std::size_t>(source)];
  return slot ? slot->models : kNone;
}

}  // namespace ts
