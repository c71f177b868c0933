#include <fmt/format.h>

#include "accounting/base/ascii.hpp"
#include "accounting/base/text.hpp"
#include "accounting/budget/decimal.hpp"
#include "accounting/budget/prices.hpp"

namespace ts {
namespace {

constexpr std::int64_t kHighestRate = 1'000'000'000'000;  // $1,000,000 per million tokens, in pico-USD per token

std::vector<std::string_view> words_of(std::string_view line) {
  std::vector<std::string_view> words;
  line = line.substr(0, line.find('#'));
  while (true) {
    const std::size_t start = line.find_first_not_of(" \t\r");
    if (start == std::string_view::npos) return words;
    line.remove_prefix(start);
    const std::size_t end = std::min(line.find_first_of(" \t\r"), line.size());
    words.push_back(line.substr(0, end));
    line.remove_prefix(end);
  }
}

/// Reads one statement; `where` stands in every message.
class Statement {
 public:
  Statement(std::vector<std::string_view> words, std::string where) : words_(std::move(words)), where_(std::move(where)) {}

  Result<void> into(PriceList& list) {
    const std::string_view kind = words_.front();
    if (kind == "price") return price(list);
    if (kind == "alias") return alias(list);
    if (kind == "unpriced") return unpriced(list);
    return bad(kind, "unknown statement; one of price, alias, unpriced");
  }

 private:
  [[nodiscard]] Error bad(std::string_view what, std::string_view reason) const {
    return {Errc::invalid_argument, fmt::format("prices: {}: '{}': {}", where_, printable(what, 80), reason)};
  }

  Result<void> price(PriceList& list) {
    if (words_.size() < 3) return bad(words_.front(), "needs a provider and a model");
    PriceRow row;
    row.provider = ascii_lower(words_[1]);
    row.model = ascii_lower(words_[2]);
    row.where = where_;
    Rates* rates = &row.rates;
    for (std::size_t i = 3; i < words_.size(); i += 2) {
      if (i + 1 >= words_.size()) return bad(words_[i], "a value is missing");
      if (words_[i] == "over") {
        TS_CHECK(begin_tier(row, words_[i + 1]));
        rates = &row.long_rates;
      } else if (words_[i] == "from" || words_[i] == "until") {
        TS_CHECK(date(words_[i] == "from" ? row.from : row.until, words_[i + 1]));
      } else {
        TS_CHECK(rate(*rates, words_[i], words_[i + 1]));
      }
    }
    list.rows.push_back(std::move(row));
    return boost::system::in_place_value;
  }

  Result<void> begin_tier(PriceRow& row, std::string_view tokens) const {
    if (row.long_over) return bad("over", "a second long-context tier; one is understood");
    const auto value = parse_rate(tokens, 0);
    if (value.has_error() || *value > kMaxTokens) return bad(tokens, "not a number of tokens");
    row.long_over = *value;
    return boost::system::in_place_value;
  }

  Result<void> date(std::optional<UtcTime>& slot, std::string_view text) const {
    if (slot) return bad(text, "stated twice");
    const std::string full = text.size() == 10 ? fmt::format("{}T00:00:00Z", text) : std::string(text);
    const auto time = parse_rfc3339(full);
    if (time.has_error()) return bad(text, "not a date; write 2026-08-21 or 2026-08-21T12:00:00Z");
    slot = *time;
    return boost::system::in_place_value;
  }

  Result<void> rate(Rates& rates, std::string_view word, std::string_view text) const {
    for (const RateWord& part : kRateWords) {
      if (part.word != word) continue;
      auto& slot = rates.*part.rate;
      if (slot) return bad(word, "stated twice");
      if (text.starts_with('-')) return bad(text, fmt::format("the rate of {} is negative", word));
      const auto value = parse_rate(text, 6);
      if (value.has_error()) return bad(text, fmt::format("{}: {}", word, value.error().message));
      if (*value > kHighestRate) return bad(text, fmt::format("the rate of {} is above $1,000,000 per million tokens", word));
      slot = *value;
      return boost::system::in_place_value;
    }
    return bad(word, "unknown part; one of input, output, cache_read, cache_write, cache_write_1h, over, from, until");
  }

  Result<void> alias(PriceList& list) {
    if (words_.size() != 3) return bad(words_.front(), "needs another name and a model");
    if (!list.aliases.emplace(ascii_lower(words_[1]), ascii_lower(words_[2])).second) return bad(words_[1], "stated twice");
    return boost::system::in_place_value;
  }

  Result<void> unpriced(PriceList& list) {
    if (words_.size() != 2) return bad(words_.front(), "needs one model");
    list.unpriced.insert(ascii_lower(words_[1]));
    return boost::system::in_place_value;
  }

  std::vector<std::string_view> words_;
  std::string where_;
};

}  // namespace

Result<PriceList> parse_price_list(std::string_view text, std::string_view origin) {
  PriceList list;
  for (int number = 1; !text.empty(); ++number) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    auto words = words_of(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    if (words.empty()) continue;
    TS_CHECK(Statement(std::move(words), fmt::format("{}:{}", origin, number)).into(list));
  }
  return list;
}

}  // namespace ts
