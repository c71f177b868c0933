#include <fmt/format.h>

#include <CLI/CLI.hpp>

#include "accounting/base/text.hpp"
#include "accounting/report/json_parts.hpp"
#include "spawner/cli/context.hpp"
#include "spawner/cli/table.hpp"
#include "spawner/config/keys.hpp"

namespace ts::cli {
namespace {

using report::Json;

constexpr std::string_view kOrigins[] = {"user", "project", "environment"};

std::string_view name_of(config::Origin origin) { return kOrigins[static_cast<int>(origin)]; }

std::string settings_json(const config::Settings& settings, const Context& context) {
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
  for (const auto& row : settings.prices.rows) table.add({"prices." + row.model, "a price of its own", row.where});
  std::string text = table.text();
  for (const std::string& file : settings.files) text += "read " + file + "\n";
  if (settings.files.empty()) {
    const std::string user = config::user_file(context.world.env);
    text += fmt::format("no configuration file; yours would be {}, a project's .tracked-spawn.toml\n", user.empty() ? "below HOME, which is not set" : user);
  }
  return text;
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
  context.settings = std::move(settings);
  return {};
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
      print(*json ? settings_json(*context.settings, context) : settings_text(*context.settings, context));
      return 0;
    };
  });
}

}  // namespace ts::cli
