#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>

#include "accounting/base/text.hpp"
#include "accounting/import/scan.hpp"
#include "accounting/import/scan_json.hpp"
#include "spawner/cli/context.hpp"
#include "spawner/cli/table.hpp"

namespace ts::cli {
namespace {

constexpr std::size_t kSessionsShown = 20;

struct MeterWords {
  std::vector<std::string> paths;
  std::string agent;
  bool json = false;
};

std::vector<std::string> cells_of(const std::string& what, const std::string& name, const Totals& totals) {
  const TokenCounts& c = totals.counts;
  return {what,
          name,
          with_commas(c.input),
          with_commas(c.cache_write()),
          with_commas(c.cache_read),
          with_commas(c.output),
          totals.requests > 0 ? with_commas(totals.requests) : "-",
          with_commas(by_formula(c, Formula::fresh)),
          with_commas(by_formula(c, Formula::total))};
}

std::string session_name(const SessionTotals& session) {
  std::string name = printable(session.session.empty() ? "not said" : session.session, 40) + " (" + session.agent;
  if (session.ruling) name += ", " + std::string{name_of(*session.ruling)};
  return name + (session.counted ? ")" : ", not counted: an echo)");
}

std::string cost_of(const ScanResult& result) {
  std::string text = result.cost ? dollars(*result.cost) : std::string{"unpriced"};
  if (result.cost_assumed) text += " at most";
  if (result.cost && !result.unpriced_models.empty()) text += fmt::format(" and what has no price: {}", fmt::join(result.unpriced_models, ", "));
  return text;
}

std::string table_of(const ScanResult& result) {
  using enum Align;
  Table table({left, left, right, right, right, right, right, right, right});
  table.add({"", "", "INPUT", "CACHE WRITE", "CACHE READ", "OUTPUT", "REQUESTS", "FRESH", "TOTAL"});
  table.add(cells_of("all", "", result.totals));
  for (const Source source : {Source::gateway, Source::transcript, Source::stream})
    if (const auto& totals = result.by_source[static_cast<std::size_t>(source)]) table.add(cells_of("source", std::string{name_of(source)}, *totals));
  for (const auto& [model, totals] : result.by_model) table.add(cells_of("model", model.empty() ? "not said" : printable(model, 60), totals));
  for (std::size_t i = 0; i < std::min(result.sessions.size(), kSessionsShown); ++i)
    table.add(cells_of("session", session_name(result.sessions[i]), result.sessions[i].totals));
  std::string text = table.text();
  if (result.sessions.size() > kSessionsShown) text += fmt::format("and {} sessions more (--json has all)\n", result.sessions.size() - kSessionsShown);
  text += fmt::format("cost {} · {} file{} · {} lines, {} with usage, {} malformed", cost_of(result), with_commas(static_cast<std::int64_t>(result.files.size())),
                      result.files.size() == 1 ? "" : "s", with_commas(static_cast<std::int64_t>(result.parse.lines)),
                      with_commas(static_cast<std::int64_t>(result.parse.events)), with_commas(static_cast<std::int64_t>(result.parse.malformed)));
  if (result.unrecognized > 0) text += fmt::format(" · {} files of other kinds passed over", with_commas(static_cast<std::int64_t>(result.unrecognized)));
  return text + "\n";
}

int meter(Context& context, const MeterWords& words) {
  if (const auto configured = configure(context); configured.has_error()) return fail(context, configured.error());
  ScanOptions options;
  options.agent = words.agent;
  options.prices = prices_of(context);
  options.now = std::chrono::time_point_cast<std::chrono::microseconds>(std::chrono::system_clock::now());
  const auto result = scan({words.paths.begin(), words.paths.end()}, options);
  if (result.has_error()) return fail(context, result.error());
  for (const FileProblem& problem : result->problems) context.console.error(problem.error.message);
  const bool nothing = std::ranges::none_of(result->by_source, [](const auto& source) { return source.has_value(); });
  if (nothing && !result->files.empty()) context.console.error("no usage found: what was spent is unknown, not 0");
  if (words.json) {
    print(to_json(*result));
  } else if (!result->files.empty()) {
    print(table_of(*result));
  } else if (result->problems.empty()) {
    context.console.error(fmt::format("no usage found: {} file(s) below the given paths, none of a known kind; name a file to have it read as any JSON or text",
                                      result->unrecognized));
  }
  return result->problems.empty() ? 0 : session::kExitFailed;  // what could not be read is not in the count
}

}  // namespace

void add_meter(CLI::App& program, Context& context) {
  auto words = std::make_shared<MeterWords>();
  CLI::App* meter_app = program.add_subcommand("meter", "Count saved streams, transcripts or a whole agent home, offline");
  meter_app->add_option("PATH", words->paths, "Files and folders; each response counts once")->required();
  meter_app->add_option("--agent", words->agent, "Read all files as this agent's: claude, codex, gemini, opencode, qwen")->type_name("NAME");
  meter_app->add_flag("--json", words->json, "As JSON: counts, fresh, total, sources, parse; the same per model and per session");
  meter_app->footer("Examples:\n  tracked-spawn meter ~/.claude\n  tracked-spawn meter --json stdout.jsonl home/\n"
                    "The exit status is 125 if a path could not be read: the count is then not complete.");
  meter_app->callback([&context, words] { context.action = [&context, words] { return meter(context, *words); }; });
}

}  // namespace ts::cli
