#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <chrono>

#include "accounting/base/text.hpp"
#include "accounting/ledger/zones.hpp"
#include "accounting/report/budget_json.hpp"
#include "spawner/cli/budget_text.hpp"
#include "spawner/cli/context.hpp"
#include "spawner/cli/recorded_name.hpp"

namespace ts::cli {
namespace {

using ledger::BudgetState;
using ledger::OpenMode;

struct SetWords {
  BudgetWords budget;
  std::string measure;
  bool json = false;
};

struct NameWords {
  std::string name;
  bool json = false;
};

Error no_budget(const std::string& name, const std::vector<BudgetState>& states) {
  std::string names;
  for (const BudgetState& s : states) names += (names.empty() ? "" : ", ") + printable(s.budget.name, 60);
  return {Errc::not_found, fmt::format("budget '{}': there is none of that name; {}", printable(name),
                                       names.empty() ? "there is none at all: `tracked-spawn budget set NAME LIMIT` makes one" : "there are: " + names)};
}

Result<BudgetState> state_named(ledger::Books& books, const std::string& name) {
  TS_TRY(const auto states, books.budgets().states(utc_now()));
  const auto found = std::ranges::find(states, name, [](const BudgetState& s) { return s.budget.name; });
  if (found == states.end()) return no_budget(name, states);
  return *found;
}

/// What is different about a budget that was there before.
std::string change_text(const Budget& old, const Budget& now) {
  std::string text;
  const auto say = [&](std::string_view what, const std::string& before, const std::string& after) {
    if (before != after) text += fmt::format("{}{} {} → {}", text.empty() ? "" : ", ", what, before, after);
  };
  say("limit", describe_amount(old.limit, old.measure), describe_amount(now.limit, now.measure));
  say("period", rule_text(old.period), rule_text(now.period));
  say("counts", scope_text(old.scope), scope_text(now.scope));
  if (old.thresholds != now.thresholds) text += std::string{text.empty() ? "" : ", "} + "thresholds";
  return text;
}

Result<void> set(Context& context, const SetWords& words) {
  BudgetWords said = words.budget;
  if (!words.measure.empty()) {
    said.measure = measure_named(words.measure);
    if (!said.measure)
      return Error{Errc::invalid_argument, fmt::format("--measure {}: it is fresh, total, output, usd or requests", printable(words.measure, 40))};
  }
  for (std::string& word : said.scope)
    if (const auto sign = word.find('='); sign != std::string::npos) word.replace(sign + 1, std::string::npos, recorded_name(context, word.substr(0, sign), word.substr(sign + 1)));
  TS_TRY(const Budget budget, budget_from(said));
  TS_CHECK(check_scope(budget));
  if (const auto zone = ledger::load_zone(budget.period.zone); zone.has_error())  // before a ledger is made for it
    return with_context("budget '" + printable(budget.name) + "'", zone.error());
  TS_CHECK(configure(context));
  TS_TRY(const auto books, open_books(context, OpenMode::write));
  const auto old = state_named(*books, budget.name);
  TS_CHECK(books->budgets().put(budget, utc_now()));
  TS_TRY(const BudgetState state, state_named(*books, budget.name));
  if (words.json) {
    print(report::budget_json(state));
    return {};
  }
  const std::string change = old.has_value() ? change_text(old->budget, budget) : "";
  context.console.say(old.has_error() ? fmt::format("budget '{}': made", printable(budget.name))
                      : change.empty() ? fmt::format("budget '{}': unchanged", printable(budget.name))
                                       : fmt::format("budget '{}': changed: {}; all that was ever recorded is counted by it", printable(budget.name), change));
  print(budget_text(state));
  return {};
}

Result<void> list(Context& context, bool json) {
  TS_CHECK(configure(context));
  TS_TRY(const auto books, open_books(context, OpenMode::read));
  TS_TRY(const auto states, books->budgets().states(utc_now()));
  tell_unapplied(context, *books);
  if (json) print(report::budgets_json(states));
  else print(states.empty() ? "no budgets: `tracked-spawn budget set NAME LIMIT` makes one" : budget_table(states));
  return {};
}

Result<void> rebuild(Context& context) {
  {
    TS_TRY(const auto exists, open_books(context, OpenMode::read));
  }
  TS_TRY(const auto books, open_books(context, OpenMode::write));
  const auto differences = [&books]() -> Result<std::vector<std::string>> {
    TS_TRY(auto all, books->budgets().verify());
    TS_TRY(const auto of_reports, books->reports().verify());
    all.insert(all.end(), of_reports.begin(), of_reports.end());
    return all;
  };
  TS_TRY(const auto before, differences());
  TS_CHECK(books->reports().rebuild());
  TS_CHECK(books->budgets().rebuild());  // from the reports' sums
  TS_TRY(const auto after, differences());
  for (const std::string& difference : after) context.console.error(difference);
  context.console.say(fmt::format("{} sums were off, {} are now", before.size(), after.size()));
  return {};
}

Result<void> show(Context& context, const NameWords& words) {
  TS_TRY(const auto books, open_books(context, OpenMode::read));
  TS_TRY(const BudgetState state, state_named(*books, words.name));
  print(words.json ? report::budget_json(state) : budget_text(state));
  return {};
}

Result<void> remove(Context& context, const NameWords& words) {
  {
    TS_TRY(const auto exists, open_books(context, OpenMode::read));  // removing must not create a ledger
    TS_CHECK(state_named(*exists, words.name));
  }
  TS_TRY(const auto books, open_books(context, OpenMode::write));
  TS_CHECK(books->budgets().remove(words.name));
  context.console.say(fmt::format("budget '{}': removed; what was spent stays recorded", printable(words.name)));
  return {};
}

/// Runs `work` as the command's action.
void act(CLI::App& app, Context& context, std::function<Result<void>()> work) {
  app.callback([&context, work = std::move(work)] {
    context.action = [&context, work]() -> int {
      const auto done = work();
      return done.has_error() ? fail(context, done.error()) : 0;
    };
  });
}

void add_set_part(CLI::App& budget, Context& context) {
  auto words = std::make_shared<SetWords>();
  CLI::App* app = budget.add_subcommand("set", "Make a budget, or change the one of that name");
  BudgetWords& b = words->budget;
  app->add_option("NAME", b.name, "Its name")->required();
  app->add_option("LIMIT", b.limit, "1500000, 1.5M, 200k, $50 or '300 requests'")->required();
  app->add_option("--measure", words->measure, "What it counts: fresh (default), total, output; usd and requests follow from the limit")->type_name("MEASURE");
  app->add_option("--period", b.period, "hour, day, week, month (default), total, or a rolling window: 24h, 30d")->type_name("PERIOD");
  app->add_option("--reset-day", b.reset_day, "The day on which a month begins, 1 to 31 (in a shorter month its last), or a week: 1 (Monday) to 7")->type_name("DAY");
  app->add_option("--zone", b.zone, "Whose midnight: UTC (default), Europe/Berlin, +05:30")->type_name("ZONE");
  app->add_option("--scope", b.scope, "Whose spending: project=, sprint=, task=, agent=, model=, role=, label.NAME=; several must all fit. Default: everything")->type_name("NAME=VALUE");
  app->add_option("--warn-at", b.thresholds, "Percents of the limit that raise an alert (default 50,75,90,95,100)")->delimiter(',')->type_name("50,75,90,95,100");
  app->add_flag("--json", words->json, "As JSON");
  app->footer("Examples:\n  tracked-spawn budget set month 20M --reset-day 31 --zone Europe/Berlin\n  tracked-spawn budget set sprint-7 '$50' --period total --scope sprint=7\n"
              "  tracked-spawn budget set burst 2M --period 5h --scope agent=claude --warn-at 80,100");
  act(*app, context, [&context, words] { return set(context, *words); });
}

void add_name_part(CLI::App& budget, Context& context, const char* name) {
  auto words = std::make_shared<NameWords>();
  const bool shows = std::string_view{name} == "show";
  CLI::App* app = budget.add_subcommand(name, shows ? "One budget, whole" : "Remove a budget; what was spent stays recorded");
  app->add_option("NAME", words->name, "Its name")->required();
  if (shows) app->add_flag("--json", words->json, "As JSON");
  app->footer(fmt::format("Example:\n  tracked-spawn budget {} month", name));
  if (shows) act(*app, context, [&context, words] { return show(context, *words); });
  else act(*app, context, [&context, words] { return remove(context, *words); });
}

}  // namespace

void add_budget(CLI::App& program, Context& context) {
  CLI::App* budget = program.add_subcommand("budget", "Limits on what may be spent, by whom, in which time: list, set, show, remove, rebuild");
  budget->require_subcommand(0, 1);
  budget->footer("Examples:\n  tracked-spawn budget\n  tracked-spawn budget set month 20M\n  tracked-spawn budget show month --json");
  auto json = std::make_shared<bool>(false);
  CLI::App* app = budget->add_subcommand("list", "All budgets and how they stand (also without this word)");
  app->add_flag("--json", *json, "As JSON");
  app->footer("Examples:\n  tracked-spawn budget list\n  tracked-spawn budget list --json");
  act(*app, context, [&context, json] { return list(context, *json); });
  add_set_part(*budget, context);
  CLI::App* anew = budget->add_subcommand("rebuild", "Add up all budgets and reports anew from the usage that is recorded");
  anew->footer("Example:\n  tracked-spawn budget rebuild");
  act(*anew, context, [&context] { return rebuild(context); });
  add_name_part(*budget, context, "show");
  add_name_part(*budget, context, "remove");
  CLI::Option* plain = budget->add_flag("--json", *json, "As JSON, of the list");  // it holds without the word, too
  for (CLI::App* part : budget->get_subcommands([](const CLI::App*) { return true; }))
    if (part->get_name() != "list") part->excludes(plain);
  budget->callback([&context, budget, json] {
    if (!budget->get_subcommands().empty()) return;
    context.action = [&context, json]() -> int {
      const auto done = list(context, *json);
      return done.has_error() ? fail(context, done.error()) : 0;
    };
  });
}

}  // namespace ts::cli
