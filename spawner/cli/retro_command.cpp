#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <filesystem>

#include "accounting/base/ascii.hpp"
#include "accounting/base/sprint.hpp"
#include "accounting/base/text.hpp"
#include "accounting/report/retro.hpp"
#include "spawner/cli/context.hpp"
#include "taskfile/find.hpp"
#include "taskfile/store.hpp"

namespace ts::cli {
namespace {

namespace fs = std::filesystem;

struct RetroWords {
  std::string sprint;
  std::string role = "engineer";
  std::string tasks;
  int percent = 90;
  bool json = false;
  bool csv = false;
};

/// The sprint's task files below a folder.
Result<std::vector<report::SprintTask>> sprint_files(Context& context, const RetroWords& words) {
  std::vector<report::SprintTask> found;
  std::error_code error;
  const fs::path root = fs::weakly_canonical(words.tasks, error);
  fs::recursive_directory_iterator at(root, fs::directory_options::skip_permission_denied, error);
  if (error) return errno_error("--tasks " + words.tasks, error.value());
  for (; at != fs::recursive_directory_iterator(); at.increment(error)) {
    if (error) return errno_error("--tasks " + words.tasks, error.value());
    const fs::path& path = at->path();
    if (at->is_directory(error) && path.filename().string().starts_with('.')) at.disable_recursion_pending();
    if (!at->is_regular_file(error) || path.extension() != ".md") continue;
    const auto document = taskfile::load(path);
    if (document.has_error()) {
      context.console.say(document.error().message);
      continue;
    }
    const taskfile::Reading says = taskfile::read(*document, context.world.patterns);
    if (!equal_ignoring_case(says.sprint, sprint_named(words.sprint))) continue;
    report::SprintTask task{says.task_id, path.string(), says.category, std::nullopt, says.actual.value};
    if (says.estimate) task.estimate_high = says.estimate->high;
    found.push_back(std::move(task));
  }
  return found;
}

Error no_such_sprint(const RetroWords& words, const std::vector<ledger::PastRun>& runs) {
  std::string known;
  for (const std::string& name : report::sprints_of(runs)) known += (known.empty() ? "" : ", ") + printable(name, 60);
  return {Errc::not_found, fmt::format("--sprint {}: no run has it{}", printable(words.sprint, 80),
                                       known.empty() ? "; runs get their sprint from the task file (\"**Sprint:** …\")" : "; the ledger has " + known)};
}

Result<void> retro(Context& context, const RetroWords& words) {
  TS_CHECK(configure(context));
  TS_TRY(const auto ledger, open_for_reading(context));
  TS_TRY(const auto runs, ledger->past_runs({}));
  report::RetroSources sources{sprint_named(words.sprint), words.role, words.percent, runs};
  if (!words.tasks.empty()) {
    TS_TRY(sources.files, sprint_files(context, words));
  }
  const report::Retro found = report::make_retro(sources);
  if (found.tasks.empty()) return no_such_sprint(words, runs);
  print(words.json ? report::retro_json(found) : words.csv ? report::retro_csv(found) : report::retro_markdown(found));
  return {};
}

}  // namespace

void add_retro(CLI::App& program, Context& context) {
  auto words = std::make_shared<RetroWords>();
  CLI::App* app = program.add_subcommand("retro", "A sprint's estimates against what was measured, and the caps that history suggests");
  app->add_option("--sprint", words->sprint, "The sprint, as the task files name it")->required()->type_name("NAME");
  app->add_option("--role", words->role, "Whose runs are the actual (default engineer)")->type_name("ROLE");
  app->add_option("--tasks", words->tasks, "Also the sprint's task files below this folder that no run touched")->type_name("FOLDER");
  app->add_option("--percentile", words->percent, "Which percentile of history the caps take (default 90)")->check(CLI::Range(1, 100))->type_name("N");
  auto* json = app->add_flag("--json", words->json, "As JSON");
  app->add_flag("--csv", words->csv, "As CSV")->excludes(json);
  app->footer("Markdown without --json and --csv: the table that a retrospective takes as it is.\nExamples:\n  tracked-spawn retro --sprint SPRINT-12\n  tracked-spawn retro --sprint SPRINT-12 --tasks tasks --csv");
  app->callback([&context, words] {
    context.action = [&context, words]() -> int {
      const auto done = retro(context, *words);
      return done.has_error() ? fail(context, done.error()) : 0;
    };
  });
}

}  // namespace ts::cli
