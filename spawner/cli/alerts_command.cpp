#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <thread>

#include "accounting/base/text.hpp"
#include "accounting/report/alert_json.hpp"
#include "spawner/cli/context.hpp"
#include "spawner/cli/table.hpp"
#include "spawner/cli/validators.hpp"
#include "spawner/session/alerting.hpp"

namespace ts::cli {
namespace {

using ledger::Alert;
using ledger::DeliveryRecord;

struct ListWords {
  std::string budget;
  std::string run;
  std::size_t newest = 50;
  bool json = false;
};

struct DeliverWords {
  std::string limit = "0";
  bool quiet = false;
  bool test = false;
};

std::string delivery_text(const Alert& alert, const std::vector<DeliveryRecord>& deliveries) {
  std::string text;
  for (const DeliveryRecord& d : deliveries) {
    if (d.alert != alert.n) continue;
    text += (text.empty() ? "" : ", ") + d.sink + ": " + (d.state == "done" ? printable(d.detail, 40) : d.state == "pending" ? "tried " + many(d.attempts, "time") : "given up");
  }
  return text.empty() ? "-" : text;
}

Result<void> list(const Context& context, const ListWords& words) {
  TS_TRY(const auto books, open_books(context, ledger::OpenMode::read));
  const ledger::AlertFilter filter{words.budget, words.run, 0, words.newest};
  TS_TRY(const auto alerts, books->alerts().list(filter));
  ledger::AlertFilter those = filter;
  those.after = alerts.empty() ? 0 : alerts.front().n - 1;
  TS_TRY(const auto deliveries, books->alerts().deliveries(those));
  if (words.json) {
    print(report::alerts_json(alerts, deliveries));
    return {};
  }
  using enum Align;
  Table table({right, left, left, left, left});
  table.add({"ALERT", "AT", "EVENT", "DELIVERED", "SAYS"});
  for (const Alert& a : alerts) table.add({std::to_string(a.n), rfc3339(a.at).substr(0, 19) + "Z", std::string{name_of(a.event)}, delivery_text(a, deliveries), printable(a.text, 400)});
  print(alerts.empty() ? "no alerts" : table.text());
  return {};
}

void add_up(session::Delivered& sum, session::Delivered more) {
  sum.arrived += more.arrived;
  sum.failed += more.failed;
  std::ranges::move(more.troubles, std::back_inserter(sum.troubles));
}

/// Delivers what is due, and for as long as it may what becomes due.
Result<session::Delivered> deliver_for(Context& context, ledger::Books& books, std::chrono::milliseconds limit) {
  const auto end = std::chrono::steady_clock::now() + limit;
  session::Delivered sum;
  while (true) {
    TS_TRY(session::Delivered more, session::deliver_due(books, context.world, utc_now));
    add_up(sum, std::move(more));
    TS_TRY(const auto next, session::next_delivery(books, context.world, utc_now()));
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(end - std::chrono::steady_clock::now());
    if (!next || left.count() <= 0 || *next - utc_now() > left) return sum;
    // What is due later may be on its way in another process: then it is done long before its lease ends.
    std::this_thread::sleep_for(std::clamp<UtcTime::duration>(*next - utc_now(), std::chrono::milliseconds{10}, std::chrono::seconds{1}));
  }
}

/// An alert that means nothing, to every sink: whether they can be reached.
int test(Context& context) {
  if (context.world.sinks.empty()) return fail(context, {Errc::not_found, "no sinks: name a file, a command or a webhook in [alerts] of your configuration"});
  Alert alert;
  alert.at = utc_now();
  alert.level = "test";
  alert.text = "a test of tracked-spawn: nothing has happened";
  int status = 0;
  for (const std::string& sink : notify::names_of(context.world.sinks)) {
    const auto sent = notify::send(context.world.sinks, sink, {report::alert_line(alert), alert.text}, {context.world.env_words, context.world.cwd, utc_now()});
    if (sent.has_error()) status = fail(context, sent.error());
    else print(fmt::format("{}: {}", sink, *sent));
  }
  return status;
}

int deliver(Context& context, const DeliverWords& words) {
  if (words.quiet) context.console.set_verbosity(Verbosity::quiet);
  const auto limit = parse_duration(words.limit);
  if (limit.has_error()) return fail(context, with_context("--for", limit.error()));
  if (const auto configured = configure(context); configured.has_error()) return fail(context, configured.error());
  if (words.test) return test(context);
  if (const auto exists = open_books(context, ledger::OpenMode::read); exists.has_error()) return fail(context, exists.error());
  const auto books = open_books(context, ledger::OpenMode::write);
  if (books.has_error()) return fail(context, books.error());
  if (const auto looked = session::look_ahead(**books, context.world, utc_now()); looked.has_error()) return fail(context, looked.error());
  const auto done = deliver_for(context, **books, *limit);
  if (done.has_error()) return fail(context, done.error());
  for (const std::string& trouble : done->troubles)
    if (!words.quiet) context.console.error("warning: " + trouble);
  context.console.say(context.world.sinks.empty() ? "no sinks are configured: alerts are said by the runs that they concern, and `tracked-spawn alerts` lists them"
                                                  : fmt::format("{} delivered, {} failed", done->arrived, done->failed));
  return done->failed > 0 ? session::kExitFailed : 0;
}

void add_list_options(CLI::App& app, ListWords& words) {
  app.add_option("--budget", words.budget, "Only of this budget")->type_name("NAME");
  app.add_option("--run", words.run, "Only of this run")->type_name("RUN");
  app.add_option("-n,--newest", words.newest, "At most so many, the newest (default 50)")->type_name("N")->check(check_how_many);
  app.add_flag("--json", words.json, "As JSON");
}

CLI::App* add_deliver_part(CLI::App& alerts, Context& context) {
  auto words = std::make_shared<DeliverWords>();
  CLI::App* app = alerts.add_subcommand("deliver", "Look at all budgets now, and hand alerts that are due to the configured sinks");
  app->add_option("--for", words->limit, "Go on so long where some have to be tried again (default: once)")->type_name("TIME");
  app->add_flag("--test", words->test, "Send one that means nothing to every sink instead");
  app->add_flag("-q,--quiet", words->quiet, "Say only what went wrong with the ledger");
  app->footer("Examples:\n  tracked-spawn alerts deliver\n  tracked-spawn alerts deliver --test\nRuns start it by themselves; a timer may, too. The status is 125 if a delivery failed.");
  app->callback([&context, words] { context.action = [&context, words] { return deliver(context, *words); }; });
  return app;
}

}  // namespace

void add_alerts(CLI::App& program, Context& context) {
  CLI::App* alerts = program.add_subcommand("alerts", "What budgets and runs gave cause to say, and who got to hear it: list, deliver");
  alerts->require_subcommand(0, 1);
  alerts->footer("Examples:\n  tracked-spawn alerts\n  tracked-spawn alerts list --budget month --json\n  tracked-spawn alerts deliver --test");
  auto words = std::make_shared<ListWords>();
  const auto show = [&context, words]() -> int {
    const auto listed = list(context, *words);
    return listed.has_error() ? fail(context, listed.error()) : 0;
  };
  CLI::App* app = alerts->add_subcommand("list", "Alerts, oldest first (also without this word)");
  add_list_options(*app, *words);
  const std::size_t commons = alerts->get_options().size();
  add_list_options(*alerts, *words);  // they hold without the word, too
  app->footer("Example:\n  tracked-spawn alerts list -n 10");
  app->callback([&context, show] { context.action = show; });
  CLI::App* deliver_part = add_deliver_part(*alerts, context);
  for (std::size_t i = commons; i < alerts->get_options().size(); ++i) deliver_part->excludes(alerts->get_options()[i]);
  alerts->callback([&context, alerts, show] {
    if (alerts->get_subcommands().empty()) context.action = show;
  });
}

}  // namespace ts::cli
