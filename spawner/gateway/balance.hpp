#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <variant>

#include "accounting/base/units.hpp"

namespace ts::gateway {

/// An answer within this limit is rarely cut: less is only granted to a request that is alone, and never where a person is to decide.
inline constexpr Tokens kComfortable = 8192;

/// What a request may come to, in the cap's unit (tokens by its formula, or micro-USD).
struct Ask {
  std::int64_t input_cost = 0;               ///< of the predicted input
  Tokens wanted_output = kMaxTokens;         ///< the request's own limit; kMaxTokens: none
  Tokens least_output = 1;                   ///< below this the request makes no sense
  std::int64_t million_output_cost = 1'000'000;  ///< of a million output tokens; 0: output costs nothing
};

/// The request may leave, with at most `output` tokens of output (kMaxTokens: no limit is needed).
struct Admit {
  std::uint64_t ticket = 0;
  Tokens output = kMaxTokens;
  std::int64_t reserved = 0;
  bool last = false;   ///< `output` is all that is left: an answer that reaches it has reached the cap
};
/// Not now: others are under way, and what they leave over of their reservations may be enough.
struct Wait {};
/// What is left is not enough, and nobody will give anything back.
struct Refuse {
  std::int64_t needed = 0;   ///< the least that the request would take
  std::int64_t left = 0;     ///< what is left of the cap
};
using Verdict = std::variant<Admit, Wait, Refuse>;

/// One balance for all requests of a run: what is left of the cap, less what requests under way may still take.
/// Pure: what is left comes as a parameter. Invariant: the reservations under way never add up to more than was left when each
/// was made, so the cap holds as long as no prediction is short.
class Balance {
 public:
  /// `left`: of the cap, by what was counted until now. Absent: no cap.
  [[nodiscard]] Verdict weigh(const Ask& ask, std::optional<std::int64_t> left);

  /// `cost` of the ticket's response stands in the counts (and so in `left`) by now; it only grows.
  void counted(std::uint64_t ticket, std::int64_t cost);
  /// Reserves `more` for a ticket. False: there is not so much left, nothing changed.
  [[nodiscard]] bool grow(std::uint64_t ticket, std::int64_t more, std::optional<std::int64_t> left);
  /// The ticket's request is over. `unconfirmed`: what the provider may have billed beyond what it said; it is never given out again.
  void settle(std::uint64_t ticket, std::int64_t unconfirmed);

  /// So much of what is left was promised to others, outside of here, and what they don't use comes back.
  void promise(std::int64_t leased) { leased_ = leased; }

  /// What may be given out now. Absent: no cap.
  [[nodiscard]] std::optional<std::int64_t> available(std::optional<std::int64_t> left) const;
  [[nodiscard]] std::size_t under_way() const { return tickets_.size(); }
  /// Reserved and not yet counted.
  [[nodiscard]] std::int64_t reserved() const { return outstanding_; }
  [[nodiscard]] std::int64_t unconfirmed() const { return unconfirmed_; }

 private:
  struct Ticket {
    std::int64_t reserved = 0;
    std::int64_t counted = 0;
    [[nodiscard]] std::int64_t outstanding() const { return reserved > counted ? reserved - counted : 0; }
  };
  Admit admit(const Ask& ask, Tokens output, Tokens most);

  std::map<std::uint64_t, Ticket> tickets_;
  std::int64_t outstanding_ = 0;
  std::int64_t unconfirmed_ = 0;
  std::int64_t leased_ = 0;
  std::uint64_t next_ = 1;
};

}  // namespace ts::gateway
