#include "accounting/import/reconcile.hpp"

#include <algorithm>
#include <map>
#include <unordered_map>

namespace ts {
namespace {

using SessionKey = std::pair<std::string, std::string>;   // agent, session

/// One response of all files.
struct Joined {
  std::size_t session = 0;
  Source source = Source::stream;
  std::string_view id;
  std::string_view model;
  TokenCounts counts;
  std::int64_t requests = 1;
  std::optional<UtcTime> at;
};

Totals operator+(Totals a, const Totals& b) {
  a.counts = a.counts + b.counts;
  a.requests += b.requests;
  return a;
}

class Reconciler {
 public:
  void add(const FileUsage& file) {
    // The ids of one agent and source are one namespace. Owners are the agent's: the first session that has an id owns it
    // in all sources.
    auto& known = known_[{file.agent, file.source}];
    auto& owners = owners_[file.agent];
    std::vector<std::size_t> sessions(file.names.size(), kNone);
    const auto session = [&](std::uint32_t name) {
      if (sessions[name] == kNone) sessions[name] = session_index({file.agent, file.names[name]});
      return sessions[name];
    };
    for (const FileResponse& response : file.responses) {
      const auto [place, fresh] = known.try_emplace(response.id, joined_.size());
      const std::string_view model = file.names[response.model];
      if (fresh) {
        const std::size_t owner = owners.try_emplace(response.id, session(response.session)).first->second;
        joined_.push_back({owner, file.source, response.id, model, response.counts, response.requests, response.at});
      } else {
        grow(joined_[place->second], response, model);
      }
    }
    for (const FileSettlement& settlement : file.settlements) {
      Meter& meter = meters_[session(settlement.session)];
      meter.settle(file.source, {settlement.id, file.names[settlement.session], file.names[settlement.model], settlement.counts});
    }
  }

  void finish(const ScanOptions& options, ScanResult& result) {
    feed_meters();
    for (std::size_t i = 0; i < keys_.size(); ++i) result.sessions.push_back(session_totals(i));
    drop_unnamed_echoes(result.sessions);
    std::vector<CostSum> costs(keys_.size());
    if (options.prices != nullptr) price(*options.prices, options.now, result.sessions, costs);
    CostSum cost;
    for (std::size_t i = 0; i < keys_.size(); ++i) sum_up(result, i, costs[i], cost);
    result.cost = cost.total();
    result.cost_assumed = cost.assumed();
    result.unpriced_models.assign(cost.unpriced_models().begin(), cost.unpriced_models().end());
    std::sort(result.sessions.begin(), result.sessions.end(), [](const SessionTotals& a, const SessionTotals& b) {
      return std::tie(a.agent, a.session) < std::tie(b.agent, b.session);
    });
  }

 private:
  static constexpr std::size_t kNone = static_cast<std::size_t>(-1);

  std::size_t session_index(SessionKey key) {
    const auto [place, fresh] = places_.try_emplace(key, keys_.size());
    if (fresh) {
      keys_.push_back(std::move(key));
      meters_.emplace_back();
    }
    return place->second;
  }

  static void grow(Joined& joined, const FileResponse& response, std::string_view model) {
    joined.counts = highest(joined.counts, response.counts);
    joined.requests = std::max(joined.requests, response.requests);
    if (joined.model.empty()) joined.model = model;
    if (!joined.at) joined.at = response.at;
  }

  void feed_meters() {
    spans_.resize(keys_.size());
    for (const Joined& joined : joined_) {
      UsageEvent event;
      event.response_id = joined.id;
      event.model = joined.model;
      event.session = keys_[joined.session].second;
      event.counts = joined.counts;
      event.at = joined.at;
      event.requests = joined.requests;
      meters_[joined.session].add(joined.source, event);
      if (!joined.at) continue;
      auto& [first, last] = spans_[joined.session];
      first = first ? std::min(*first, *joined.at) : *joined.at;
      last = last ? std::max(*last, *joined.at) : *joined.at;
    }
  }

  static std::optional<Source> ruling_of(const std::string& agent, const Meter& meter) {
    if (stream_holds_the_past(agent) && meter.of(Source::transcript)) return Source::transcript;
    return meter.ruling();
  }

  [[nodiscard]] SessionTotals session_totals(std::size_t i) const {
    SessionTotals session;
    session.agent = keys_[i].first;
    session.session = keys_[i].second;
    for (int s = 0; s < kSourceCount; ++s)
      session.by_source[static_cast<std::size_t>(s)] = meters_[i].of(static_cast<Source>(s));
    session.ruling = ruling_of(session.agent, meters_[i]);
    if (session.ruling) session.totals = *meters_[i].of(*session.ruling);
    session.first = spans_[i].first;
    session.last = spans_[i].second;
    return session;
  }

