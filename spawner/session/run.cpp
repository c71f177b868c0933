#include "spawner/session/run.hpp"

#include <fmt/format.h>

#include "spawner/process/local_launcher.hpp"
#include "spawner/process/own_memory.hpp"
#include "spawner/process/program_search.hpp"
#include "spawner/session/books.hpp"
#include "spawner/session/paths.hpp"
#include "spawner/session/run_impl.hpp"
#include "spawner/session/settle.hpp"
#include "spawner/session/words.hpp"

namespace ts::session {

std::string env_of(const Surroundings& world, std::string_view name) {
  const auto found = world.env.find(name);
  return found == world.env.end() ? std::string{} : found->second;
}

/// A folder for the evidence. Where state can't be written the run goes on, first in a fallback, then with nothing kept.
void Run::open_folder() {
  auto home = state_home(world_.env);
  for (int attempt = 0; home.has_value() && attempt < 3; ++attempt) {
    start().id = ledger::new_run_id();
    auto made = capture::RunFolder::create(*home, start().id);
    if (made.has_value()) {
      state_home_ = *home;
      folder_.emplace(std::move(*made));
      break;
    }
    if (made.error().code != Errc::already_exists) home = made.error();
  }
  if (!folder_) {
    const std::string why = home.has_value() ? "no free run id" : home.error().message;
    start().id = ledger::new_run_id();
    auto fallback = fallback_state_home(world_.env);
    auto made = fallback.has_value() ? capture::RunFolder::create(*fallback, start().id) : Result<capture::RunFolder>(fallback.error());
    if (made.has_value()) {
      console_.error(fmt::format("warning: {}; this run is kept in {} and not in the ledger", why, made->path()));
      folder_.emplace(std::move(*made));
    } else {
      console_.error(fmt::format("warning: {}; {}; nothing of this run is kept but its receipt here", why, made.error().message));
      folder_.emplace(capture::RunFolder::nowhere(made.error()));
    }
  }
  start().run_dir = folder_->path();
}

void Run::announce() {
  for (const std::string& warning : contract_.warnings) console_.error(warning);
  for (const std::string& note : contract_.notes) console_.say(note);
  console_.say(contract_line(contract_));
}

int Run::go(process::ChildLauncher& launcher, DetachedParent* parent) {
  process::keep_heap_small();
  open_folder();
  if (!state_home_.empty()) entry_.open(ledger_path(state_home_), books_options({world_.prices, options_.gate.lease}));
  settle_the_dead();
  if (!take_lease(parent)) {
    std::error_code ignored;
    if (!start().run_dir.empty()) std::filesystem::remove_all(start().run_dir, ignored);
    return kExitRefused;
  }
  if (const auto status = begin(parent)) return *status;
  announce();
  loop::LoopSetup loop_setup = setup();
  capture::EventLog log(folder_->open_events());
  loop::Metering metering(metering_setup(), log);
  const auto on_started = [this, parent, report = loop_setup.follow.stdout_report, interactive = loop_setup.interactive](process::Tier tier) {
    const Safeguards safeguards{process::name_of(tier), start().cap.limit.has_value(), contract_.gateway.has_value()};
    console_.say(meters_line(start().id, *contract_.agent.profile, report, safeguards));
    if (parent != nullptr) parent->tell_started(start().id);
    if (interactive) console_.hold_back();
  };
  if (!state_home_.empty()) alerts_ = std::make_unique<AlertWatch>(ledger_path(state_home_), world_, console_, AlertWatch::Setup{start().id, covering_, utc_now, mono_now});
  Reporter reporter({start().id, start().cap.formula, start().cap, [this] { return entry_.live_books(); }, [this] { return entry_.recorder(); }, !covering_.empty(), alerts_.get(),
                     [this] { entry_.prepare_finish(); }, process::give_back_code_pages, on_started, utc_now, mono_now}, console_);
  loop::RunLoop run_loop(std::move(loop_setup), metering, reporter, log);
  auto result = run_loop.run(launcher);
  console_.let_go();
  log.flush();
  if (result.has_error()) {
    loop::LoopResult failed;
    failed.launch_error = result.error();
    launch_failed(failed);
    return process::launch_exit_status(result.error());
  }
  start().cap = reporter.cap();
  if (result->launch_error) {
    launch_failed(*result);
    return exit_status_of(*result);
  }
  settle(*result, metering);
  entry_.leave();
  return exit_status_of(*result);
}

namespace {

/// What `--dry-run` shows.
int show_plan(const Contract& contract, const Surroundings& world, Console& console) {
  for (const std::string& warning : contract.warnings) console.error(warning);
  for (const std::string& note : contract.notes) console.say(note);
  console.say(contract_line(contract));
  console.say(fmt::format("agent {} · would run: {}", contract.agent.profile->name, fmt::join(contract.start.argv, " ")));
  if (contract.start.task_file.empty()) return 0;
  const auto document = taskfile::load(contract.start.task_file);
  if (document.has_error()) return kExitRefused;
  const auto reading = taskfile::read(*document, world.patterns);
  console.say(reading.actual.line > 0 ? fmt::format("the count would be written at line {}", reading.actual.line)
                                      : std::string{"the file has no field for the count: a marked block would be appended"});
  return 0;
}

}  // namespace

int run(const RunOptions& options, const Surroundings& world, Console& console) {
  const auto program = process::find_program(options.argv.front(), env_of(world, "PATH"), world.cwd);
  if (program.has_error()) {
    console.error(program.error().message);
    return process::launch_exit_status(program.error());
  }
  std::optional<DetachedParent> parent;
  if (options.detach && !options.dry_run) {
    Agreement first = agree(options, world);  // a refusal belongs to the caller's terminal
    if (first.refusal) {
      console.error(first.refusal->message);
      return first.refusal->exit_status;
    }
    auto split = DetachedParent::split(options.json);
    if (split.has_error()) {
      console.error(split.error().message);
      return kExitFailed;
    }
    if (split->exit_status) return *split->exit_status;
    parent.emplace(std::move(*split));
  }
  std::unique_ptr<process::ChildLauncher> launcher;
  if (!options.dry_run) {
    auto prepared = process::prepare_local_launcher();
    if (prepared.has_error()) {
      console.error(prepared.error().message);
      return kExitFailed;
    }
    launcher = std::move(*prepared);
  }
  Agreement agreement = agree(options, world);
  if (agreement.refusal) {
    console.error(agreement.refusal->message);
    return agreement.refusal->exit_status;
  }
  if (options.dry_run) return show_plan(*agreement.contract, world, console);
  return Run(options, world, console, std::move(*agreement.contract)).go(*launcher, parent ? &*parent : nullptr);
}

}  // namespace ts::session
