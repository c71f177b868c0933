#include "spawner/config/settings.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "accounting/base/text.hpp"
#include "spawner/config/keys.hpp"

namespace ts::config {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

Settings parsed(std::string_view text, Origin origin = Origin::user) {
  auto settings = parse(text, "config.toml", origin);
  EXPECT_TRUE(settings.has_value()) << settings.error().message;
  return settings.has_value() ? *settings : Settings{};
}

std::string complaint(std::string_view text) {
  const auto settings = parse(text, "config.toml", Origin::user);
  EXPECT_TRUE(settings.has_error()) << text;
  return settings.has_error() ? settings.error().message : "";
}

TEST(Settings, EveryKeysExampleIsUnderstood) {  // promise: CFG-1
  for (const Key& key : run_keys()) {
    const Settings settings = parsed("[run]\n" + std::string{key.example} + "\n");
    ASSERT_TRUE(settings.run.contains(key.name)) << key.example;
    EXPECT_EQ(settings.run.at(std::string{key.name}).where, "config.toml:2");
  }
}

TEST(Settings, NumbersListsAndTextBecomeWhatTheOptionTakes) {
  const Settings s = parsed("[run]\ncap = 120000\nwarn_at = [50, 90]\ngrace = \"3s\"\nwrite = false\nlabels = {team = \"core\"}\n");
  EXPECT_EQ(s.run.at("cap").text, "120000");
  EXPECT_EQ(s.run.at("warn_at").text, "50,90");
  EXPECT_EQ(s.run.at("grace").text, "3s");
  EXPECT_EQ(s.run.at("write").text, "false");
  EXPECT_EQ(s.labels.at("team").text, "core");
}

TEST(Settings, UnknownKeysNameTheLineAndTheNearestKey) {  // promise: CFG-2
  EXPECT_THAT(complaint("[run]\n\non_capp = \"stop\"\n"), AllOf(HasSubstr("config.toml:3"), HasSubstr("'on_capp'"), HasSubstr("did you mean 'on_cap'?")));
  EXPECT_THAT(complaint("[rnu]\n"), AllOf(HasSubstr("config.toml:1"), HasSubstr("did you mean 'run'?")));
  EXPECT_THAT(complaint("[run]\nzzzzzzzzzzzz = 1\n"), HasSubstr("known are"));
  EXPECT_THAT(complaint("[taskfile.patterns]\nestimat = [\"x\"]\n"), AllOf(HasSubstr("config.toml:2"), HasSubstr("did you mean 'estimate'?")));
  EXPECT_THAT(complaint("[prices.m]\ninptu = 1\n"), HasSubstr("did you mean 'input'?"));
}

TEST(Settings, WrongTypesNameTheLineAndShowAnExample) {
  EXPECT_THAT(complaint("[run]\ncap = true\n"), AllOf(HasSubstr("config.toml:2: run.cap"), HasSubstr("text or a whole number"), HasSubstr("cap = \"120k\"")));
  EXPECT_THAT(complaint("[run]\ncap = 1.5\n"), HasSubstr("text or a whole number"));
  EXPECT_THAT(complaint("[run]\nrole = 3\n"), HasSubstr("expected text"));
  EXPECT_THAT(complaint("[run]\nrole = \"\"\n"), HasSubstr("expected text"));
  EXPECT_THAT(complaint("[run]\nwarn_at = [50, \"x\"]\n"), HasSubstr("whole percents"));
  EXPECT_THAT(complaint("[run]\nwarn_at = []\n"), HasSubstr("at least one"));
  EXPECT_THAT(complaint("run = 3\n"), HasSubstr("expected a table"));
  EXPECT_THAT(complaint("[run.labels]\nteam = 3\n"), HasSubstr("run.labels.team"));
  EXPECT_THAT(complaint("[taskfile]\npatterns = 3\n"), HasSubstr("taskfile.patterns"));
}

TEST(Settings, WhatIsNotTomlNamesTheLine) {
  EXPECT_THAT(complaint("[run]\ncap = = 3\n"), AllOf(HasSubstr("config.toml:2"), HasSubstr("not TOML")));
  EXPECT_THAT(complaint("[run\n"), HasSubstr("config.toml:1"));
  EXPECT_THAT(complaint("[run]\nrole = \"\xff\xfe\"\n"), HasSubstr("config.toml:2"));
  EXPECT_THAT(complaint(std::string("\0\0\0", 3)), HasSubstr("not TOML"));
}

TEST(Settings, TheStrongerOriginWinsKeyByKey) {  // promise: CFG-1
  Settings user = parsed("[run]\ncap = \"1k\"\ngrace = \"1s\"\nrole = \"engineer\"\n");
  Settings project = parsed("[run]\ncap = \"2k\"\ngrace = \"2s\"\n", Origin::project);
  const Settings all = merged(merged(std::move(user), std::move(project)), from_environment({{"TRACKED_SPAWN_CAP", "3k"}, {"TRACKED_SPAWN_GRACE", ""}}));
  EXPECT_EQ(all.run.at("cap").text, "3k");
  EXPECT_EQ(all.run.at("cap").where, "TRACKED_SPAWN_CAP");
  EXPECT_EQ(all.run.at("grace").text, "2s");
  EXPECT_EQ(all.run.at("grace").origin, Origin::project);
  EXPECT_EQ(all.run.at("role").origin, Origin::user);
}

TEST(Settings, EveryKeyHasItsVariable) {
  Environment env;
  for (const Key& key : run_keys()) env[environment_name(key)] = "x";
  const Settings settings = from_environment(env);
  EXPECT_EQ(settings.run.size(), run_keys().size());
  EXPECT_TRUE(env.contains("TRACKED_SPAWN_ON_CAP"));
}

TEST(Settings, PatternsOfTheUserBeatTheBuiltInOnes) {
  const auto patterns = patterns_of(parsed("[taskfile.patterns]\nestimate = [\"Budgeted tokens\"]\nactual = \"Spent\"\n"));
  ASSERT_TRUE(patterns.has_value()) << patterns.error().message;
  EXPECT_GT(patterns->labels.size(), taskfile::default_patterns().labels.size());
}

TEST(Settings, PricesComeOnTopOfTheBuiltInOnes) {
  const auto book = prices_of(parsed("[prices.\"My-Model\"]\ninput = 3\noutput = 15.5\nfrom = 2020-01-01\n[prices.aliases]\nmine = \"my-model\"\n"));
  ASSERT_TRUE(book.has_value()) << book.error().message;
  TokenCounts million;
  million.output = 1'000'000;
  const UtcTime later = parse_rfc3339("2026-01-01T00:00:00Z").value();
  EXPECT_EQ(book->cost("mine", million, later), 15'500'000);
  EXPECT_FALSE(book->cost("my-model", million, parse_rfc3339("2019-01-01T00:00:00Z").value()).has_value());
  EXPECT_THAT(complaint("[prices.m]\ninput = -1\n"), HasSubstr("dollars per million"));
  EXPECT_THAT(complaint("[prices.m]\ninput = nan\n"), HasSubstr("dollars per million"));
  EXPECT_TRUE(prices_of(parsed("[prices.m]\ninput = 1\n")).has_error());
}

TEST(Settings, AModelMayHavePricesForSeveralTimesAndALongTier) {
  const auto book = prices_of(parsed("[[prices.m]]\nuntil = 2026-03-01\ninput = 1\noutput = 1\n"
                                     "[[prices.m]]\nfrom = 2026-03-01\ninput = 2\noutput = 2\nlong_over = 1000\nlong_input = 4\n"));
  ASSERT_TRUE(book.has_value()) << book.error().message;
  TokenCounts tokens;
  tokens.input = 1000;
  const auto cost = [&](const char* at) { return book->cost("m", tokens, parse_rfc3339(at).value()); };
  EXPECT_EQ(cost("2026-02-28T23:59:59.999999Z"), 1000);
  EXPECT_EQ(cost("2026-03-01T00:00:00Z"), 2000);
  tokens.input = 1001;
  EXPECT_EQ(cost("2026-03-01T00:00:00Z"), 4004);
  const auto error = [](const char* text) { return prices_of(parsed(text)).error().message; };
  EXPECT_THAT(error("[[prices.m]]\nuntil = 2026-03-01\ninput = 1\noutput = 1\n[[prices.m]]\nfrom = 2026-04-01\ninput = 2\noutput = 2\n"),
              HasSubstr("leaves a gap"));
  EXPECT_THAT(error("[[prices.m]]\nuntil = 2026-03-01\ninput = 1\noutput = 1\n[[prices.m]]\nfrom = 2026-02-01\ninput = 2\noutput = 2\n"),
              HasSubstr("overlaps"));
  EXPECT_THAT(error("[prices.m]\nfrom = 2026-03-01\nuntil = 2026-03-01\ninput = 1\noutput = 1\n"), HasSubstr("ends before it begins"));
  EXPECT_THAT(complaint("[prices.m]\ninput = 1\noutput = 1\nlong_input = 4\n"), HasSubstr("long_over"));
  EXPECT_THAT(complaint("[prices.m]\ninput = 1\noutput = 1\nlong_over = 0\n"), HasSubstr("tokens"));
  EXPECT_THAT(complaint("[[prices.m]]\ninput = -1\noutput = 1\n"), HasSubstr("dollars per million"));
}

TEST(Nearest, FindsSlipsAndLeavesStrangersAlone) {
  const std::vector<std::string> known{"cap", "cap_formula", "max_time"};
  EXPECT_EQ(nearest("max_tiem", known), "max_time");
  EXPECT_EQ(nearest("capformula", known), "cap_formula");
  EXPECT_EQ(nearest("quite_something_else", known), "");
  EXPECT_EQ(nearest(std::string(100'000, 'x'), known), "");
}

TEST(UserFile, FollowsTheBaseDirectorySpecification) {
  EXPECT_EQ(user_file({{"XDG_CONFIG_HOME", "/c"}, {"HOME", "/h"}}), "/c/tracked-spawn/config.toml");
  EXPECT_EQ(user_file({{"XDG_CONFIG_HOME", "relative"}, {"HOME", "/h"}}), "/h/.config/tracked-spawn/config.toml");
  EXPECT_EQ(user_file({}), "");
}

TEST(Settings, BudgetsAreReadWhole) {
  const Settings s = parsed("[budget.month]\nlimit = 20000000\nmeasure = \"total\"\nreset_day = 31\nzone = \"+05:30\"\nscope = [\"agent=claude\", \"label.team=core\"]\nwarn_at = [80, 100]\n"
                            "[budget.\"a b\"]\nlimit = \"$5\"\nperiod = \"24h\"\nscope = \"sprint=7\"\n");
  ASSERT_EQ(s.budgets.size(), 2U);
  const auto& month = std::ranges::find(s.budgets, "month", [](const BudgetSetting& b) { return b.budget.name; })->budget;
  EXPECT_EQ(month.limit, 20'000'000);
  EXPECT_EQ(month.measure, Measure::total);
  EXPECT_EQ(month.period, (PeriodRule{PeriodKind::month, 31, std::chrono::minutes{0}, "+05:30"}));
  EXPECT_EQ(month.scope.agent, "claude");
  EXPECT_EQ(month.scope.labels.at("team"), "core");
  EXPECT_EQ(month.thresholds.size(), 2U);
}

TEST(Settings, BadBudgetsAndAlertsNameTheirLine) {
  EXPECT_THAT(complaint("[budget.b]\nlimit = 0\n"), AllOf(HasSubstr("config.toml:1"), HasSubstr("above 0")));
  EXPECT_THAT(complaint("[budget.b]\nlimit = true\n"), AllOf(HasSubstr("config.toml:2: budget.b.limit"), HasSubstr("limit = \"20M\"")));
  EXPECT_THAT(complaint("[budget.b]\n"), HasSubstr("limit"));
  EXPECT_THAT(complaint("[budget.b]\nlimit = 5\nwarn_at = [\"x\"]\n"), HasSubstr("threshold"));
  EXPECT_THAT(complaint("[budget.b]\nlimit = 5\nreset_day = 99999999999\n"), HasSubstr("reset day"));
  EXPECT_THAT(complaint("[budget.b]\nlimit = 5\nmeasure = \"tokens\"\n"), HasSubstr("config.toml:3"));
  EXPECT_THAT(complaint("[budget]\nb = 5\n"), HasSubstr("expected a table"));
  EXPECT_THAT(complaint("[alerts]\nwebhok = \"x\"\n"), AllOf(HasSubstr("config.toml:2"), HasSubstr("did you mean 'webhook'?")));
  EXPECT_THAT(complaint("[alerts]\nstderr = \"no\"\n"), HasSubstr("true or false"));
  const auto project = parse("[alerts]\ncommand = \"x\"\n", ".tracked-spawn.toml", Origin::project);
  ASSERT_TRUE(project.has_error());
  EXPECT_THAT(project.error().message, HasSubstr("only your own configuration file"));
  EXPECT_TRUE(parse("[alerts]\nrate_factor = 5\n", ".tracked-spawn.toml", Origin::project).has_value());
}

}  // namespace
}  // namespace ts::config