  /// A stream that doesn't say its session, beside named sessions of the same agent: most likely one of them. The higher
  /// of both counts, so that nothing hides and nothing counts twice.
  static void drop_unnamed_echoes(std::vector<SessionTotals>& sessions) {
    std::map<std::string_view, TokenCounts> named;
    for (const SessionTotals& session : sessions)
      if (!session.session.empty()) named[session.agent] = named[session.agent] + session.totals.counts;
    for (SessionTotals& session : sessions) {
      const auto others = named.find(session.agent);
      if (!session.session.empty() || session.ruling != Source::stream || others == named.end()) continue;
      const bool higher = by_formula(session.totals.counts, Formula::fresh) > by_formula(others->second, Formula::fresh);
      for (SessionTotals& other : sessions)
        if (other.agent == session.agent) other.counted = other.session.empty() == higher;
    }
  }

  /// Each response of a session's ruling source by itself (tiers), then what a settlement says beyond them.
  void price(const PriceBook& book, UtcTime now, const std::vector<SessionTotals>& sessions, std::vector<CostSum>& costs) const {
    std::vector<std::map<std::string_view, TokenCounts>> seen(keys_.size());
    std::map<std::string_view, std::string> plain;   // names are taken apart once
    for (const Joined& joined : joined_) {
      if (sessions[joined.session].ruling != joined.source) continue;
      const auto [name, fresh] = plain.try_emplace(joined.model);
      if (fresh) name->second = book.model_named(joined.model).value_or(std::string(joined.model));
      costs[joined.session].add(book, name->second, joined.counts, joined.at.value_or(now));
      auto& sum = seen[joined.session][joined.model];
      sum = sum + joined.counts;
    }
    for (std::size_t i = 0; i < keys_.size(); ++i) {
      if (!sessions[i].ruling) continue;
      for (const auto& [model, totals] : meters_[i].models(*sessions[i].ruling))
        costs[i].add(book, model, difference(totals.counts, seen[i][model]), sessions[i].last.value_or(now));
    }
  }

  void sum_up(ScanResult& result, std::size_t i, const CostSum& cost, CostSum& sum) const {
    const SessionTotals& session = result.sessions[i];
    for (std::size_t s = 0; s < kSourceCount; ++s)
      if (session.by_source[s]) result.by_source[s] = result.by_source[s].value_or(Totals()) + *session.by_source[s];
    if (!session.counted || !session.ruling) return;
    result.totals = result.totals + session.totals;
    for (const auto& [model, totals] : meters_[i].models(*session.ruling)) {
      Totals& of_model = result.by_model[model];
      of_model = of_model + totals;
    }
    sum.add(cost);
  }

  std::map<std::pair<std::string, Source>, std::unordered_map<std::string_view, std::size_t>> known_;
  std::map<std::string, std::unordered_map<std::string_view, std::size_t>> owners_;   // agent → id → session
  std::vector<Joined> joined_;
  std::map<SessionKey, std::size_t> places_;
  std::vector<SessionKey> keys_;
  std::vector<Meter> meters_;
  std::vector<std::pair<std::optional<UtcTime>, std::optional<UtcTime>>> spans_;
};

UtcTime first_time(const FileUsage& file) {
  for (const FileResponse& response : file.responses)
    if (response.at) return *response.at;
  return UtcTime::max();
}

/// What decides first: a stream never repeats another session's past; a copy of a past is longer than the past.
struct Precedence {
  bool transcript;
  UtcTime first;
  std::size_t responses;
  friend auto operator<=>(const Precedence&, const Precedence&) = default;
};

}  // namespace

bool comes_before(const FileUsage& a, const FileUsage& b) {
  const auto rank = [](const FileUsage& file) { return Precedence{file.source == Source::transcript, first_time(file), file.responses.size()}; };
  return rank(a) < rank(b);
}

std::vector<const FileUsage*> in_time_order(const std::vector<FileUsage>& files) {
  std::vector<std::pair<Precedence, const FileUsage*>> ranked;
  ranked.reserve(files.size());
  for (const FileUsage& file : files)
    ranked.push_back({{file.source == Source::transcript, first_time(file), file.responses.size()}, &file});
  std::stable_sort(ranked.begin(), ranked.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  std::vector<const FileUsage*> order;
  order.reserve(ranked.size());
  for (const auto& [precedence, file] : ranked) order.push_back(file);
  return order;
}

void reconcile(const std::vector<const FileUsage*>& files, const ScanOptions& options, ScanResult& result) {
  Reconciler reconciler;
  for (const FileUsage* file : files) reconciler.add(*file);
  reconciler.finish(options, result);
}

}  // namespace ts
