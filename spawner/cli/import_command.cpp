#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <nlohmann/json.hpp>

#include "accounting/base/text.hpp"
#include "accounting/import/import.hpp"
#include "accounting/ledger/zones.hpp"
#include "accounting/report/json_parts.hpp"
#include "accounting/report/usage_report.hpp"
#include "spawner/cli/context.hpp"
#include "spawner/cli/table.hpp"
#include "spawner/session/identity.hpp"
#include "spawner/session/paths.hpp"

namespace ts::cli {
namespace {

struct ImportWords {
  std::vector<std::string> paths;
  std::string agent, zone = "UTC";
  bool estimated = false, json = false;
};

std::string number(std::uint64_t value) { return with_commas(static_cast<std::int64_t>(value)); }

std::string text_of(const ImportResult& result) {
  const ledger::ImportTally& t = result.tally;
  std::string text = fmt::format("{} files: {} as they were, {} read on from where they were, {} read whole\n", number(result.files),
                                 number(result.unchanged), number(result.continued), number(result.files - result.unchanged - result.continued));
  text += fmt::format("{} new responses in {} new runs; {} grown, {} known", with_commas(t.responses), with_commas(t.runs), with_commas(t.grown),
                      with_commas(t.known));
  if (t.of_runs > 0) text += fmt::format(", {} counted by runs already", with_commas(t.of_runs));
  text += "\n";
  if (t.held > 0) text += fmt::format("{} responses left for the next import: a run that is going on may be about to count them\n", with_commas(t.held));
  if (t.estimated > 0) text += fmt::format("{} guesses, kept apart: `tracked-spawn import --estimated` shows them\n", with_commas(t.estimated));
  if (t.alerts > 0) text += fmt::format("{} alerts\n", with_commas(t.alerts));
  if (result.unnamed > 0) text += fmt::format("{} streams left out: they don't say their session, or count its past as well (`tracked-spawn meter` counts them)\n", number(result.unnamed));
  if (result.parse.malformed > 0) text += fmt::format("{} malformed lines\n", number(result.parse.malformed));
  if (result.unrecognized > 0) text += fmt::format("{} files of other kinds passed over\n", number(result.unrecognized));
  return text;
}

std::string json_of(const ImportResult& result) {
  const ledger::ImportTally& t = result.tally;
  auto problems = nlohmann::ordered_json::array();
  for (const FileProblem& problem : result.problems) problems.push_back({{"path", problem.path}, {"error", problem.error.message}});
  const nlohmann::ordered_json json = {
      {"files", result.files},         {"unchanged", result.unchanged}, {"continued", result.continued}, {"unrecognized", result.unrecognized},
      {"unnamed", result.unnamed},     {"bytes", result.bytes},         {"lines", result.parse.lines},   {"malformed", result.parse.malformed},
      {"runs", t.runs},                {"responses", t.responses},      {"grown", t.grown},              {"known", t.known},
      {"of_runs", t.of_runs},          {"held", t.held},                {"estimated", t.estimated},      {"alerts", t.alerts},
      {"problems", std::move(problems)}};
  return report::dump(json);
}

int show_estimated(Context& context, const ImportWords& words) {
  auto books = open_books(context, ledger::OpenMode::read);
  if (books.has_error()) return fail(context, books.error());
  const auto rows = (*books)->imports().estimated();
  if (rows.has_error()) return fail(context, rows.error());
  if (words.json) {
    auto array = nlohmann::ordered_json::array();
    for (const ledger::EstimatedUsage& row : *rows)
      array.push_back({{"file", row.file}, {"line", row.line}, {"at", row.at ? nlohmann::ordered_json(rfc3339(*row.at)) : nlohmann::ordered_json(nullptr)},
                       {"task", row.task}, {"phase", row.phase}, {"input", row.input}, {"output", row.output}, {"total", row.total}});
    print(report::dump(array));
    return 0;
  }
  using enum Align;
  Table table({left, right, right, right, right});
  table.add({"TASK (estimated)", "LINES", "INPUT", "OUTPUT", "TOTAL"});
  struct Sum {
    std::int64_t lines = 0;
    Tokens input = 0, output = 0, total = 0;
    void add(const ledger::EstimatedUsage& row) {
      ++lines;
      input = saturating_add(input, row.input);
      output = saturating_add(output, row.output);
      total = saturating_add(total, row.total);
    }
  };
  std::map<std::string, Sum> tasks;
  Sum all;
  for (const ledger::EstimatedUsage& row : *rows) {
    tasks[row.task].add(row);
    all.add(row);
  }
  const auto line = [&](const std::string& name, const Sum& sum) {
    table.add({name, with_commas(sum.lines), with_commas(sum.input), with_commas(sum.output), with_commas(sum.total)});
  };
  for (const auto& [task, sum] : tasks) line(report::key_text(task), sum);
  line("total", all);
  print(table.text() + "guesses from ledgers kept by hand; they count in no report and no budget\n");
  return 0;
}

int import_all(Context& context, const ImportWords& words) {
  if (words.estimated) return show_estimated(context, words);
  if (words.paths.empty()) return fail(context, {Errc::invalid_argument, "import: no path given: name files or folders, such as ~/.claude"});
  if (const auto configured = configure(context); configured.has_error()) return fail(context, configured.error());
  auto home = session::state_home(context.world.env);
  if (home.has_error()) return fail(context, home.error());
  ImportOptions options;
  options.agent = words.agent;
  options.host = session::this_process().host;
  options.now = std::chrono::time_point_cast<std::chrono::microseconds>(std::chrono::system_clock::now());
  const auto zone = ledger::load_zone(words.zone);
  if (zone.has_error()) return fail(context, zone.error());
  options.zone = *zone;
  ledger::BooksOptions books_options;
  books_options.prices = [&context]() -> const PriceBook& { return *prices_of(context); };
  auto books = ledger::Books::open(session::ledger_path(*home), ledger::OpenMode::write, books_options);
  if (books.has_error()) return fail(context, books.error());
  const auto result = import_usage(**books, {words.paths.begin(), words.paths.end()}, options);
  if (result.has_error()) return fail(context, result.error());
  for (const FileProblem& problem : result->problems) context.console.error(problem.error.message);
  print(words.json ? json_of(*result) : text_of(*result));
  return result->problems.empty() ? 0 : session::kExitFailed;
}

}  // namespace

void add_import(CLI::App& program, Context& context) {
  auto words = std::make_shared<ImportWords>();
  CLI::App* command = program.add_subcommand("import", "Bring transcripts and older systems' records into the ledger, each response once");
  command->add_option("PATH", words->paths, "Files and folders: transcripts, saved streams, agents' databases, usage_records databases, api-calls-*.jsonl, "
                                            "tokens.csv, Markdown token ledgers");
  command->add_option("--agent", words->agent, "Read all transcripts and streams as this agent's")->type_name("NAME");
  command->add_option("--zone", words->zone, "Of times in older records that don't say theirs: UTC (default), Europe/Berlin, +05:30")->type_name("ZONE");
  command->add_flag("--estimated", words->estimated, "Show the guesses that were brought in; they count nowhere");
  command->add_flag("--json", words->json, "As JSON");
  command->footer("Examples:\n  tracked-spawn import ~/.claude ~/.codex\n  tracked-spawn import --zone Europe/Berlin old/usage.db old/api-calls-2026-01-31.jsonl\n"
                  "The same again reads only what is new. The exit status is 125 if a path could not be read; the rest is in the ledger.");
  command->callback([&context, words] { context.action = [&context, words] { return import_all(context, *words); }; });
}

}  // namespace ts::cli
