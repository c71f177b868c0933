#include "spawner/loop/metering.hpp"

#include <algorithm>

namespace ts::loop {
namespace {

constexpr std::size_t kMostNestedSessions = 100'000;

}  // namespace

/// Gives every event the source it came by.
class Metering::Sink final : public UsageSink {
 public:
  Sink(Metering& owner, Source source) : owner_(owner), source_(source) {}
  void on_usage(const UsageEvent& event) override {
    if (is_ours(event.session)) owner_.on_usage(source_, event);
  }
  void on_settlement(const SettlementEvent& event) override {
    if (is_ours(event.session)) owner_.on_settlement(source_, event);
  }
  void on_session(const SessionEvent& event) override {
    if (is_ours(event.session)) owner_.on_session_named(source_, event);
  }

 private:
  [[nodiscard]] bool is_ours(std::string_view session) const {
    return owner_.left_to_nested_.empty() || source_ == Source::gateway || !owner_.left_to_nested_.contains(session);
  }

  Metering& owner_;
  Source source_;
};

/// Sums up what each session had spent before the launch, as its agent's own total on stdout would give it.
class Metering::PastOfStdout final : public UsageSink {
 public:
  explicit PastOfStdout(Metering& owner) : owner_(owner) {}

  void on_usage(const UsageEvent& event) override {
    TokenCounts& known = responses_[std::string(event.response_id)];
    const TokenCounts now = highest(known, event.counts);
    const TokenCounts growth = difference(now, known);
    known = now;
    add(event.session, event.model, growth);
  }
  void on_inherited(const SettlementEvent& event) override { add(event.session, event.model, event.counts); }
  void on_settlement(const SettlementEvent&) override {}
  void on_session(const SessionEvent&) override {}

 private:
  /// Noted under the model and under none: Qwen Code's total names it, Codex' does not.
  void add(std::string_view session, std::string_view model, const TokenCounts& growth) {
    Models& models = sessions_[std::string(session)];
    note(session, {}, models[std::string()] = models[std::string()] + growth);
    if (!model.empty()) note(session, model, models[std::string(model)] = models[std::string(model)] + growth);
    owner_.changed_ = true;
  }
  void note(std::string_view session, std::string_view model, const TokenCounts& sum) {
    owner_.meter_.note_past(Source::stream, SettlementEvent{{}, session, model, sum});
  }

