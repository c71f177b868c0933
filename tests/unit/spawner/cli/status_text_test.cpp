#include "spawner/cli/status_text.hpp"

#include <gtest/gtest.h>

#include <sstream>

#include "accounting/base/text.hpp"
#include "spawner/cli/table.hpp"

namespace ts::cli {
namespace {

StatusView sample() {
  StatusView view;
  view.now = parse_rfc3339("2026-11-21T12:00:00Z").value();
  ledger::BudgetState state;
  state.budget.name = "the whole team’s month";
  state.budget.limit = 1000;
  state.period = period_at(state.budget.period, state.zone, view.now);
  state.used = 910;
  state.reserved = 50;
  view.budgets = {state};
  view.runs = {{"7f3k2m9qrs", "TASK-914", "claude", "12.3K", "40K", 0.3, std::chrono::minutes{3}, false},
               {"7f3k2m9qrt", "", "codex", "-", "none", {}, std::chrono::seconds{3}, true}};
  ledger::Alert alert;
  alert.at = view.now;
  alert.text = "budget 'month': high\x1b[31m: 90 % of 1,000 fresh tokens reached";
  view.alerts = {alert};
  view.runs_today = 3;
  return view;
}

TEST(StatusText, FitsEveryWidth) {
  for (std::size_t width = 1; width <= 200; ++width) {
    std::istringstream text(status_text(sample(), {width, false}));
    for (std::string line; std::getline(text, line);) ASSERT_LE(columns_of(line), width) << line;
  }
}

TEST(StatusText, ANarrowScreenKeepsTheFigures) {
  const std::string text = status_text(sample(), {40, false});
  EXPECT_NE(text.find("7f3k2m9qrs  12.3K of 40K 30 %"), std::string::npos) << text;
  EXPECT_NE(text.find("7f3k2m9qrt  crashed, - of none"), std::string::npos) << text;
  EXPECT_NE(text.find("91 % !! high"), std::string::npos) << text;
  EXPECT_NE(text.find("910 of 1K"), std::string::npos) << text;
}

TEST(StatusText, TellsWhichRunsWaitForADecision) {
  StatusView view = sample();
  view.runs.front().held = true;
  EXPECT_NE(status_text(view, {120, false}).find(" · held: extend or stop it"), std::string::npos);
  EXPECT_NE(status_text(view, {40, false}).find("7f3k2m9qrs  held, "), std::string::npos);
}

TEST(StatusText, SaysInWordsWhatItSaysInColour) {
  const std::string plain = status_text(sample(), {120, false}), coloured = status_text(sample(), {120, true});
  EXPECT_EQ(plain.find('\x1b'), std::string::npos) << "nor what an alert's text brings along";
  EXPECT_NE(plain.find("91 % !! high"), std::string::npos) << plain;
  EXPECT_NE(plain.find("910 of 1K fresh, 50 reserved · November 2026"), std::string::npos) << plain;
  EXPECT_NE(plain.find("crashed: `tracked-spawn recover`"), std::string::npos) << plain;
  EXPECT_NE(coloured.find("\x1b[38;5;208m"), std::string::npos);
}

TEST(StatusText, BarsAreHonest) {
  EXPECT_EQ(bar(0, 4), "░░░░");
  EXPECT_EQ(bar(0.001, 4), "█░░░") << "a little is not nothing";
  EXPECT_EQ(bar(0.99, 4), "███░") << "and almost full is not full";
  EXPECT_EQ(bar(1, 4), "████");
  EXPECT_EQ(bar(17, 4), "████");
  EXPECT_EQ(bar(-1, 4), "░░░░");
  EXPECT_EQ(bar(0.5, 0), "");
}

TEST(StatusText, NothingAtAllIsSaid) {
  const std::string text = status_text({}, {80, false});
  EXPECT_NE(text.find("no budgets"), std::string::npos);
  EXPECT_NE(text.find("no live runs"), std::string::npos);
  EXPECT_NE(text.find("none"), std::string::npos);
}

}  // namespace
}  // namespace ts::cli
