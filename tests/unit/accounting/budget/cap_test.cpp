#include "accounting/budget/cap.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ts {
namespace {

using testing::HasSubstr;

TEST(ParseCap, ReadsEveryForm) {
  const std::pair<std::string_view, CapSpec> cases[] = {
      {"120000", TokenCap{120'000}},   {"120k", TokenCap{120'000}},      {"120K", TokenCap{120'000}},
      {"120,000", TokenCap{120'000}},  {"1,234,567", TokenCap{1'234'567}}, {"1.5M", TokenCap{1'500'000}},
      {"1.5m", TokenCap{1'500'000}},   {" 7 ", TokenCap{7}},             {"2G", TokenCap{2'000'000'000}},
      {"0.125k", TokenCap{125}},       {"120 k", TokenCap{120'000}},     {"9007199254740992", TokenCap{kMaxTokens}},
      {"4x", FactorCap{4000}},         {"4X", FactorCap{4000}},          {"2.5x", FactorCap{2500}},
      {"4×", FactorCap{4000}},         {"$5", DollarCap{5'000'000}},     {"$0.25", DollarCap{250'000}},
      {"$ 5", DollarCap{5'000'000}},   {"$1,000.50", DollarCap{1'000'500'000}}, {"$0.000001", DollarCap{1}},
      {"none", NoCap{}},               {"NONE", NoCap{}},
  };
  for (const auto& [text, want] : cases) {
    const auto got = parse_cap(text);
    ASSERT_TRUE(got.has_value()) << text << ": " << got.error().message;
    EXPECT_EQ(*got, want) << text;
  }
}

TEST(ParseCap, RefusesWhatIsNoCap) {
  const std::pair<std::string_view, Errc> cases[] = {
      {"", Errc::invalid_argument},        {"  ", Errc::invalid_argument},       {"0", Errc::invalid_argument},
      {"0k", Errc::invalid_argument},      {"0.0M", Errc::invalid_argument},     {"0x", Errc::invalid_argument},
      {"$0", Errc::invalid_argument},      {"-5", Errc::invalid_argument},       {"-5k", Errc::invalid_argument},
      {"-4x", Errc::invalid_argument},     {"-$5", Errc::invalid_argument},      {"$-5", Errc::invalid_argument},
      {"12q", Errc::invalid_argument},     {"k", Errc::invalid_argument},        {"x", Errc::invalid_argument},
      {"$", Errc::invalid_argument},       {"1.5", Errc::invalid_argument},      {"1.2345k", Errc::invalid_argument},
      {"1,5M", Errc::invalid_argument},    {"12,00", Errc::invalid_argument},    {",000", Errc::invalid_argument},
      {"1,0000", Errc::invalid_argument},  {"1000,000", Errc::invalid_argument}, {"1..5M", Errc::invalid_argument},
      {"5.", Errc::invalid_argument},      {".5M", Errc::invalid_argument},      {"+5", Errc::invalid_argument},
      {"1e6", Errc::invalid_argument},     {"nan", Errc::invalid_argument},      {"inf", Errc::invalid_argument},
      {"10 000", Errc::invalid_argument},  {"5kk", Errc::invalid_argument},      {"$5k", Errc::invalid_argument},
      {"10.000", Errc::ambiguous},         {"1.500k", Errc::ambiguous},          {"$5.000", Errc::ambiguous},
      {"9007199254740993", Errc::too_large}, {"9007199254741k", Errc::too_large}, {"99999999999999999999", Errc::too_large},
      {"10000000000000G", Errc::too_large}, {"$99999999999999999999", Errc::too_large},
  };
  for (const auto& [text, want] : cases) {
    const auto got = parse_cap(text);
    ASSERT_TRUE(got.has_error()) << text;
    EXPECT_EQ(got.error().code, want) << text << ": " << got.error().message;
    EXPECT_THAT(got.error().message, HasSubstr("write 120000")) << text;
  }
}

TEST(ParseCap, NeverEchoesControlBytes) {
  const auto got = parse_cap("\x1b[31m12");
  ASSERT_TRUE(got.has_error());
  EXPECT_EQ(got.error().message.find('\x1b'), std::string::npos);
}

TEST(ParseTokenCount, TakesCountsOnly) {
  EXPECT_EQ(parse_token_count("40k").value(), 40'000);
  EXPECT_TRUE(parse_token_count("4x").has_error());
  EXPECT_TRUE(parse_token_count("$4").has_error());
  EXPECT_TRUE(parse_token_count("none").has_error());
}

CapSources estimate_of(Tokens high) {
  CapSources sources;
  sources.estimate = UpperEstimate{high, "line 7"};
  return sources;
}

TEST(ResolveCap, CommandLineWinsOverTheTaskFile) {
  CapSources sources = estimate_of(10'000);
  sources.said = StatedCap{"120k", "command line"};
  sources.written = StatedCap{"40000", "tasks/TASK-914.md:195"};
  const ResolvedCap cap = resolve_cap(sources).value();
  EXPECT_EQ(cap.limit, 120'000);
  EXPECT_EQ(cap.source, "command line");
  EXPECT_EQ(describe_limit(cap), "120,000 fresh tokens");
}

TEST(ResolveCap, WrittenCapIsTakenLiterally) {
  CapSources sources = estimate_of(10'000);
  sources.written = StatedCap{"39999", "tasks/TASK-914.md:195"};
  const ResolvedCap cap = resolve_cap(sources).value();
  EXPECT_EQ(cap.limit, 39'999);
  EXPECT_EQ(cap.source, "tasks/TASK-914.md:195");
}

TEST(ResolveCap, ElseFactorTimesTheUpperEstimate) {
  const ResolvedCap cap = resolve_cap(estimate_of(10'000)).value();
  EXPECT_EQ(cap.limit, 40'000);
  EXPECT_EQ(cap.formula, Formula::fresh);
  EXPECT_EQ(cap.source, "4 × 10K (line 7)");
  EXPECT_EQ(resolve_cap(estimate_of(12'345)).value().source, "4 × 12,345 (line 7)");
}

TEST(ResolveCap, FactorOfTheCommandLineNeedsAnEstimate) {
  CapSources sources = estimate_of(10'000);
  sources.said = StatedCap{"2.5x", "command line"};
  EXPECT_EQ(resolve_cap(sources).value().limit, 25'000);
  EXPECT_EQ(resolve_cap(sources).value().source, "2.5 × 10K (line 7)");
  sources.estimate.reset();
  EXPECT_EQ(resolve_cap(sources).error().code, Errc::refused);
}

TEST(ResolveCap, RefusesWithAWayOut) {
  const Error error = resolve_cap({}).error();
  EXPECT_EQ(error.code, Errc::refused);
  EXPECT_THAT(error.message, HasSubstr("there is no estimate"));
  EXPECT_THAT(error.message, HasSubstr("--cap N"));
  EXPECT_THAT(error.message, HasSubstr("--cap none"));
}

TEST(ResolveCap, ZeroEstimateIsNoEstimate) {
  const Error error = resolve_cap(estimate_of(0)).error();
  EXPECT_EQ(error.code, Errc::refused);
  EXPECT_THAT(error.message, HasSubstr("the estimate (line 7) is 0"));
}

TEST(ResolveCap, NoneIsAllowedAndNamed) {
  CapSources sources;
  sources.said = StatedCap{"none", "command line"};
  const ResolvedCap cap = resolve_cap(sources).value();
  EXPECT_EQ(cap.limit, std::nullopt);
  EXPECT_EQ(cap.source, "none");
  EXPECT_EQ(describe_limit(cap), "no cap");
}

TEST(ResolveCap, DollarsSetTheFormula) {
  CapSources sources;
  sources.said = StatedCap{"$5", "command line"};
  const ResolvedCap cap = resolve_cap(sources).value();
  EXPECT_EQ(cap.formula, Formula::usd);
  EXPECT_EQ(cap.limit, 5'000'000);
  EXPECT_EQ(describe_limit(cap), "$5.00");
}

TEST(ResolveCap, UnitAndFormulaMustFit) {
  CapSources sources = estimate_of(10'000);
  sources.formula = Formula::usd;
  EXPECT_EQ(resolve_cap(sources).error().code, Errc::invalid_argument);
  sources.said = StatedCap{"40k", "command line"};
  EXPECT_EQ(resolve_cap(sources).error().code, Errc::invalid_argument);
  sources.said = StatedCap{"$5", "command line"};
  sources.formula = Formula::total;
  EXPECT_EQ(resolve_cap(sources).error().code, Errc::invalid_argument);
  sources.said.reset();
  EXPECT_EQ(resolve_cap(sources).value().formula, Formula::total);
}

TEST(ResolveCap, NamesTheLineOfABadWrittenCap) {
  CapSources sources;
  sources.written = StatedCap{"0", "tasks/TASK-914.md:195"};
  EXPECT_THAT(resolve_cap(sources).error().message, HasSubstr("tasks/TASK-914.md:195: cap: '0'"));
}

TEST(ResolveCap, HugeEstimateIsTooLarge) {
  EXPECT_EQ(resolve_cap(estimate_of(kMaxTokens)).error().code, Errc::too_large);
}

}  // namespace
}  // namespace ts
