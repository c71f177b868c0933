#include "spawner/gateway/predict.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>

namespace ts::gateway {
namespace {

constexpr std::size_t kMostKnown = 4096;
constexpr double kLeastPerByte = 0.25;
constexpr double kMostPerByte = 1.0;
/// So little text says nothing about a ratio.
constexpr std::uint64_t kTellingWeight = 2000;
/// Source: the providers' pages on prompt caching (5 minutes by default, an hour if asked for).
constexpr std::chrono::minutes kCacheLife{5};
constexpr std::chrono::minutes kLongCacheLife{60};
constexpr Tokens kCacheBlock = 128;
/// Marks may stand before the end of a prompt, and providers cache in blocks: so much of the last prompt may be fresh once more.
constexpr Tokens kAnew = 1024;
constexpr Tokens kMostAnew = 8192;
constexpr Tokens kExactMargin = 128;

Tokens prompt_of(const TokenCounts& counts) { return saturating_add(saturating_add(counts.input, counts.cache_write()), counts.cache_read); }
Tokens fresh_of(const TokenCounts& counts) { return saturating_add(counts.input, counts.cache_write()); }

std::uint64_t mixed(std::uint64_t a, std::uint64_t b) { return (a ^ (b * 0x9e3779b97f4a7c15ULL)) * 0xbf58476d1ce4e5b9ULL; }
std::uint64_t conversation_key(const RequestFacts& facts, std::size_t turn) { return mixed(facts.turns[turn], facts.tools); }
/// The newest of those that begin alike, however they went on.
std::uint64_t opening_key(const RequestFacts& facts) { return mixed(facts.turns.front(), facts.tools + 1); }
std::uint64_t tools_key(const RequestFacts& facts) { return mixed(facts.tools, 2); }

}  // namespace

Prediction with_exact(ApiShape shape, Prediction prediction, Tokens prompt) {
  // Providers call their own count an estimate, "off by a small number".
  prompt = saturating_add(prompt, std::min<Tokens>(kExactMargin, 16 + prompt / 100));
  TokenCounts& counts = prediction.counts;
  counts.cache_read = std::min(counts.cache_read, prompt);
  (shape == ApiShape::anthropic_messages ? counts.cache_write_5m : counts.input) = prompt - counts.cache_read;
  return prediction;
}

Predictor::Predictor() : anew_(kAnew) {}

Tokens Predictor::tokens_of(std::uint64_t weight) const {
  return static_cast<Tokens>(std::ceil(std::min(static_cast<double>(weight) * per_byte_, static_cast<double>(kMaxTokens))));
}

const Predictor::Known* Predictor::find(const RequestFacts& facts, Basis& basis) const {
  basis = Basis::conversation;
  for (std::size_t i = facts.turns.size(); i-- > 0;)
    if (const auto found = known_.find(conversation_key(facts, i)); found != known_.end()) return &found->second;
  if (!facts.turns.empty())
    if (const auto found = known_.find(opening_key(facts)); found != known_.end() && found->second.turns <= facts.turns.size()) return &found->second;
  basis = Basis::same_tools;
  if (const auto found = known_.find(tools_key(facts)); found != known_.end()) return &found->second;
  basis = Basis::bytes;
  return nullptr;
}

Prediction Predictor::predict(ApiShape shape, const RequestFacts& facts, MonoTime now) const {
  Prediction out;
  const Known* base = find(facts, out.basis);
  Tokens prompt = saturating_add(tokens_of(facts.weight), margin_);
  Tokens cached = 0;
  if (base != nullptr) {
    const Tokens before = prompt_of(base->counts);
    prompt = saturating_add(saturating_add(before, tokens_of(facts.weight > base->weight ? facts.weight - base->weight : 0)), margin_);
    const bool fresh_enough = now - base->at < (base->counts.cache_write_1h > 0 ? kLongCacheLife : kCacheLife);
    const bool marks = base->counts.cache_read > 0 || base->counts.cache_write() > 0;
    if (fresh_enough && out.basis == Basis::same_tools) {
      cached = base->counts.cache_read;
    } else if (fresh_enough && marks) {
      // What the last response read or wrote is in the cache now; other providers cache whole blocks of all that they saw.
      cached = shape == ApiShape::anthropic_messages ? saturating_add(base->counts.cache_read, base->counts.cache_write())
                                                     : before / kCacheBlock * kCacheBlock;
    }
  }
  out.cached_at_most = std::min(cached, prompt);
  out.counts.cache_read = std::max<Tokens>(out.cached_at_most - anew_, 0);
  const Tokens rest = prompt - out.counts.cache_read;
  (shape == ApiShape::anthropic_messages ? out.counts.cache_write_5m : out.counts.input) = rest;
  return out;
}

void Predictor::put(std::uint64_t key, const Known& known) {
  if (known_.insert_or_assign(key, known).second) order_.push_back(key);
  while (order_.size() > kMostKnown) {
    known_.erase(order_.front());
    order_.pop_front();
  }
}

void Predictor::learn(const RequestFacts& facts, const Prediction& predicted, const TokenCounts& actual, MonoTime now) {
  if (prompt_of(actual) == 0) return;
  Basis basis = Basis::bytes;
  const Known* base = find(facts, basis);
  const Tokens guess = fresh_of(predicted.counts);
  const Tokens fact = fresh_of(actual);
  ++error_.predictions;
  error_.predicted = saturating_add(error_.predicted, guess);
  error_.actual = saturating_add(error_.actual, fact);
  if (fact > guess) {
    ++error_.times_short;
    error_.most_short = std::max(error_.most_short, fact - guess);
    // What of the cache was billed anew is learned apart from the text; a cache that was gone altogether teaches nothing.
    const Tokens anew = predicted.cached_at_most - actual.cache_read;
    if (actual.cache_read > 0 && anew > anew_) anew_ = std::min(anew + anew / 8, kMostAnew);
    margin_ = std::max(margin_, std::min<Tokens>(prompt_of(actual) - prompt_of(predicted.counts) + margin_, 4000));
  }
  const std::uint64_t before = basis == Basis::bytes ? 0 : base->weight;
  const Tokens tokens_before = basis == Basis::bytes ? 0 : prompt_of(base->counts);
  if (basis == Basis::bytes && facts.weight > kTellingWeight) {
    const double seen = static_cast<double>(prompt_of(actual)) / static_cast<double>(facts.weight);
    per_byte_ = std::clamp(seen * 1.2, kLeastPerByte, kMostPerByte);
  } else if (facts.weight > before + kTellingWeight) {
    const double seen = static_cast<double>(std::max<Tokens>(prompt_of(actual) - tokens_before, 0)) / static_cast<double>(facts.weight - before);
    per_byte_ = std::clamp(std::max(per_byte_, seen * 1.1), kLeastPerByte, kMostPerByte);
  }
  Known known{facts.weight, facts.turns.size(), actual, now};
  if (!facts.turns.empty()) {
    put(conversation_key(facts, facts.turns.size() - 1), known);
    put(opening_key(facts), known);
  }
  if (basis != Basis::conversation) put(tools_key(facts), known);
}

}  // namespace ts::gateway
