#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <chrono>

#include "accounting/base/text.hpp"
#include "accounting/report/budget_forecast.hpp"
#include "spawner/cli/context.hpp"

namespace ts::cli {
namespace {

struct ForecastWords {
  std::string budget;
  bool backtest = false;
  bool json = false;
};

constexpr int kBacktestDays = 400;
constexpr int kForecastDays = 56;

Result<std::vector<report::BudgetForecast>> forecasts(const Context& context, const ForecastWords& words, UtcTime now) {
  TS_TRY(const auto books, open_books(context, ledger::OpenMode::read));
  TS_TRY(const auto states, books->budgets().states(now));
  std::vector<report::BudgetForecast> all;
  for (const ledger::BudgetState& state : states) {
    if (!words.budget.empty() && state.budget.name != words.budget) continue;
    TS_TRY(report::BudgetForecast forecast, report::forecast_of(*books, state, now, words.backtest ? kBacktestDays : kForecastDays));
    all.push_back(std::move(forecast));
  }
  if (all.empty() && !words.budget.empty())
    return Error{Errc::not_found, fmt::format("budget '{}': there is none of that name: `tracked-spawn budget` lists them", printable(words.budget))};
  return all;
}

int show(Context& context, const ForecastWords& words) {
  const UtcTime now = utc_now();
  const auto all = forecasts(context, words, now);
  if (all.has_error()) return fail(context, all.error());
  if (words.json) {
    print(words.backtest ? report::backtests_json(*all) : report::forecasts_json(*all, now));
    return 0;
  }
  std::string text = all->empty() ? "no budgets: `tracked-spawn budget set NAME LIMIT` makes one\n" : "";
  for (const report::BudgetForecast& f : *all) text += words.backtest ? report::backtest_text(f) : report::forecast_text(f, now);
  print(text);
  return 0;
}

}  // namespace

void add_forecast(CLI::App& program, Context& context) {
  auto words = std::make_shared<ForecastWords>();
  CLI::App* app = program.add_subcommand("forecast", "What budgets will come to: the pace, the end of the period with an interval, when each threshold is reached");
  app->add_option("BUDGET", words->budget, "Only this one");
  app->add_flag("--backtest", words->backtest, "How good the forecasts would have been on the ledger's past");
  app->add_flag("--json", words->json, "As JSON");
  app->footer("Examples:\n  tracked-spawn forecast\n  tracked-spawn forecast month --json\n  tracked-spawn forecast --backtest");
  app->callback([&context, words] { context.action = [&context, words] { return show(context, *words); }; });
}

}  // namespace ts::cli
