#include <fmt/format.h>

#include <CLI/CLI.hpp>

#include "accounting/base/text.hpp"
#include "accounting/budget/cap.hpp"
#include "accounting/ledger/spent_runs.hpp"
#include "spawner/cli/context.hpp"
#include "spawner/cli/task_text.hpp"
#include "spawner/session/paths.hpp"
#include "spawner/session/settle.hpp"
#include "taskfile/find.hpp"
#include "taskfile/store.hpp"

namespace ts::cli {
namespace {

namespace fs = std::filesystem;

struct SetWords {
  std::string file;
  std::string actual;
  std::string run;
  std::string role = "engineer";
  std::string formula = "fresh";
  std::string agent = "other";
  std::string model;
  std::string outcome = "completed";
  std::string cap;
  std::string duration;
  bool dry_run = false;
};

Result<fs::path> file_named(const Context& context, const std::string& name) {
  TS_TRY(const fs::path found, taskfile::resolve(name, taskfile::project_root(context.world.cwd)));
  return found;
}

Result<Tokens> measured(const std::string& option, const std::string& text) {
  if (text == "0") return Tokens{0};
  auto count = parse_token_count(text);
  if (count.has_error()) return with_context(option, count.error());
  return *count;
}

Result<taskfile::Actual> actual_of(const SetWords& words) {
  taskfile::Actual actual;
  if (words.run.empty() || words.run.size() > 64 || words.run.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-") != std::string::npos)
    return Error{Errc::invalid_argument, fmt::format("--run {}: letters, digits, '.', '_' and '-', at most 64: it names the run in the file", printable(words.run, 80))};
  actual.run.text = words.run;
  actual.agent = words.agent;
  actual.model = words.model;
  const auto formula = formula_named(words.formula);
  if (!formula || *formula == Formula::usd)
    return Error{Errc::invalid_argument, fmt::format("--formula {}: a task file counts fresh, total or output tokens", printable(words.formula, 40))};
  actual.formula = words.formula;
  actual.outcome = words.outcome;
  TS_TRY(actual.count, measured("--actual", words.actual));
  if (!words.cap.empty()) {
    TS_TRY(actual.cap, measured("--cap", words.cap));
  }
  if (!words.duration.empty()) {
    auto duration = parse_duration(words.duration);
    if (duration.has_error()) return with_context("--duration", duration.error());
    actual.duration = *duration;
  }
  return actual;
}

/// The edit as a diff; nothing is written.
Result<void> show_diff(const fs::path& file, const SetWords& words, const taskfile::Actual& actual, Context& context) {
  TS_TRY(const taskfile::Document document, taskfile::load(file));
  TS_TRY(const taskfile::EditPlan plan, taskfile::plan_actual(document, taskfile::read(document, context.world.patterns), actual, taskfile::role_named(words.role)));
  const std::string diff = taskfile::unified_diff(document.bytes(), taskfile::apply(document, plan), file.string());
  if (!diff.empty()) print(diff);
  else context.console.say(fmt::format("{}: has this run already; nothing would change", file.string()));
  for (const std::string& note : plan.notes) context.console.say(note);
  return {};
}

Result<void> set(Context& context, const SetWords& words) {
  TS_CHECK(configure(context));
  TS_TRY(const taskfile::Actual actual, actual_of(words));
  TS_TRY(const fs::path file, file_named(context, words.file));
  if (words.dry_run) return show_diff(file, words, actual, context);
  TS_TRY(const auto report, taskfile::update({file, {}}, taskfile::actual_planner(actual, taskfile::role_named(words.role), context.world.patterns)));
  if (!report.diff.empty()) print(report.diff);
  ledger::RunStart start;
  start.cwd = context.world.cwd;
  context.console.say(session::written_line(start, actual, report));
  for (const std::string& note : report.notes) context.console.say(note);
  return {};
}

/// What engineers' runs of the task's category took. Absent: there is no ledger, or it has none; what the file says is shown all the same.
std::optional<report::PastSpending> past_of(const Context& context, const taskfile::Reading& reading) {
  const auto home = session::state_home(context.world.env);
  if (home.has_error()) return std::nullopt;
  const auto runs = ledger::spent_runs(session::ledger_path(*home), "engineer");
  return runs.has_value() ? report::spending_like(*runs, {reading.category, "engineer", "", ""}) : std::nullopt;
}

Result<void> show(Context& context, const std::string& name, bool json) {
  TS_CHECK(configure(context));
  TS_TRY(const fs::path file, file_named(context, name));
  TS_TRY(const taskfile::Document document, taskfile::load(file));
  const taskfile::Reading reading = taskfile::read(document, context.world.patterns);
  const auto past = past_of(context, reading);
  print(json ? reading_json(file.string(), reading, past) : reading_text(file.string(), reading, past));
  return {};
}

/// Repeats the write-back of one run from the ledger. True: the file has it now.
Result<void> sync_run(Context& context, ledger::Ledger& ledger, const ledger::RunRecord& run) {
  const ledger::RunStart& start = run.start;
  if (start.task_file.empty()) return Error{Errc::invalid_argument, fmt::format("run {}: had no task file", start.id.text)};
  if (!run.end) return Error{Errc::conflict, fmt::format("run {}: has not ended; its end writes the file, and `tracked-spawn recover` does for a crashed run", start.id.text)};
  const std::string resume = session::resume_of(start, *run.end);
  const auto actual = session::actual_of(start, *run.end, resume);
  if (!actual) return Error{Errc::not_found, fmt::format("run {}: no meter saw any usage, so there is no count to write", start.id.text)};
  TS_TRY(const auto report, session::write_task(start, *actual, context.world.patterns));
  TS_CHECK(ledger.mark_task_written(start.id));
  if (!report.diff.empty()) print(report.diff);
  ledger::RunStart here = start;
  here.cwd = context.world.cwd;
  context.console.say(session::written_line(here, *actual, report));
  return {};
}

Result<std::unique_ptr<ledger::Ledger>> existing_ledger(const Context& context) {
  TS_TRY(const auto exists, open_for_reading(context));  // syncing must not create a ledger
  TS_TRY(const std::string home, session::state_home(context.world.env));
  return ledger::open_ledger(session::ledger_path(home), ledger::OpenMode::write);
}

int sync_all(Context& context, ledger::Ledger& ledger) {
  const auto runs = ledger.list({});
  if (runs.has_error()) return fail(context, runs.error());
  int status = 0;
  std::size_t done = 0;
  for (const ledger::RunRecord& run : *runs) {
    if (run.start.task_file.empty() || run.task_written || !run.end || !run.end->ruling) continue;
    if (const auto synced = sync_run(context, ledger, run); synced.has_error()) status = fail(context, synced.error());
    else ++done;
  }
  if (done == 0 && status == 0) context.console.say("every task file has its runs");
  return status;
}

int sync(Context& context, const std::string& run, bool all) {
  if (run.empty() == !all) return fail(context, {Errc::invalid_argument, "name the run, or say --all: `tracked-spawn task sync RUN`"});
  if (const auto configured = configure(context); configured.has_error()) return fail(context, configured.error());
  auto ledger = existing_ledger(context);
  if (ledger.has_error()) return fail(context, ledger.error());
  if (all) return sync_all(context, **ledger);
  const auto record = (*ledger)->find(run);
  if (record.has_error()) return fail(context, record.error());
  const auto synced = sync_run(context, **ledger, *record);
  return synced.has_error() ? fail(context, synced.error()) : 0;
}

void add_show_part(CLI::App& task, Context& context) {
  struct Words {
    std::string file;
    bool json = false;
  };
  auto words = std::make_shared<Words>();
  CLI::App* app = task.add_subcommand("show", "What a task file says, with line numbers and why");
  app->add_option("FILE", words->file, "The task file, or a task id to look for")->required();
  app->add_flag("--json", words->json, "As JSON");
  app->footer("Examples:\n  tracked-spawn task show tasks/TASK-914.md\n  tracked-spawn task show TASK-914 --json");
  app->callback([&context, words] {
    context.action = [&context, words]() -> int {
      const auto shown = show(context, words->file, words->json);
      return shown.has_error() ? fail(context, shown.error()) : 0;
    };
  });
}

void add_set_part(CLI::App& task, Context& context) {
  auto words = std::make_shared<SetWords>();
  CLI::App* app = task.add_subcommand("set", "Write a measured count by hand, and show the edit as a diff");
  app->add_option("FILE", words->file, "The task file, or a task id to look for")->required();
  app->add_option("--actual", words->actual, "The measured tokens: 39871, 39.8k")->required()->type_name("TOKENS");
  app->add_option("--run", words->run, "Names the run in the file; the same name again replaces its row")->required()->type_name("ID");
  app->add_option("--role", words->role, "engineer (default), sr-engineer …: whose fields")->type_name("ROLE");
  app->add_option("--formula", words->formula, "What was counted: fresh (default), total or output")->type_name("FORMULA");
  app->add_option("--agent", words->agent, "For the run's row")->type_name("NAME");
  app->add_option("--model", words->model, "For the run's row")->type_name("NAME");
  app->add_option("--outcome", words->outcome, "For the run's row (default completed)")->type_name("WORD");
  app->add_option("--cap", words->cap, "For the run's row")->type_name("TOKENS");
  app->add_option("--duration", words->duration, "For the run's row and the duration's field: 15m, 1h30m")->type_name("TIME");
  app->add_flag("-n,--dry-run", words->dry_run, "Only the diff; nothing is written");
  app->footer("Examples:\n  tracked-spawn task set tasks/TASK-914.md --actual 39871 --run by-hand-1 --dry-run\n"
              "  tracked-spawn task set TASK-914 --actual 39871 --run by-hand-1 --duration 12m");
  app->callback([&context, words] {
    context.action = [&context, words]() -> int {
      const auto done = set(context, *words);
      return done.has_error() ? fail(context, done.error()) : 0;
    };
  });
}

void add_sync_part(CLI::App& task, Context& context) {
  struct Words {
    std::string run;
    bool all = false;
  };
  auto words = std::make_shared<Words>();
  CLI::App* app = task.add_subcommand("sync", "Repeat a write-back that failed, from the ledger");
  app->add_option("RUN", words->run, "The run's id, or the beginning of it");
  app->add_flag("-a,--all", words->all, "Every run whose task file does not have it");
  app->footer("Examples:\n  tracked-spawn task sync 7f3k2m\n  tracked-spawn task sync --all");
  app->callback([&context, words] { context.action = [&context, words] { return sync(context, words->run, words->all); }; });
}

}  // namespace

void add_task(CLI::App& program, Context& context) {
  CLI::App* task = program.add_subcommand("task", "Read and write task files: show, set, sync");
  task->require_subcommand(1);
  task->footer("Examples:\n  tracked-spawn task show tasks/TASK-914.md --json\n  tracked-spawn task sync 7f3k2m");
  add_show_part(*task, context);
  add_set_part(*task, context);
  add_sync_part(*task, context);
}

}  // namespace ts::cli
