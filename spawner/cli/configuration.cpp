#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>

#include "accounting/base/ascii.hpp"
#include "accounting/base/text.hpp"
#include "accounting/ledger/zones.hpp"
#include "accounting/report/json_parts.hpp"
#include "spawner/cli/context.hpp"
#include "spawner/cli/recorded_name.hpp"
#include "spawner/cli/settings_check.hpp"
#include "spawner/cli/table.hpp"
#include "spawner/config/keys.hpp"
#include "spawner/notify/webhook.hpp"
#include "spawner/session/alerting.hpp"
#include "taskfile/find.hpp"

namespace ts::cli {
namespace {

using report::Json;

constexpr std::string_view kOrigins[] = {"user", "project", "environment"};

std::string_view name_of(config::Origin origin) { return kOrigins[static_cast<int>(origin)]; }

/// Secrets are not shown: the secret itself, and what a webhook's path may hold.
std::string shown_alert(const std::string& key, const std::string& text) {
  if (key == "webhook_secret") return "(set)";
  if (key != "webhook") return printable(text, 80);
  const auto host = text.find("://");
  const auto path = host == std::string::npos ? host : text.find('/', host + 3);
  return path == std::string::npos ? printable(text, 80) : printable(text.substr(0, path), 80) + "/…";
}

std::string settings_json(const config::Settings& settings, const Context& context, const std::vector<std::string>& unfit) {
  Json j = {{"files", settings.files}, {"user_file", report::text_or_null(config::user_file(context.world.env))}, {"run", Json::object()},
            {"labels", Json::object()}, {"patterns", Json::array()}, {"prices", Json::array()}};
  for (const config::Key& key : config::run_keys()) {
    const auto found = settings.run.find(key.name);
    const bool said = found != settings.run.end();
    j["run"][std::string{key.name}] = {{"value", said ? Json(found->second.text) : Json(nullptr)},
                                       {"default", std::string{key.standard}},
                                       {"origin", said ? std::string{name_of(found->second.origin)} : "default"},
                                       {"where", said ? Json(found->second.where) : Json(nullptr)}};
  }
  for (const auto& [name, label] : settings.labels) j["labels"][name] = {{"value", label.text}, {"where", label.where}};
  for (const auto& p : settings.patterns) j["patterns"].push_back({{"kind", p.kind}, {"label", p.label}, {"where", p.where}});
  j["budgets"] = Json::array();
  for (const auto& b : settings.budgets) j["budgets"].push_back({{"budget", b.budget.name}, {"limit", b.budget.limit}, {"measure", std::string{name_of(b.budget.measure)}}, {"where", b.where}});
  j["alerts"] = Json::object();
  for (const auto& [key, setting] : settings.alerts) j["alerts"][key] = {{"value", shown_alert(key, setting.text)}, {"where", setting.where}};
  j["unfit"] = unfit;
  for (const auto& row : settings.prices.rows) j["prices"].push_back({{"model", row.model}, {"where", row.where}});
  return report::dump(j);
}

std::string settings_text(const config::Settings& settings, const Context& context) {
  using enum Align;
  Table table({left, left, left});
  table.add({"KEY", "VALUE", "FROM"});
  for (const config::Key& key : config::run_keys()) {
    const auto found = settings.run.find(key.name);
    const bool said = found != settings.run.end();
    table.add({"run." + std::string{key.name}, said ? printable(found->second.text, 80) : std::string{key.standard}, said ? found->second.where : "default"});
  }
  for (const auto& [name, label] : settings.labels) table.add({"run.labels." + name, printable(label.text, 80), label.where});
  for (const auto& p : settings.patterns) table.add({"taskfile.patterns." + p.kind, printable(p.label, 80), p.where});
  for (const auto& b : settings.budgets) table.add({"budget." + printable(b.budget.name, 60), describe_amount(b.budget.limit, b.budget.measure), b.where});
  for (const auto& [key, setting] : settings.alerts) table.add({"alerts." + key, shown_alert(key, setting.text), setting.where});
  for (const auto& row : settings.prices.rows) table.add({"prices." + row.model, "a price of its own", row.where});
  std::string text = table.text();
  for (const std::string& file : settings.files) text += "read " + file + "\n";
  if (settings.files.empty()) {
    const std::string user = config::user_file(context.world.env);
    text += fmt::format("no configuration file; yours would be {}, a project's .tracked-spawn.toml\n", user.empty() ? "below HOME, which is not set" : user);
  }
  return text;
}

/// A project's budgets are about the project, unless they say otherwise.
void take_budgets(const config::Settings& settings, Context& context) {
  const std::string project_file = config::project_file(context.world.cwd);
  for (const std::string& file : settings.files) {
    auto& [name, budgets] = context.world.budgets.emplace_back(file, std::vector<Budget>{});
    for (const config::BudgetSetting& setting : settings.budgets) {
      if (setting.file != file) continue;
      Budget budget = setting.budget;
      if (file == project_file && !budget.scope.project) budget.scope.project = taskfile::project_root(context.world.cwd).string();
      budgets.push_back(std::move(budget));
    }
  }
}

/// What `[alerts]` means.
struct AlertMeaning {
  notify::SinkSettings sinks;
  session::AlertOptions options;
};

Result<AlertMeaning> alerts_of(const config::Settings& settings) {
  const auto find = [&](std::string_view key) {
    const auto found = settings.alerts.find(key);
    return found == settings.alerts.end() ? nullptr : &found->second;
  };
  const auto text_of = [&](std::string_view key) { return find(key) == nullptr ? std::string{} : find(key)->text; };
  AlertMeaning meaning;
  meaning.sinks = {text_of("file"), text_of("command"), text_of("webhook"), text_of("webhook_secret")};
  if (const auto* webhook = find("webhook"))
    if (const auto fine = notify::check_url(webhook->text); fine.has_error()) return with_context(webhook->where, fine.error());
  session::AlertOptions& alerts = meaning.options;
  alerts.on_stderr = text_of("stderr") != "false";
  alerts.forecast = text_of("forecast") != "false";
  if (const auto* factor = find("rate_factor")) {
    alerts.rate_factor = std::atoi(factor->text.c_str());
    if (factor->text != "0" && (alerts.rate_factor < 2 || alerts.rate_factor > 1'000'000 || factor->text.size() > 7))
      return Error{Errc::invalid_argument, factor->where + ": alerts.rate_factor: from 2 to 1000000, or 0 for no such alert"};
  }
  if (const auto* interval = find("rate_interval")) {
    const auto time = parse_duration(interval->text);
    if (time.has_error()) return with_context(interval->where + ": alerts.rate_interval", time.error());
    if (*time < std::chrono::milliseconds{100} || *time > std::chrono::hours{24}) return Error{Errc::invalid_argument, interval->where + ": alerts.rate_interval: from 1s to 24h"};
    alerts.rate_interval = *time;
  }
  return meaning;
}

Result<void> scope_fits(const config::BudgetSetting& setting) {
  const auto fits = check_scope(setting.budget);
  if (fits.has_error()) return with_context(setting.where, fits.error());
  return {};
}

/// A ledger has one budget of a name, whichever file it stands in.
void tell_names_twice(const std::vector<config::BudgetSetting>& budgets, std::vector<std::string>& all) {
  for (auto budget = budgets.begin(); budget != budgets.end(); ++budget) {
    const auto same = std::find_if(budgets.begin(), budget, [&](const config::BudgetSetting& other) { return equal_ignoring_case(budget->budget.name, other.budget.name); });
    if (same != budget)
      all.push_back(fmt::format("{}: budget.{}: there is '{}' already ({}): choose another name", budget->where, printable(budget->budget.name, 80), printable(same->budget.name, 80), same->where));
  }
}

}  // namespace

Result<void> configure(Context& context) {
  if (context.settings) return {};
  TS_TRY(config::Settings settings, config::load(context.world.env, context.world.cwd));
  if (!settings.patterns.empty()) {
    TS_TRY(context.world.patterns, config::patterns_of(settings));
  }
  const PriceList& prices = settings.prices;
  if (!prices.rows.empty() || !prices.aliases.empty() || !prices.unpriced.empty()) {
    TS_TRY(PriceBook book, config::prices_of(settings));
    context.world.prices = std::make_shared<const PriceBook>(std::move(book));
  }
  TS_TRY(AlertMeaning alerts, alerts_of(settings));
  context.world.sinks = std::move(alerts.sinks);
  context.world.alerts = alerts.options;
  for (const config::BudgetSetting& budget : settings.budgets) TS_CHECK(scope_fits(budget));
  take_budgets(settings, context);
  context.settings = std::move(settings);
  return {};
}

std::vector<std::string> unfit_settings(const config::Settings& settings) {
  std::vector<std::string> all;
  const auto add = [&](const auto& result) {
    if (result.has_error()) all.push_back(result.error().message);
  };
  for (const auto& [key, setting] : settings.run) {  // one at a time: each of them is told
    config::Settings one;
    one.run[key] = setting;
    add(check_run_settings(one));
  }
  for (const config::BudgetSetting& budget : settings.budgets) add(scope_fits(budget));
  for (const config::BudgetSetting& budget : settings.budgets)
    if (const auto zone = ledger::load_zone(budget.budget.period.zone); zone.has_error())
      all.push_back(fmt::format("{}: budget.{}.zone: {}", budget.where, printable(budget.budget.name, 80), zone.error().message));
  tell_names_twice(settings.budgets, all);
  add(alerts_of(settings));
  return all;
}

void tell_unapplied(Context& context, ledger::Books& books) {
  const auto names = session::unapplied_budgets(books, context.world);
  if (names.has_error() || names->empty()) return;
  context.console.error(fmt::format("warning: configured, and not yet in the ledger: {}; the next run takes them over", fmt::join(*names, ", ")));
}

const PriceBook* prices_of(const Context& context) { return context.world.prices ? context.world.prices.get() : &builtin_prices(); }

void add_config(CLI::App& program, Context& context) {
  auto json = std::make_shared<bool>(false);
  CLI::App* app = program.add_subcommand("config", "The settings that hold here, and where each comes from");
  app->add_flag("--json", *json, "As JSON");
  app->footer("Command line > environment (TRACKED_SPAWN_CAP …) > project (.tracked-spawn.toml) > user (config.toml) > default.\n"
              "Example of a file:\n  [run]\n  cap_factor = \"4x\"\n  on_cap = \"report\"\n  [taskfile.patterns]\n  estimate = [\"Budgeted tokens\"]\n"
              "  [prices.\"my-model\"]\n  input = 3.0\n  output = 15.0");
  app->callback([&context, json] {
    context.action = [&context, json]() -> int {
      if (const auto configured = configure(context); configured.has_error()) return fail(context, configured.error());
      const auto unfit = unfit_settings(*context.settings);
      print(*json ? settings_json(*context.settings, context, unfit) : settings_text(*context.settings, context));
      for (const std::string& trouble : unfit) context.console.error(trouble);
      return unfit.empty() ? 0 : session::kExitFailed;
    };
  });
}

}  // namespace ts::cli
