#include <fmt/format.h>

#include <CLI/CLI.hpp>

#include "accounting/base/text.hpp"
#include "spawner/cli/context.hpp"
#include "spawner/session/run.hpp"

namespace ts::cli {
namespace {

/// The words of the line, before they have a meaning.
struct RunWords {
  session::RunOptions options;
  std::string formula;
  std::string on_cap = "stop";
  std::string max_time;
  std::string max_idle;
  std::string grace;
  std::string drain;
  std::string leftovers = "end";
  std::vector<std::string> labels;
  bool quiet = false;
  bool verbose = false;
  bool no_write = false;
};

Result<void> take_duration(const char* option, const std::string& text, std::optional<std::chrono::milliseconds>& out) {
  if (text.empty()) return {};
  auto parsed = parse_duration(text);
  if (parsed.has_error()) return with_context(option, parsed.error());
  out = *parsed;
  return {};
}

Result<void> take_limit(const char* option, const std::string& text, std::optional<std::chrono::milliseconds>& out) {
  TS_CHECK(take_duration(option, text, out));
  if (out && out->count() == 0) return Error{Errc::invalid_argument, fmt::format("{}: 0 would stop the run at once; leave it out for no limit", option)};
  return {};
}

Result<void> take_labels(const std::vector<std::string>& words, session::RunOptions& options) {
  for (const std::string& word : words) {
    const std::size_t equals = word.find('=');
    if (equals == 0 || equals == std::string::npos)
      return Error{Errc::invalid_argument, fmt::format("--label {}: write NAME=VALUE", printable(word))};
    options.labels[word.substr(0, equals)] = word.substr(equals + 1);
  }
  return {};
}

Result<session::RunOptions> meaning_of(RunWords words) {
  session::RunOptions options = std::move(words.options);
  if (!words.formula.empty()) {
    options.cap_formula = formula_named(words.formula);
    if (!options.cap_formula) return Error{Errc::invalid_argument, fmt::format("--cap-formula {}: the formulas are fresh, total, output and usd", words.formula)};
  }
  const auto on_cap = on_cap_named(words.on_cap);
  if (!on_cap) return Error{Errc::invalid_argument, fmt::format("--on-cap {}: it is stop, hold or report", words.on_cap)};
  options.on_cap = *on_cap;
  TS_CHECK(take_limit("--max-time", words.max_time, options.max_time));
  TS_CHECK(take_limit("--max-idle", words.max_idle, options.max_idle));
  std::optional<std::chrono::milliseconds> time;
  TS_CHECK(take_duration("--grace", words.grace, time));
  options.grace = time.value_or(options.grace);
  time.reset();
  TS_CHECK(take_duration("--drain", words.drain, time));
  options.drain = time.value_or(options.drain);
  if (words.leftovers != "end" && words.leftovers != "keep")
    return Error{Errc::invalid_argument, fmt::format("--leftovers {}: it is end or keep", words.leftovers)};
  options.leftovers = words.leftovers == "end" ? supervisor::Leftovers::end : supervisor::Leftovers::keep;
  TS_CHECK(take_labels(words.labels, options));
  for (const int percent : options.warn_at)
    if (percent < 1 || percent > 99) return Error{Errc::invalid_argument, fmt::format("--warn-at {}: thresholds are whole percents from 1 to 99", percent)};
  std::ranges::sort(options.warn_at);
  options.write_task = !words.no_write;
  return options;
}

void add_options(CLI::App& run, RunWords& w) {
  session::RunOptions& o = w.options;
  run.add_option("--task", o.task, "The task file, or a task id to look for")->type_name("PATH|ID");
  run.add_option("--cap", o.cap, "120000, 120k, 1.5M, 4x (times the upper estimate), $5 or none. Default: the task file's, else 4x")->type_name("CAP");
  run.add_option("--cap-formula", w.formula, "What the cap counts: fresh (default), total, output or usd")->type_name("FORMULA");
  run.add_option("--estimate", o.estimate, "The estimate, instead of the task file's")->type_name("TOKENS");
  run.add_option("--on-cap", w.on_cap, "stop (default) or report")->type_name("ACTION");
  run.add_option("--role", o.role, "engineer (default), or what this run is instead: its counts go to that role's fields")->type_name("ROLE");
  run.add_option("--agent", o.agent, "claude, codex, gemini, opencode, qwen or other, where the command line does not tell")->type_name("NAME");
  run.add_option("--max-time", w.max_time, "Stop after this long: 90s, 15m, 2h")->type_name("TIME");
  run.add_option("--max-idle", w.max_idle, "Stop after this long without a sign of life")->type_name("TIME");
  run.add_option("--grace", w.grace, "Between SIGTERM and SIGKILL (default 5s; 0: SIGKILL at once)")->type_name("TIME");
  run.add_option("--drain", w.drain, "How long processes may outlive the agent (default 2s)")->type_name("TIME");
  run.add_option("--leftovers", w.leftovers, "end (default) or keep processes that outlive the agent")->type_name("WHAT");
  run.add_option("--warn-at", o.warn_at, "Percent of the cap at which to warn")->delimiter(',')->type_name("50,75,90,95");
  run.add_option("--containment", o.containment, "cgroup, subreaper or process-group instead of the best that works")->type_name("TIER");
  run.add_option("--label", w.labels, "A label for reports; may be given several times")->type_name("NAME=VALUE");
  run.add_option("--result", o.result_file, "Write the run as JSON to this file at its end")->type_name("FILE");
  run.add_flag("--detach", o.detach, "Print the run's id and let it go on by itself");
  run.add_flag("--json", o.json, "With --detach: print the id as JSON");
  run.add_flag("--dry-run", o.dry_run, "Print the contract and what would be written; launch nothing");
  run.add_flag("--no-write", w.no_write, "Leave the task file as it is");
  run.add_flag("-q,--quiet", w.quiet, "Say only what went wrong");
  run.add_flag("-v,--verbose", w.verbose, "Say more");
}

}  // namespace

void add_run(CLI::App& program, Context& context) {
  auto words = std::make_shared<RunWords>();
  CLI::App* run = program.add_subcommand("run", "Launch an agent, meter it, stop it at its cap, write the count back");
  run->footer("The agent and its arguments stand behind `--` and are passed on untouched.\n"
              "Exit status: the agent's own; 120 stopped at the cap; 121 refused before the launch; 122 stopped on request;\n"
              "125 tracked-spawn failed; 126 agent not executable; 127 agent not found.");
  add_options(*run, *words);
  run->callback([&context, words] {
    context.action = [&context, words]() -> int {
      if (words->verbose) context.console.set_verbosity(Verbosity::verbose);
      if (words->quiet) context.console.set_verbosity(Verbosity::quiet);
      if (context.agent_argv.empty()) {
        context.console.error("no agent to run: put `--` and the agent's command behind the options, as in `tracked-spawn --cap 120k -- claude -p \"…\"`");
        return session::kExitFailed;
      }
      words->options.argv = context.agent_argv;
      auto options = meaning_of(*words);
      if (options.has_error()) {
        context.console.error(options.error().message);
        return session::kExitRefused;
      }
      return session::run(*options, context.world, context.console);
    };
  });
}

}  // namespace ts::cli
