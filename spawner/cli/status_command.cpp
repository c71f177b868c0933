#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <charconv>
#include <chrono>
#include <nlohmann/json.hpp>

#include "accounting/base/text.hpp"
#include "accounting/report/alert_json.hpp"
#include "accounting/report/budget_json.hpp"
#include "accounting/report/json_parts.hpp"
#include "accounting/report/run_json.hpp"
#include "spawner/cli/context.hpp"
#include "spawner/cli/run_table.hpp"
#include "spawner/cli/status_text.hpp"
#include "spawner/session/identity.hpp"

namespace ts::cli {
namespace {

constexpr std::size_t kAlertsShown = 5;

LiveRun live_run(ledger::Ledger& ledger, const ledger::RunRecord& run, const PriceBook& prices, UtcTime now) {
  static const ledger::Here here = session::here();
  LiveRun live{run.start.id.text, run.start.task_id, run.start.agent, spent_text(ledger, run, prices), limit_text(run.start.cap), {}, {}, false, false};
  const auto limit = run.start.cap.limit;
  if (limit && run.start.cap.formula != Formula::usd && !(run.live == Totals{}))
    live.share = static_cast<double>(by_formula(run.live.counts, run.start.cap.formula)) / static_cast<double>(*limit);
  live.elapsed = std::max(now - run.start.started, UtcTime::duration::zero());
  live.crashed = ledger::liveness_of(run.start, here) == ledger::Liveness::dead;
  live.held = !live.crashed && phase_of(run) == "held";
  return live;
}

/// What all reports of this moment are made of.
struct Findings {
  StatusView view;
  std::vector<ledger::RunRecord> runs;
};

Result<Findings> look(Context& context) {
  TS_CHECK(configure(context));
  TS_TRY(const auto books, open_books(context, ledger::OpenMode::read));
  Findings found;
  StatusView& view = found.view;
  view.now = utc_now();
  tell_unapplied(context, *books);
  TS_TRY(view.budgets, books->budgets().states(view.now));
  TS_TRY(found.runs, books->runs().list({.running_only = true}));
  for (const ledger::RunRecord& run : found.runs) view.runs.push_back(live_run(books->runs(), run, *prices_of(context), view.now));
  TS_TRY(view.alerts, books->alerts().list({.newest = kAlertsShown}));
  std::ranges::reverse(view.alerts);
  const UtcTime midnight = std::chrono::floor<std::chrono::days>(view.now);
  TS_TRY(view.today, books->budgets().spent({midnight, midnight + std::chrono::days{1}}));
  TS_TRY(const ledger::RunCounts counts, books->runs().count_since(midnight));
  view.runs_today = counts.begun;
  view.failed_today = counts.failed;
  TS_TRY(const auto claims, books->claims().list());
  view.claims = claims.size();
  return found;
}

std::string json_of(const Findings& found) {
  using report::Json;
  const StatusView& view = found.view;
  Json j = {{"at", rfc3339(view.now)},
            {"budgets", Json::parse(report::budgets_json(view.budgets))},
            {"runs", Json::parse(report::runs_json(found.runs, phase_of))},
            {"alerts", Json::parse(report::alerts_json(view.alerts, {}))},
            {"claims", view.claims}};
  j["today"] = report::totals_json(Totals{view.today.counts, view.today.requests});
  j["today"]["requests"] = view.today.requests;
  j["today"]["cost_micro_usd"] = amount_of(view.today, Measure::usd);
  j["today"]["unpriced_tokens"] = view.today.unpriced;
  j["today"]["runs"] = view.runs_today;
  j["today"]["failed"] = view.failed_today;
  return report::dump(j);
}

/// The terminal's width, else $COLUMNS, else 80. Colour only on a terminal, and where nobody says no (https://no-color.org).
Screen screen_of(const Context& context) {
  Screen screen;
  const auto value = [&](std::string_view name) {
    const auto found = context.world.env.find(name);
    return found == context.world.env.end() ? std::string{} : found->second;
  };
  winsize size{};
  const std::string columns = value("COLUMNS");
  std::size_t said = 0;
  if (context.world.stdout_terminal && ::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) screen.width = size.ws_col;
  else if (std::from_chars(columns.data(), columns.data() + columns.size(), said).ec == std::errc{} && said > 0) screen.width = std::min<std::size_t>(said, 1000);
  screen.colour = context.world.stdout_terminal && value("NO_COLOR").empty() && value("TERM") != "dumb";
  return screen;
}

int status(Context& context, bool json) {
  const auto found = look(context);
  if (found.has_error()) return fail(context, found.error());
  print(json ? json_of(*found) : status_text(found->view, screen_of(context)));
  return 0;
}

}  // namespace

void add_status(CLI::App& program, Context& context) {
  auto json = std::make_shared<bool>(false);
  CLI::App* app = program.add_subcommand("status", "One screen: budgets, live runs, alerts, today");
  app->add_flag("--json", *json, "As JSON");
  app->footer("Examples:\n  tracked-spawn status\n  tracked-spawn status --json\nColour is only for terminals; NO_COLOR turns it off.");
  app->callback([&context, json] { context.action = [&context, json] { return status(context, *json); }; });
}

}  // namespace ts::cli
