#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "accounting/base/result.hpp"
#include "accounting/budget/money.hpp"
#include "accounting/usage/counts.hpp"

namespace ts {

/// Prices of one token of each part. Units: pico-USD per token (= millionths of "$ per million tokens").
/// Absent: the price list doesn't state it.
struct Rates {
  std::optional<std::int64_t> input;
  std::optional<std::int64_t> output;
  std::optional<std::int64_t> cache_read;
  std::optional<std::int64_t> cache_write_5m;
  std::optional<std::int64_t> cache_write_1h;
  friend bool operator==(const Rates&, const Rates&) = default;
};

/// What a price list and the configuration call the rates.
struct RateWord {
  std::string_view word;
  std::optional<std::int64_t> Rates::*rate;
};
inline constexpr RateWord kRateWords[] = {{"input", &Rates::input},
                                          {"output", &Rates::output},
                                          {"cache_read", &Rates::cache_read},
                                          {"cache_write", &Rates::cache_write_5m},
                                          {"cache_write_1h", &Rates::cache_write_1h}};

/// What a model cost in one period. A response whose whole prompt (input, cache writes and reads) is longer than
/// `long_over` tokens is billed by `long_rates` in all its parts.
struct PriceRow {
  std::string provider;
  std::string model;                 ///< lower case
  std::optional<UtcTime> from;       ///< first moment; absent: since ever
  std::optional<UtcTime> until;      ///< first moment no more; absent: for ever
  Rates rates;                       ///< input and output are always there
  std::optional<Tokens> long_over;   ///< absent: one tier only
  Rates long_rates;                  ///< what it doesn't state is as in `rates`
  std::string where;                 ///< "builtin:12", "config.toml:40": for messages
};

/// Rows and other names for their models, as one file or one configuration states them.
struct PriceList {
  std::vector<PriceRow> rows;
  std::map<std::string, std::string, std::less<>> aliases;   ///< other name → model
  std::set<std::string, std::less<>> unpriced;               ///< names that must not be priced by what they resemble
};

/// Reads the project's own format, one statement a line (see price_table.inc). `origin` names it in messages.
/// Errors: invalid_argument with origin:line (unknown words, negative or unreadable rates, dates, doubled parts).
[[nodiscard]] Result<PriceList> parse_price_list(std::string_view text, std::string_view origin);

/// The price of one response.
struct Quote {
  ExactUsd amount;
  bool assumed = false;  ///< a cache part has no rate of its own and was billed as plain input: an upper bound for reads
};

/// All known prices, by model and time. Immutable; copies are cheap enough to hand on once a run.
class PriceBook {
 public:
  /// Knows nothing: every model is unpriced.
  PriceBook() = default;

  /// Errors: invalid_argument where rows of a model overlap, leave a gap, end before they begin, lack input or output,
  /// have a negative rate, or where an alias names no model or hides one.
  [[nodiscard]] static Result<PriceBook> from(PriceList list);

  /// This book with `overrides` on top: in its own period an override replaces what stood there; other periods stay.
  /// Errors: as from(), for the overrides alone and for the result.
  [[nodiscard]] Result<PriceBook> with(PriceList overrides) const;

  /// The price of ONE response at a time. Absent: unpriced (unknown model, or no price at that time); never $0 for it.
  [[nodiscard]] std::optional<Quote> quote(std::string_view model, const TokenCounts& counts, UtcTime at) const;

  /// The price of one response by the row that row() gave for its model and time.
  [[nodiscard]] static Quote quote(const PriceRow& row, const TokenCounts& counts);

  /// quote() rounded half-even to micro-USD. For sums use CostSum, which rounds once.
  [[nodiscard]] std::optional<MicroUsd> cost(std::string_view model, const TokenCounts& counts, UtcTime at) const;

  /// The row that prices `model` at a time. Absent: unpriced. Lifetime: the book's.
  [[nodiscard]] const PriceRow* row(std::string_view model, UtcTime at) const;

  /// The model that a name stands for: aliases, dates (`…-20250929`, `@20250929`), `[1m]`, provider and region prefixes
  /// (`anthropic/…`, `us.anthropic.…-v1:0`), any case. Absent: unknown.
  [[nodiscard]] std::optional<std::string> model_named(std::string_view name) const;

  /// All rows by model and time, for `--json` and `doctor`.
  [[nodiscard]] const std::map<std::string, std::vector<PriceRow>, std::less<>>& models() const { return models_; }

 private:
  [[nodiscard]] const std::string* known(std::string_view name) const;

  std::map<std::string, std::vector<PriceRow>, std::less<>> models_;  // each in order of time
  std::map<std::string, std::string, std::less<>> aliases_;
  std::set<std::string, std::less<>> unpriced_;
};

/// The table that is compiled in (price_table.inc).
[[nodiscard]] const PriceBook& builtin_prices();

/// The date of the compiled-in figures, "2026-08-21".
[[nodiscard]] std::string_view builtin_prices_date();

/// A sum over responses: exact, rounded once, with the models that have no price kept by name.
class CostSum {
 public:
  /// Adds one response.
  void add(const PriceBook& book, std::string_view model, const TokenCounts& counts, UtcTime at);
  /// Puts `now` in the place of `before` of the same response.
  void replace(const PriceBook& book, std::string_view model, const TokenCounts& before, const TokenCounts& now, UtcTime at);
  void add(const CostSum& other);

  /// Absent: no response was priced. What unpriced_models() used is not in it.
  [[nodiscard]] std::optional<MicroUsd> total() const;
  [[nodiscard]] const std::set<std::string, std::less<>>& unpriced_models() const { return unpriced_; }
  [[nodiscard]] bool assumed() const { return assumed_; }

 private:
  ExactUsd sum_;
  bool priced_ = false;
  bool assumed_ = false;
  std::set<std::string, std::less<>> unpriced_;
};

}  // namespace ts
