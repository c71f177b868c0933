#include "accounting/budget/prices.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "accounting/base/text.hpp"
#include "accounting/budget/price_names.hpp"

namespace ts {
namespace {

constexpr UtcTime kEver = UtcTime::min();
constexpr UtcTime kForever = UtcTime::max();

UtcTime begin_of(const PriceRow& row) { return row.from.value_or(kEver); }
UtcTime end_of(const PriceRow& row) { return row.until.value_or(kForever); }

Error bad(const PriceRow& row, std::string_view reason) {
  return {Errc::invalid_argument, fmt::format("prices: {}: {}: {}", row.where, printable(row.model, 80), reason)};
}

bool negative(const Rates& rates) {
  for (auto part : {&Rates::input, &Rates::output, &Rates::cache_read, &Rates::cache_write_5m, &Rates::cache_write_1h})
    if ((rates.*part).value_or(0) < 0) return true;
  return false;
}

Result<void> check_row(const PriceRow& row) {
  if (row.model.empty()) return bad(row, "the model has no name");
  if (!row.rates.input || !row.rates.output) return bad(row, "both input and output need a rate");
  if (negative(row.rates) || negative(row.long_rates)) return bad(row, "a rate is negative");
  if (begin_of(row) >= end_of(row)) return bad(row, "it ends before it begins");
  if (row.long_over && *row.long_over <= 0) return bad(row, "the long-context tier must begin above 0 tokens");
  return boost::system::in_place_value;
}

/// Rows of one model in order of time must meet each other exactly.
Result<void> check_periods(const std::vector<PriceRow>& rows) {
  for (std::size_t i = 1; i < rows.size(); ++i) {
    const UtcTime end = end_of(rows[i - 1]);
    const UtcTime begin = begin_of(rows[i]);
    if (begin < end)
      return bad(rows[i], fmt::format("overlaps with {}; end that row with `until` where this one begins", rows[i - 1].where));
    if (begin > end)
      return bad(rows[i], fmt::format("leaves a gap after {}: no price from {} to {}", rows[i - 1].where, rfc3339(end),
                                      rfc3339(begin)));
  }
  return boost::system::in_place_value;
}

void sort_by_time(std::vector<PriceRow>& rows) {
  std::stable_sort(rows.begin(), rows.end(),
                   [](const PriceRow& a, const PriceRow& b) { return begin_of(a) < begin_of(b); });
}

/// What is left of `base` outside the period of `cut`.
std::vector<PriceRow> outside(const PriceRow& base, const PriceRow& cut) {
  std::vector<PriceRow> left;
  if (begin_of(cut) >= end_of(base) || end_of(cut) <= begin_of(base)) return {base};
  if (begin_of(base) < begin_of(cut)) {
    left.push_back(base);
    left.back().until = cut.from;
  }
  if (end_of(cut) < end_of(base)) {
    left.push_back(base);
    left.back().from = cut.until;
  }
  return left;
}

std::vector<PriceRow> overlay(std::vector<PriceRow> base, const std::vector<PriceRow>& top) {
  for (const PriceRow& cut : top) {
    std::vector<PriceRow> left;
    for (const PriceRow& row : base)
      for (PriceRow& piece : outside(row, cut)) left.push_back(std::move(piece));
    base = std::move(left);
  }
  base.insert(base.end(), top.begin(), top.end());
  sort_by_time(base);
  return base;
}

/// The rate of a part: of the tier, else of the base row.
struct Tier {
  const Rates* first;
  const Rates* second;
  [[nodiscard]] std::optional<std::int64_t> operator()(std::optional<std::int64_t> Rates::*part) const {
    return (first->*part) ? first->*part : second->*part;
  }
};

Tokens prompt_of(const TokenCounts& counts) {
  return saturating_add(saturating_add(counts.input, counts.cache_write()), counts.cache_read);
}

/// A cache part by its own rate, else by the other writing rate, else as plain input.
Int128 cached(Tokens tokens, std::optional<std::int64_t> own, std::int64_t input, bool& assumed) {
  if (tokens > 0 && !own) assumed = true;
  return static_cast<Int128>(tokens) * own.value_or(input);
}

Quote priced(const PriceRow& row, const TokenCounts& counts) {
  const bool long_context = row.long_over && prompt_of(counts) > *row.long_over;
  // A tier without a rate for a cache part must not fall back on the cheaper tier's: its own input rate is the bound.
  const bool own_input = long_context && row.long_rates.input.has_value();
  const Tier plain{long_context ? &row.long_rates : &row.rates, &row.rates};
  const Tier cache{plain.first, own_input ? plain.first : plain.second};
  const std::int64_t input = *plain(&Rates::input);
  const auto write = cache(&Rates::cache_write_5m);
  const auto write_1h = cache(&Rates::cache_write_1h);
  Quote quote;
  quote.amount.pico = static_cast<Int128>(counts.input) * input +
                      static_cast<Int128>(counts.output) * *plain(&Rates::output) +
                      cached(counts.cache_read, cache(&Rates::cache_read), input, quote.assumed) +
                      cached(counts.cache_write_5m, write, input, quote.assumed) +
                      cached(counts.cache_write_1h, write_1h ? write_1h : write, input, quote.assumed);
  return quote;
}

}  // namespace

MicroUsd ExactUsd::rounded() const {
  constexpr Int128 kUnit = 1'000'000;
  const Int128 size = pico < 0 ? -pico : pico;
  Int128 whole = size / kUnit;
  const Int128 rest = size % kUnit;
  if (rest * 2 > kUnit || (rest * 2 == kUnit && whole % 2 == 1)) ++whole;
  whole = std::min<Int128>(whole, std::numeric_limits<MicroUsd>::max());
  return static_cast<MicroUsd>(pico < 0 ? -whole : whole);
}

Result<PriceBook> PriceBook::from(PriceList list) {
  PriceBook book;
  for (PriceRow& row : list.rows) {
    TS_CHECK(check_row(row));
    book.models_[row.model].push_back(std::move(row));
  }
  for (auto& [model, rows] : book.models_) {
    sort_by_time(rows);
    TS_CHECK(check_periods(rows));
  }
  for (const auto& [alias, model] : list.aliases) {
    if (!book.models_.contains(model))
      return Error{Errc::invalid_argument, fmt::format("prices: alias {}: no model {}", printable(alias), printable(model))};
    if (book.models_.contains(alias))
      return Error{Errc::invalid_argument, fmt::format("prices: alias {}: a model has that name", printable(alias))};
  }
  book.aliases_ = std::move(list.aliases);
  book.unpriced_ = std::move(list.unpriced);
  return book;
}

Result<PriceBook> PriceBook::with(PriceList overrides) const {
  // Under an alias the user means the model itself; a new alias may name a model of this book.
  for (PriceRow& row : overrides.rows)
    if (const auto alias = aliases_.find(row.model); alias != aliases_.end()) row.model = alias->second;
  auto aliases = std::exchange(overrides.aliases, {});
  TS_TRY(PriceBook top, from(std::move(overrides)));
  PriceList merged;
  for (const auto& [model, rows] : models_)
    if (!top.models_.contains(model)) merged.rows.insert(merged.rows.end(), rows.begin(), rows.end());
  for (const auto& [model, rows] : top.models_) {
    const auto base = models_.find(model);
    auto joined = overlay(base == models_.end() ? std::vector<PriceRow>() : base->second, rows);
    merged.rows.insert(merged.rows.end(), joined.begin(), joined.end());
  }
  merged.aliases = std::move(aliases);
  merged.aliases.insert(aliases_.begin(), aliases_.end());
  merged.unpriced = unpriced_;
  for (const auto& [model, rows] : top.models_) merged.unpriced.erase(model);
  merged.unpriced.insert(top.unpriced_.begin(), top.unpriced_.end());
  return from(std::move(merged));
}

const std::string* PriceBook::known(std::string_view name) const {
  if (const auto model = models_.find(name); model != models_.end()) return &model->first;
  const auto alias = aliases_.find(name);
  return alias == aliases_.end() ? nullptr : &alias->second;
}

std::optional<std::string> PriceBook::model_named(std::string_view name) const {
  if (models_.contains(name) && !unpriced_.contains(name)) return std::string(name);
  for (const std::string& candidate : price_name_candidates(name)) {
    if (unpriced_.contains(candidate)) return std::nullopt;
    if (const std::string* model = known(candidate)) return *model;
  }
  return std::nullopt;
}

const PriceRow* PriceBook::row(std::string_view model, UtcTime at) const {
  const auto name = model_named(model);
  if (!name) return nullptr;
  for (const PriceRow& candidate : models_.find(*name)->second)
    if (begin_of(candidate) <= at && at < end_of(candidate)) return &candidate;
  return nullptr;
}

std::optional<Quote> PriceBook::quote(std::string_view model, const TokenCounts& counts, UtcTime at) const {
  const PriceRow* found = row(model, at);
  if (found == nullptr) return std::nullopt;
  return priced(*found, counts);
}

Quote PriceBook::quote(const PriceRow& row, const TokenCounts& counts) { return priced(row, counts); }

std::optional<MicroUsd> PriceBook::cost(std::string_view model, const TokenCounts& counts, UtcTime at) const {
  const auto found = quote(model, counts, at);
  if (!found) return std::nullopt;
  return found->amount.rounded();
}

void CostSum::add(const PriceBook& book, std::string_view model, const TokenCounts& counts, UtcTime at) {
  replace(book, model, TokenCounts{}, counts, at);
}

void CostSum::replace(const PriceBook& book, std::string_view model, const TokenCounts& before, const TokenCounts& now,
                      UtcTime at) {
  if (now == TokenCounts{} && before == TokenCounts{}) return;
  const PriceRow* row = book.row(model, at);
  if (row == nullptr) {
    unpriced_.emplace(model);
    return;
  }
  const Quote quote = priced(*row, now);
  sum_ = sum_ + quote.amount - priced(*row, before).amount;
  priced_ = true;
  assumed_ = assumed_ || quote.assumed;
}

void CostSum::add(const CostSum& other) {
  sum_ = sum_ + other.sum_;
  priced_ = priced_ || other.priced_;
  assumed_ = assumed_ || other.assumed_;
  unpriced_.insert(other.unpriced_.begin(), other.unpriced_.end());
}

std::optional<MicroUsd> CostSum::total() const {
  if (!priced_) return std::nullopt;
  return sum_.rounded();
}

}  // namespace ts