  using Models = std::map<std::string, TokenCounts, std::less<>>;
  Metering& owner_;
  std::map<std::string, TokenCounts, std::less<>> responses_;
  std::map<std::string, Models, std::less<>> sessions_;
};

Metering::Metering(MeteringSetup setup, capture::EventLog& log)
    : setup_(std::move(setup)), log_(log), meter_(setup_.index ? Meter(setup_.index) : Meter()) {
  for (Source source : {Source::stream, Source::transcript, Source::gateway})
    sinks_.push_back(std::make_unique<Sink>(*this, source));
  past_ = std::make_unique<PastOfStdout>(*this);
}

Metering::~Metering() = default;

UsageSink& Metering::past_of_stdout() { return *past_; }
UsageSink& Metering::sink(Source source) { return *sinks_[static_cast<std::size_t>(source)]; }

std::int64_t Metering::observed() const {
  std::int64_t within = 0;
  for (const auto& [run, spending] : nested_) within = saturating_add(within, spending.spent());
  if (setup_.formula == Formula::usd) return saturating_add(cost().value_or(0), within);
  // Each source could rule by another formula: nothing that was spent may hide, so the highest one counts.
  std::int64_t most = 0;
  for (Source source : {Source::stream, Source::transcript, Source::gateway})
    if (const auto totals = meter_.of(source)) most = std::max(most, by_formula(totals->counts, setup_.formula));
  return saturating_add(most, within);
}

void Metering::note_nested(std::string_view run, std::int64_t spent) {
  std::int64_t& told = nested_[std::string(run)].told;
  if (spent <= told) return;
  told = spent;
  changed_ = true;
}

void Metering::bill_nested(std::string_view run, std::int64_t cost) {
  std::int64_t& billed = nested_[std::string(run)].billed;
  billed = saturating_add(billed, cost);
  changed_ = true;
}

bool Metering::leave_to_nested(std::string_view session) {
  if (session.empty() || std::ranges::find(sessions_, session) != sessions_.end()) return false;
  if (left_to_nested_.contains(session)) return true;
  if (left_to_nested_.size() >= kMostNestedSessions) return false;
  left_to_nested_.emplace(session);
  return true;
}

std::int64_t Metering::cost_of(std::string_view model, const TokenCounts& counts) const {
  if (setup_.formula != Formula::usd) return by_formula(counts, setup_.formula);
  return setup_.price ? setup_.price(model, counts, setup_.now()).value_or(0) : 0;
}

std::optional<MicroUsd> Metering::cost(std::vector<std::string>* unpriced) const {
  const auto ruling = meter_.ruling();
  if (!ruling || !setup_.price) return std::nullopt;
  std::optional<MicroUsd> sum;
  const UtcTime now = setup_.now();
  for (const auto& [model, totals] : meter_.models(*ruling)) {
    if (const auto price = setup_.price(model, totals.counts, now)) {
      sum = sum.value_or(0) + *price;
    } else if (unpriced != nullptr && !(totals.counts == TokenCounts{})) {
      unpriced->push_back(model.empty() ? "(model not said)" : model);
    }
  }
  return sum;
}

void Metering::on_usage(Source source, const UsageEvent& event) {
  ++events_;
  const MeterChange change = meter_.add(source, event);
  if (!event.model.empty() && model_.empty()) model_ = event.model;
  if (!change.changed) return;
  changed_ = true;
  const UtcTime now = setup_.now();
  // What the agent printed stands in the raw stdout already; only what can't be read there again is logged.
  if (source != Source::stream) log_.usage(now, source, event, file_);
  std::string key = std::to_string(static_cast<int>(source));
  key.append(":").append(event.response_id);
  ledger::ResponseRow& row = rows_[std::move(key)];
  row.source = source;
  row.response_id = event.response_id;
  if (!event.model.empty()) row.model = event.model;
  if (!event.session.empty()) row.session = event.session;
  row.counts = change.response;
  row.requests = std::max(row.requests, event.requests);
  row.at = event.at.value_or(now);
}

void Metering::on_settlement(Source source, const SettlementEvent& event) {
  ++events_;
  meter_.settle(source, event);
  log_.settlement(setup_.now(), source, event);
  changed_ = true;
}

void Metering::on_session_named(Source source, const SessionEvent& event) {
  if (!event.version.empty() && version_.empty()) version_ = event.version;
  if (!event.model.empty() && model_.empty()) model_ = event.model;
  if (event.session.empty() || std::ranges::find(sessions_, event.session) != sessions_.end()) return;
  log_.session(setup_.now(), source, event);
  // What stdout names is the main session, even if a transcript was seen first.
  const auto at = source == Source::stream && !sessions_.empty() ? sessions_.begin() : sessions_.end();
  sessions_.insert(at, std::string{event.session});
  if (on_session) on_session(event.session, source);
}

std::vector<ledger::ResponseRow> Metering::take_rows() {
  std::vector<ledger::ResponseRow> out;
  out.reserve(rows_.size());
  for (auto& [key, row] : rows_) out.push_back(std::move(row));
  rows_.clear();
  return out;
}

void Metering::put_back(std::vector<ledger::ResponseRow>&& rows) {
  for (ledger::ResponseRow& row : rows) {
    std::string key = std::to_string(static_cast<int>(row.source)) + ":" + row.response_id;
    rows_.try_emplace(std::move(key), std::move(row));
  }
}

}  // namespace ts::loop
