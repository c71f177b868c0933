#pragma once

#include <cstdint>
#include <deque>
#include <unordered_map>

#include "accounting/base/units.hpp"
#include "spawner/gateway/request_body.hpp"

namespace ts::gateway {

/// What a prediction was made from, best first.
enum class Basis { conversation, same_tools, bytes };

struct Prediction {
  TokenCounts counts;          ///< input only
  Basis basis = Basis::bytes;
  Tokens cached_at_most = 0;   ///< that the cache may hold of it; what may be billed anew of that is in `counts` as fresh
};

/// The prediction with the prompt's true size in it; what of it is cached stays a prediction.
[[nodiscard]] Prediction with_exact(ApiShape shape, Prediction prediction, Tokens prompt);

/// How good the predictions were. Units: fresh input tokens.
struct PredictionError {
  std::uint64_t predictions = 0;
  Tokens predicted = 0;
  Tokens actual = 0;
  std::uint64_t times_short = 0;
  Tokens most_short = 0;
};

/// Predicts the input of a request before it leaves: what the last response of the same conversation was billed, plus a bound on
/// what was added since. Learns from each response. Pure: time is a parameter. Memory: the last 4096 responses.
class Predictor {
 public:
  Predictor();
  [[nodiscard]] Prediction predict(ApiShape shape, const RequestFacts& facts, MonoTime now) const;
  /// The request's response was billed so.
  void learn(const RequestFacts& facts, const Prediction& predicted, const TokenCounts& actual, MonoTime now);
  [[nodiscard]] const PredictionError& error() const { return error_; }

 private:
  struct Known {
    std::uint64_t weight = 0;
    std::size_t turns = 0;
    TokenCounts counts;
    MonoTime at;
  };
  [[nodiscard]] const Known* find(const RequestFacts& facts, Basis& basis) const;
  [[nodiscard]] Tokens tokens_of(std::uint64_t weight) const;
  void put(std::uint64_t key, const Known& known);

  std::unordered_map<std::uint64_t, Known> known_;
  std::deque<std::uint64_t> order_;
  double per_byte_ = 0.34;  ///< tokens a byte of text: more than prose and code take
  Tokens margin_ = 64;
  Tokens anew_;             ///< so much of what the cache holds may be billed as fresh all the same
  PredictionError error_;
};

}  // namespace ts::gateway
