#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <chrono>

#include "accounting/base/text.hpp"
#include "accounting/report/run_json.hpp"
#include "spawner/cli/context.hpp"
#include "spawner/session/identity.hpp"

namespace ts::cli {
namespace {

std::string state_of(const ledger::RunRecord& run, const ledger::Here& here) {
  if (run.end) return std::string{ledger::name_of(run.end->outcome)};
  return ledger::liveness_of(run.start, here) == ledger::Liveness::dead ? "crashed (tracked-spawn recover)" : "running";
}

std::string line_of(const ledger::RunRecord& run, UtcTime now, const ledger::Here& here) {
  const Totals& totals = run.end ? run.end->totals : run.live;
  const auto& cap = run.start.cap;
  const bool money = cap.formula == Formula::usd;
  const std::string spent = money ? dollars(run.end ? run.end->cost.value_or(0) : 0) : compact(by_formula(totals.counts, cap.formula));
  const std::string limit = !cap.limit ? "-" : money ? dollars(*cap.limit) : compact(*cap.limit);
  const auto time = (run.end ? run.end->ended : now) - run.start.started;
  return fmt::format("{:<11} {:<16} {:<9} {:>8} {:>8} {:<7} {:>9}  {}\n", run.start.id.text, run.start.task_id.empty() ? "-" : run.start.task_id,
                     run.start.agent, spent, limit, name_of(cap.formula), human_duration(time), state_of(run, here));
}

}  // namespace

void add_ps(CLI::App& program, Context& context) {
  struct Words {
    bool all = false;
    bool json = false;
    std::size_t newest = 50;
  };
  auto words = std::make_shared<Words>();
  CLI::App* ps = program.add_subcommand("ps", "Running runs; with --all past ones too");
  ps->add_flag("-a,--all", words->all, "Past runs too");
  ps->add_option("-n", words->newest, "At most so many, newest first (default 50)");
  ps->add_flag("--json", words->json, "As JSON");
  ps->footer("Example: tracked-spawn ps --all -n 10");
  ps->callback([&context, words] {
    context.action = [&context, words]() -> int {
      auto ledger = open_for_reading(context);
      if (ledger.has_error()) return fail(context, ledger.error());
      ledger::RunFilter filter;
      filter.running_only = !words->all;
      filter.newest = words->newest;
      auto runs = (*ledger)->list(filter);
      if (runs.has_error()) return fail(context, runs.error());
      if (words->json) {
        print(report::runs_json(*runs));
        return 0;
      }
      std::string text = fmt::format("{:<11} {:<16} {:<9} {:>8} {:>8} {:<7} {:>9}  {}\n", "RUN", "TASK", "AGENT", "SPENT", "CAP", "FORMULA", "TIME", "STATE");
      const auto now = std::chrono::time_point_cast<std::chrono::microseconds>(std::chrono::system_clock::now());
      const ledger::Here here = session::here();
      for (const auto& run : *runs) text += line_of(run, now, here);
      print(text);
      return 0;
    };
  });
}

}  // namespace ts::cli
