#include <fmt/format.h>

#include <CLI/CLI.hpp>

#include "accounting/report/json_parts.hpp"
#include "spawner/cli/context.hpp"
#include "spawner/cli/settings_check.hpp"
#include "spawner/session/doctor.hpp"

namespace ts::cli {
namespace {

using session::Finding;
using session::Health;

std::string findings_json(const std::vector<Finding>& findings) {
  auto array = report::Json::array();
  for (const Finding& f : findings)
    array.push_back({{"area", f.area}, {"subject", f.subject}, {"health", std::string{session::name_of(f.health)}}, {"says", f.says}, {"advice", report::text_or_null(f.advice)}});
  return report::dump({{"version", TS_VERSION}, {"findings", array}});
}

std::string findings_text(const std::vector<Finding>& findings) {
  constexpr std::string_view kSigns[] = {"ok  ", "note", "BAD "};
  std::string text = fmt::format("tracked-spawn {}\n", TS_VERSION);
  std::string area;
  for (const Finding& f : findings) {
    if (f.area != area) text += (area = f.area) + "\n";
    text += fmt::format("  {}  {}: {}\n", kSigns[static_cast<int>(f.health)], f.subject, f.says);
    if (!f.advice.empty()) text += fmt::format("        → {}\n", f.advice);
  }
  return text;
}

}  // namespace

void add_doctor(CLI::App& program, Context& context) {
  auto json = std::make_shared<bool>(false);
  CLI::App* app = program.add_subcommand("doctor", "Check containment, ledger, agents, configuration and limits, and say what to do");
  app->add_flag("--json", *json, "As JSON");
  app->footer("Example:\n  tracked-spawn doctor\nThe exit status is 125 if something is bad.");
  app->callback([&context, json] {
    context.action = [&context, json]() -> int {
      (void)configure(context);  // what is wrong with it is among the findings
      const auto findings = session::examine(context.world, unfit_settings);
      print(*json ? findings_json(findings) : findings_text(findings));
      const bool bad = std::ranges::any_of(findings, [](const Finding& f) { return f.health == Health::bad; });
      return bad ? session::kExitFailed : 0;
    };
  });
}

}  // namespace ts::cli
