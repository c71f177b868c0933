#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <fstream>

#include "accounting/base/text.hpp"
#include "accounting/report/run_json.hpp"
#include "spawner/cli/context.hpp"
#include "spawner/cli/table.hpp"

namespace ts::cli {
namespace {

std::string row(std::string_view name, const std::string& value) { return value.empty() ? "" : fmt::format("{:<12} {}\n", name, value); }

std::string counts_text(const Totals& totals) {
  const TokenCounts& c = totals.counts;
  return fmt::format("{} fresh, {} total (input {}, cache write {}, cache read {}, output {}{}){}",
                     with_commas(by_formula(c, Formula::fresh)), with_commas(by_formula(c, Formula::total)), with_commas(c.input),
                     with_commas(c.cache_write()), with_commas(c.cache_read), with_commas(c.output),
                     c.reasoning > 0 ? fmt::format(", of it reasoning {}", with_commas(c.reasoning)) : "",
                     totals.requests > 0 ? " in " + many(totals.requests, "request") : "");
}

std::string cap_text(const ledger::Cap& cap) {
  if (!cap.limit) return "none";
  const std::string limit = cap.formula == Formula::usd ? dollars(*cap.limit) : fmt::format("{} {} tokens", with_commas(*cap.limit), name_of(cap.formula));
  return fmt::format("{} ({})", limit, cap.source);
}

std::string end_text(const ledger::RunEnd& end) {
  std::string text{ledger::name_of(end.outcome)};
  if (end.exit_code) text += fmt::format(", exit {}", *end.exit_code);
  if (end.exit_signal) text += fmt::format(", signal {}", *end.exit_signal);
  return text;
}

/// What the gateway wrote of its requests.
report::RequestSums requests_of(const ledger::RunRecord& run) {
  report::RequestAdder adder;
  std::ifstream file(run.start.run_dir + "/events.jsonl", std::ios::binary);
  std::vector<char> piece(64 * 1024);
  while (!run.start.run_dir.empty() && file.good()) {
    file.read(piece.data(), static_cast<std::streamsize>(piece.size()));
    adder.push({piece.data(), static_cast<std::size_t>(file.gcount())});
  }
  return adder.finish();
}

std::string sum_text(const report::RequestSum& s, Formula formula) {
  const auto amount = [&](std::int64_t value) { return formula == Formula::usd ? dollars(value) : with_commas(value); };
  std::string text = fmt::format("{} request{}, billed {}", with_commas(static_cast<std::int64_t>(s.requests)), s.requests == 1 ? "" : "s", amount(s.billed));
  if (s.unconfirmed > 0) text += fmt::format(", perhaps {} more", amount(s.unconfirmed));
  if (s.refused > 0) text += fmt::format(", {} refused", s.refused);
  if (s.failed > 0) text += fmt::format(", {} failed", s.failed);
  if (s.input > 0) text += fmt::format(", fresh input {} (predicted {})", with_commas(s.input), with_commas(s.predicted));
  const auto left = static_cast<std::int64_t>(s.requests - s.refused);
  if (left > 0) text += fmt::format(", latency added {}", human_duration(std::chrono::microseconds{s.latency_us / left}));
  return text;
}

std::string requests_text(const report::RequestSums& sums, Formula formula) {
  constexpr std::size_t kShownAgents = 12;
  if (sums.all.requests == 0) return {};
  std::string text = row("requests", sum_text(sums.all, formula));
  for (const auto& [model, sum] : sums.by_model) text += row("  model", fmt::format("{}: {}", model.empty() ? "not said" : model, sum_text(sum, formula)));
  std::vector<std::pair<std::string_view, const report::RequestSum*>> agents;
  for (const auto& [agent, sum] : sums.by_agent) agents.emplace_back(agent, &sum);
  std::ranges::stable_sort(agents, [](const auto& a, const auto& b) { return a.second->billed > b.second->billed; });
  for (std::size_t i = 0; i < std::min(agents.size(), kShownAgents); ++i)
    text += row("  agent", fmt::format("{}: {}", agents[i].first, sum_text(*agents[i].second, formula)));
  if (agents.size() > kShownAgents) text += row("  agent", fmt::format("… and {} more (--json has all)", agents.size() - kShownAgents));
  return text;
}

std::string table(const ledger::RunRecord& run, const report::RequestSums& requests) {
  const ledger::RunStart& s = run.start;
  std::string text = row("run", s.id.text) + row("task", s.task_id + (s.task_title.empty() ? "" : " " + printable(s.task_title))) +
                     row("file", s.task_file) + row("agent", s.agent + (run.end && !run.end->agent_version.empty() ? " " + run.end->agent_version : "")) +
                     row("role", s.role) + row("command", fmt::format("{}", fmt::join(s.argv, " "))) + row("folder", s.run_dir) +
                     row("cap", cap_text(s.cap)) + row("started", rfc3339(s.started));
  if (!run.end) return text + row("outcome", "running") + row("count", counts_text(run.live)) + requests_text(requests, s.cap.formula);
  const ledger::RunEnd& e = *run.end;
  text += row("ended", rfc3339(e.ended)) + row("outcome", end_text(e));
  text += row("count", e.ruling ? counts_text(e.totals) : "unknown: no meter saw any usage");
  for (Source source : {Source::gateway, Source::transcript, Source::stream})
    if (const auto& totals = e.by_source[static_cast<std::size_t>(source)])
      text += row(fmt::format("  {}", name_of(source)), counts_text(*totals) + (e.ruling == source ? " ← counts" : ""));
  for (const auto& [model, totals] : e.by_model) text += row("  model", fmt::format("{}: {}", model.empty() ? "not said" : model, counts_text(totals)));
  text += requests_text(requests, s.cap.formula);
  text += row("cost", e.cost ? dollars(*e.cost) : std::string{"unpriced"});
  for (const std::string& session : e.sessions) text += row("session", session);
  return text + row("receipt", e.receipt_json);
}

}  // namespace

void add_show(CLI::App& program, Context& context) {
  struct Words {
    std::string run;
    bool json = false;
  };
  auto words = std::make_shared<Words>();
  CLI::App* show = program.add_subcommand("show", "One run, whole");
  show->add_option("RUN", words->run, "The run's id, or the beginning of it")->required();
  show->add_flag("--json", words->json, "As JSON");
  show->footer("Examples:\n  tracked-spawn show 7f3k2m\n  tracked-spawn show 7f3k2m --json");
  show->callback([&context, words] {
    context.action = [&context, words]() -> int {
      auto ledger = open_for_reading(context);
      if (ledger.has_error()) return fail(context, ledger.error());
      auto run = (*ledger)->find(words->run);
      if (run.has_error()) return fail(context, run.error());
      const report::RequestSums requests = requests_of(*run);
      print(words->json ? report::run_json(*run, &requests) : table(*run, requests));
      return 0;
    };
  });
}

}  // namespace ts::cli
