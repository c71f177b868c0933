#include "accounting/budget/prices.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "accounting/base/text.hpp"

namespace ts {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

UtcTime at(std::string_view text) { return parse_rfc3339(text).value(); }
const UtcTime kNow = at("2026-11-21T18:47:30Z");

TokenCounts counts(Tokens input, Tokens write_5m, Tokens write_1h, Tokens read, Tokens output) {
  TokenCounts c;
  c.input = input;
  c.cache_write_5m = write_5m;
  c.cache_write_1h = write_1h;
  c.cache_read = read;
  c.output = output;
  return c;
}

PriceBook book_of(std::string_view text) { return PriceBook::from(parse_price_list(text, "test").value()).value(); }

std::string error_of(std::string_view text) {
  auto list = parse_price_list(text, "test");
  if (list.has_error()) return list.error().message;
  auto book = PriceBook::from(std::move(*list));
  return book.has_error() ? book.error().message : "no error";
}

TEST(BuiltinPrices, GoldenVectorOfEveryRateKind) {
  struct Case {
    std::string_view model;
    TokenCounts counts;
    MicroUsd want;
  };
  const Case cases[] = {
      // A recorded run whose agent said $0.034293 itself.
      {"claude-sonnet-4-5-20250929", counts(16, 2100, 0, 46'800, 822), 34'293},
      {"claude-sonnet-4-5-20250929", counts(1'000'000, 0, 0, 0, 0), 3'000'000},
      {"claude-sonnet-4-5-20250929", counts(0, 1'000'000, 0, 0, 0), 3'750'000},
      {"claude-sonnet-4-5-20250929", counts(0, 0, 1'000'000, 0, 0), 6'000'000},
      {"claude-sonnet-4-5-20250929", counts(0, 0, 0, 1'000'000, 0), 300'000},
      {"claude-sonnet-4-5-20250929", counts(0, 0, 0, 0, 1'000'000), 15'000'000},
      {"claude-opus-4-1-20250805", counts(1000, 2000, 3000, 4000, 5000), 523'500},
      {"claude-haiku-4-5", counts(1, 0, 0, 0, 1), 6},
      {"gpt-5.4", counts(100'000, 0, 0, 172'000, 1000), 308'000},          // prompt of 272,000: not over
      {"gpt-5.4", counts(100'001, 0, 0, 172'000, 1000), 608'505},          // one more: all of it at the long rates
      {"gpt-5.6-sol", counts(100, 200, 0, 0, 10), 2'050},                  // one rate for cache writes
      {"gpt-5.6-sol", counts(100, 0, 200, 0, 10), 2'050},                  // … of any duration
      {"gpt-5.6-sol", counts(100'000, 200'000, 0, 0, 1000), 3'545'000},    // the long tier's own writing rate
      {"gpt-5.6-sol", counts(100'000, 0, 100'000, 72'001, 1000), 2'367'001},  // and its reading rate
      {"gemini-3.1-pro-preview", counts(200'000, 0, 0, 0, 1000), 412'000},
      {"gemini-3.1-pro-preview", counts(200'001, 0, 0, 0, 1000), 818'004},
      {"qwen3-coder-plus", counts(12'400, 0, 0, 0, 414), 14'470},
  };
  for (const Case& c : cases) EXPECT_EQ(builtin_prices().cost(c.model, c.counts, kNow), c.want) << c.model;
}

TEST(BuiltinPrices, EveryRowPricesBothWays) {
  EXPECT_EQ(builtin_prices().models().size(), 105U);
  for (const auto& [model, rows] : builtin_prices().models()) {
    EXPECT_GT(builtin_prices().cost(model, counts(1'000'000, 0, 0, 0, 0), kNow).value_or(0), 0) << model;
    EXPECT_GT(builtin_prices().cost(model, counts(0, 0, 0, 0, 1'000'000), kNow).value_or(0), 0) << model;
    EXPECT_EQ(builtin_prices().model_named(model), model);
  }
  EXPECT_EQ(builtin_prices_date(), "2026-08-21");
}

TEST(PriceNames, KnowsTheFormsOfOneModel) {
  for (std::string_view name :
       {"claude-sonnet-4-5", "claude-sonnet-4-5-20250929", "claude-sonnet-4-5-20250929[1m]", "claude-sonnet-4-5[1m]",
        "anthropic/claude-sonnet-4-5", "anthropic/claude-sonnet-4.5", "openrouter/anthropic/claude-sonnet-4.5",
        "us.anthropic.claude-sonnet-4-5-20250929-v1:0", "anthropic.claude-sonnet-4-5-20250929-v1:0",
        "global.anthropic.claude-sonnet-4-5-20250929-v1:0[1m]", "claude-sonnet-4-5@20250929", "claude-sonnet-4-5@default",
        "bedrock/eu.anthropic.claude-sonnet-4-5-20250929-v1:0", "Claude-Sonnet-4-5", "claude-sonnet-4-5-latest"})
    EXPECT_EQ(builtin_prices().model_named(name), "claude-sonnet-4-5") << name;
  EXPECT_EQ(builtin_prices().model_named("gpt-5-2025-08-07"), "gpt-5");
  EXPECT_EQ(builtin_prices().model_named("gpt-4.1-2025-04-14"), "gpt-4.1");
  EXPECT_EQ(builtin_prices().model_named("claude-sonnet-4-0"), "claude-sonnet-4");
  EXPECT_EQ(builtin_prices().model_named("claude-sonnet-4-20250514"), "claude-sonnet-4");
}

TEST(PriceNames, UnknownIsUnpricedNeverZero) {
  for (std::string_view name :
       {"", "claude", "claude-sonnet-4-5-fast", "gpt-5-something", "mycorp/claude-sonnet-4-5", "<synthetic>",
        "claude-sonnet-4-5:free", "gpt-4o-2024-05-13", "-20250929", "[1m]", "@", "us.", "anthropic/", "-v1:0"})
    EXPECT_EQ(builtin_prices().cost(name, counts(1, 0, 0, 0, 1), kNow), std::nullopt) << name;
  EXPECT_EQ(builtin_prices().cost(std::string(100'000, 'x'), counts(1, 0, 0, 0, 1), kNow), std::nullopt);
  EXPECT_EQ(PriceBook().cost("gpt-5", counts(1, 0, 0, 0, 1), kNow), std::nullopt);
}

TEST(PriceBook, APartWithoutARateIsBilledAsInputAndSaidSo) {
  const auto read = builtin_prices().quote("gemini-2.5-pro", counts(0, 0, 0, 1000, 0), kNow).value();
  EXPECT_EQ(read.amount.rounded(), 1250);
  EXPECT_TRUE(read.assumed);
  EXPECT_FALSE(builtin_prices().quote("gemini-2.5-pro", counts(1000, 0, 0, 0, 0), kNow)->assumed);
  EXPECT_FALSE(builtin_prices().quote("gpt-5.4", counts(0, 0, 0, 1000, 0), kNow)->assumed);
}

TEST(PriceBook, ATierWithoutACacheRateNeverUsesTheCheaperTiers) {
  const PriceBook book = book_of("price x m input 2 output 4 cache_read 0.5 over 100 input 3 output 6");
  EXPECT_EQ(book.cost("m", counts(0, 0, 0, 100, 0), kNow), 50);
  EXPECT_EQ(book.cost("m", counts(0, 0, 0, 101, 0), kNow), 303);
}

TEST(PriceBook, DateBoundariesToTheMicrosecond) {
  const PriceBook book = book_of(
      "price x m from 2026-01-01 until 2026-03-01 input 1 output 1\n"
      "price x m from 2026-03-01 until 2026-04-01T12:00:00+02:00 input 2 output 2\n"
      "price x m from 2026-04-01T10:00:00Z input 3 output 3\n");
  const TokenCounts one = counts(1, 0, 0, 0, 0);
  EXPECT_EQ(book.cost("m", one, at("2025-12-31T23:59:59.999999Z")), std::nullopt);
  EXPECT_EQ(book.cost("m", one, at("2026-01-01T00:00:00Z")), 1);
  EXPECT_EQ(book.cost("m", one, at("2026-02-28T23:59:59.999999Z")), 1);
  EXPECT_EQ(book.cost("m", one, at("2026-03-01T00:00:00Z")), 2);
  EXPECT_EQ(book.cost("m", one, at("2026-04-01T09:59:59.999999Z")), 2);
  EXPECT_EQ(book.cost("m", one, at("2026-04-01T10:00:00Z")), 3);
  EXPECT_EQ(book.cost("m", one, at("2126-01-01T00:00:00Z")), 3);
}

TEST(PriceBook, RoundsHalfEvenOnce) {
  const PriceBook book = book_of("price x m input 0.5 output 0.000001");
  EXPECT_EQ(book.cost("m", counts(1, 0, 0, 0, 0), kNow), 0);
  EXPECT_EQ(book.cost("m", counts(3, 0, 0, 0, 0), kNow), 2);
  EXPECT_EQ(book.cost("m", counts(5, 0, 0, 0, 0), kNow), 2);
  EXPECT_EQ(book.cost("m", counts(1, 0, 0, 0, 1), kNow), 1);
  CostSum sum;
  for (int i = 0; i < 4; ++i) sum.add(book, "m", counts(1, 0, 0, 0, 0), kNow);
  EXPECT_EQ(sum.total(), 2);
}

TEST(PriceBook, TheLargestCountsDoNotOverflow) {
  const PriceBook book = book_of("price x m input 1000000 output 1000000 cache_read 1000000");
  EXPECT_EQ(book.cost("m", counts(kMaxTokens, kMaxTokens, kMaxTokens, kMaxTokens, kMaxTokens), kNow),
            std::numeric_limits<MicroUsd>::max());
}

TEST(PriceList, RefusesWhatIsWrongAndSaysWhere) {
  const std::pair<std::string_view, std::string_view> cases[] = {
      {"price x m input -1 output 1", "test:1: '-1': the rate of input is negative"},
      {"price x m input 1", "both input and output"},
      {"price x m input 1 output", "a value is missing"},
      {"price x m input 1 input 2 output 1", "stated twice"},
      {"price x m input one output 1", "not a number"},
      {"price x m input 1.1234567 output 1", "too many decimals"},
      {"price x m input 2000000 output 1", "above $1,000,000"},
      {"price x m input nan output 1", "not a number"},
      {"price x m inptu 1 output 1", "unknown part"},
      {"price x", "needs a provider and a model"},
      {"prize x m input 1 output 1", "unknown statement"},
      {"\n\nprice x m from 2026-13-01 input 1 output 1", "test:3: '2026-13-01': not a date"},
      {"price x m from 2026-02-30 input 1 output 1", "not a date"},
      {"price x m over 0 input 1 output 1", "both input and output"},
      {"price x m input 1 output 1 over 0 input 1", "above 0"},
      {"price x m input 1 output 1 over 9 input 1 over 10 input 1", "second long-context tier"},
      {"price x m from 2026-02-01 until 2026-02-01 input 1 output 1", "ends before it begins"},
      {"price x m input 1 output 1\nprice x m input 2 output 2", "overlaps with test:1"},
      {"price x m until 2026-02-01 input 1 output 1\nprice x m from 2026-01-31 input 2 output 2", "overlaps"},
      {"price x m until 2026-02-01 input 1 output 1\nprice x m from 2026-02-02 input 2 output 2", "leaves a gap"},
      {"alias a nothing", "no model nothing"},
      {"price x m input 1 output 1\nprice x n input 1 output 1\nalias n m", "a model has that name"},
      {"price x m input 1 output 1\nalias a m\nalias a m", "stated twice"},
      {"alias a", "needs another name"},
      {"unpriced", "needs one model"},
  };
  for (const auto& [text, want] : cases) EXPECT_THAT(error_of(text), HasSubstr(want)) << text;
}

TEST(PriceList, SkipsCommentsAndBlanks) {
  EXPECT_TRUE(book_of("").models().empty());
  EXPECT_EQ(book_of("# c\r\n\n\t price x m\tinput 1 output 1 # c\r\n").models().size(), 1U);
}

TEST(PriceOverrides, ReplaceTheirPeriodAndLeaveTheRest) {
  const PriceBook book =
      builtin_prices()
          .with(parse_price_list("price own claude-sonnet-4-5 from 2026-10-01 until 2026-11-01 input 1 output 1", "config").value())
          .value();
  const TokenCounts one = counts(1, 0, 0, 0, 0);
  EXPECT_EQ(book.cost("claude-sonnet-4-5-20250929", one, at("2026-09-30T23:59:59Z")), 3);
  EXPECT_EQ(book.cost("claude-sonnet-4-5-20250929", one, at("2026-10-01T00:00:00Z")), 1);
  EXPECT_EQ(book.cost("claude-sonnet-4-5-20250929", one, at("2026-11-01T00:00:00Z")), 3);
  EXPECT_EQ(book.cost("claude-opus-5", one, kNow), 5);
}

TEST(PriceOverrides, AddModelsAndAliasesAndTakePricesAway) {
  const PriceBook book = builtin_prices()
                             .with(parse_price_list("price own mycorp/gpt-5 input 7 output 7\n"
                                                    "alias our-model claude-opus-5\n"
                                                    "unpriced gpt-5.1\n"
                                                    "price own gpt-4o-2024-05-13 input 5 output 15\n",
                                                    "config")
                                       .value())
                             .value();
  const TokenCounts one = counts(1, 0, 0, 0, 0);
  EXPECT_EQ(book.cost("mycorp/gpt-5", one, kNow), 7);
  EXPECT_EQ(book.cost("our-model", one, kNow), 5);
  EXPECT_EQ(book.cost("gpt-5.1", one, kNow), std::nullopt);
  EXPECT_EQ(book.cost("gpt-5.1-2025-11-13", one, kNow), std::nullopt);
  EXPECT_EQ(book.cost("gpt-4o-2024-05-13", one, kNow), 5);
}

TEST(PriceOverrides, AreCheckedLikeTheTable) {
  const auto over = [](std::string_view text) {
    return builtin_prices().with(parse_price_list(text, "config").value()).error().message;
  };
  EXPECT_THAT(over("price own m until 2026-01-01 input 1 output 1\nprice own m from 2026-02-01 input 1 output 1"),
              HasSubstr("config:2: m: leaves a gap after config:1"));
  EXPECT_THAT(over("alias a nowhere"), HasSubstr("no model nowhere"));
  EXPECT_THAT(over("alias gpt-5 claude-opus-5"), HasSubstr("a model has that name"));
}

TEST(CostSum, KeepsUnpricedModelsByName) {
  CostSum sum;
  EXPECT_EQ(sum.total(), std::nullopt);
  sum.add(builtin_prices(), "some-model", counts(5, 0, 0, 0, 0), kNow);
  EXPECT_EQ(sum.total(), std::nullopt);
  sum.add(builtin_prices(), "claude-opus-5", counts(5, 0, 0, 0, 0), kNow);
  EXPECT_EQ(sum.total(), 25);
  EXPECT_THAT(sum.unpriced_models(), ElementsAre("some-model"));
}

TEST(CostSum, AGrowingResponseCountsOnce) {
  CostSum sum;
  const TokenCounts first = counts(4, 1200, 0, 0, 1);
  const TokenCounts last = counts(4, 1200, 0, 0, 150);
  sum.add(builtin_prices(), "claude-sonnet-4-5", first, kNow);
  sum.replace(builtin_prices(), "claude-sonnet-4-5", first, last, kNow);
  EXPECT_EQ(sum.total(), builtin_prices().cost("claude-sonnet-4-5", last, kNow));
  CostSum both = sum;
  both.add(sum);
  EXPECT_EQ(both.total(), 2 * *sum.total());
}

}  // namespace
}  // namespace ts
