#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <charconv>

#include "accounting/base/text.hpp"
#include "spawner/cli/context.hpp"
#include "spawner/cli/settings_check.hpp"
#include "spawner/config/keys.hpp"
#include "spawner/process/containment.hpp"
#include "spawner/session/run.hpp"

namespace ts::cli {
namespace {

constexpr const char* kNoEnd = "no end";   ///< what `--wait` without a time means

/// The words of the line, before they have a meaning.
struct RunWords {
  session::RunOptions options;
  std::string formula;
  std::string factor;
  std::string on_cap = "stop";
  std::string gateway = "auto";
  std::string count = "auto";
  std::vector<std::string> wind_down;
  std::string max_time;
  std::string max_idle;
  std::string grace;
  std::string drain;
  std::string leftovers = "end";
  std::vector<std::string> labels;
  std::string wait;
  std::string lease;
  std::string check_limit;
  bool no_claim = false;
  bool quiet = false;
  bool verbose = false;
  bool no_write = false;
  std::map<std::string, std::string, std::less<>> said_by;   ///< option → the place of the configuration that set it

  /// How messages name an option: by its name, or by the place that set it.
  [[nodiscard]] std::string name(std::string_view option) const {
    const auto found = said_by.find(option);
    return found == said_by.end() ? std::string{option} : found->second;
  }
};

/// One option of a time, as text.
struct TimeWord {
  std::string name;
  const std::string& text;
};

Result<void> take_duration(const TimeWord& word, std::optional<std::chrono::milliseconds>& out) {
  if (word.text.empty()) return {};
  auto parsed = parse_duration(word.text);
  if (parsed.has_error()) return with_context(word.name, parsed.error());
  out = *parsed;
  return {};
}

Result<void> take_limit(const TimeWord& word, std::optional<std::chrono::milliseconds>& out) {
  TS_CHECK(take_duration(word, out));
  if (out && out->count() == 0) return Error{Errc::invalid_argument, fmt::format("{}: 0 would stop the run at once; leave it out for no limit", word.name)};
  return {};
}

Error bad_word(const std::string& name, const std::string& text, std::string_view known) {
  return {Errc::invalid_argument, fmt::format("{}: '{}': {}", name, printable(text, 60), known)};
}

/// Where a setting stands, and which it is.
std::string place_of(const config::Key& key, const config::Setting& setting) {
  return setting.origin == config::Origin::environment ? setting.where : fmt::format("{}: run.{}", setting.where, key.name);
}

/// A configuration takes the place of the options that the line leaves out.
Result<void> take_settings(CLI::App& run, const config::Settings& settings, RunWords& words) {
  for (const config::Key& key : config::run_keys()) {
    const auto found = settings.run.find(key.name);
    CLI::Option* option = run.get_option_no_throw(std::string{key.option});
    if (option == nullptr || found == settings.run.end() || option->count() > 0) continue;
    const config::Setting& setting = found->second;
    if (key.shape == config::Shape::yes_no) {  // the option is the key's opposite
      const bool no = setting.text == "false" || setting.text == "no" || setting.text == "0";
      if (!no && setting.text != "true" && setting.text != "yes" && setting.text != "1") return bad_word(place_of(key, setting), setting.text, "it is true or false");
      words.no_write = no;
      continue;
    }
    if (key.name == "cap" && setting.origin != config::Origin::environment) {
      words.options.configured_cap = StatedCap{setting.text, setting.where};
      continue;
    }
    if (key.name == "cap") words.options.cap_origin = setting.where;
    words.said_by[std::string{key.option}] = place_of(key, setting);
    try {
      option->add_result(setting.text);
      option->run_callback();
    } catch (const CLI::Error&) {
      return bad_word(place_of(key, setting), setting.text, fmt::format("does not fit; write {}", key.example));
    }
  }
  for (const auto& [name, label] : settings.labels) words.options.labels.emplace(name, label.text);
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

Result<void> take_factor(const RunWords& words, session::RunOptions& options) {
  if (words.factor.empty()) return {};
  const std::string text = words.factor.ends_with('x') || words.factor.ends_with('X') ? words.factor : words.factor + "x";
  const auto spec = parse_cap(text);
  const FactorCap* factor = spec.has_value() ? std::get_if<FactorCap>(&*spec) : nullptr;
  if (factor == nullptr) return bad_word(words.name("--cap-factor"), words.factor, "a number above 0, such as 4x or 2.5");
  options.cap_factor = *factor;
  return {};
}

/// "80%" and "80" are percents of the cap.
Result<void> take_wind_down(const RunWords& words, session::RunOptions& options) {
  for (const std::string& text : words.wind_down) {
    const std::string digits = text.ends_with('%') ? text.substr(0, text.size() - 1) : text;
    int percent = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), percent);
    if (error != std::errc{} || end != digits.data() + digits.size() || percent < 1 || percent > 99)
      return bad_word(words.name("--wind-down"), text, "whole percents from 1 to 99, such as 80%");
    options.wind_down.push_back(percent);
  }
  return {};
}

/// `--wait` alone waits as long as it takes.
Result<void> take_gate(const RunWords& words, session::GateOptions& gate) {
  constexpr std::chrono::milliseconds kForEver = std::chrono::hours{24 * 365};
  gate.claim_task = !words.no_claim;
  if (words.wait == kNoEnd) gate.wait = kForEver;
  else TS_CHECK(take_duration({words.name("--wait"), words.wait}, gate.wait));
  std::optional<std::chrono::milliseconds> time;
  TS_CHECK(take_duration({words.name("--lease"), words.lease}, time));
  if (time && (*time < std::chrono::seconds{1} || *time > std::chrono::hours{24 * 30}))
    return bad_word(words.name("--lease"), words.lease, "a lease lasts from 1s to 30d");
  if (time) gate.lease = std::chrono::ceil<std::chrono::seconds>(*time);
  time.reset();
  TS_CHECK(take_limit({words.name("--check-time"), words.check_limit}, time));
  if (time) gate.check_limit = *time;
  if (!gate.least_cap.empty())  // a slip is said, whether the value is needed or not
    if (const auto least = parse_cap(gate.least_cap); least.has_error()) return with_context("--least-cap", least.error());
  return {};
}

Result<session::RunOptions> meaning_of(const RunWords& words) {
  session::RunOptions options = words.options;
  if (!words.formula.empty()) {
    options.cap_formula = formula_named(words.formula);
    if (!options.cap_formula) return bad_word(words.name("--cap-formula"), words.formula, "the formulas are fresh, total, output and usd");
  }
  const auto on_cap = on_cap_named(words.on_cap);
  if (!on_cap) return bad_word(words.name("--on-cap"), words.on_cap, "it is stop, hold or report");
  options.on_cap = *on_cap;
  if (words.gateway != "off" && words.gateway != "auto" && words.gateway != "on") return bad_word(words.name("--gateway"), words.gateway, "it is auto, on or off");
  options.gateway = words.gateway == "on" ? session::GatewayMode::on : words.gateway == "auto" ? session::GatewayMode::automatic : session::GatewayMode::off;
  if (words.count != "estimate" && words.count != "auto" && words.count != "exact") return bad_word(words.name("--count"), words.count, "it is estimate, auto or exact");
  options.count = words.count == "exact" ? gateway::CountMode::exact : words.count == "auto" ? gateway::CountMode::automatic : gateway::CountMode::estimate;
  TS_CHECK(take_wind_down(words, options));
  TS_CHECK(take_factor(words, options));
  TS_CHECK(take_limit({words.name("--max-time"), words.max_time}, options.max_time));
  TS_CHECK(take_limit({words.name("--max-idle"), words.max_idle}, options.max_idle));
  std::optional<std::chrono::milliseconds> time;
  TS_CHECK(take_duration({words.name("--grace"), words.grace}, time));
  options.grace = time.value_or(options.grace);
  time.reset();
  TS_CHECK(take_duration({words.name("--drain"), words.drain}, time));
  options.drain = time.value_or(options.drain);
  if (words.leftovers != "end" && words.leftovers != "keep")
    return bad_word(words.name("--leftovers"), words.leftovers, "it is end or keep");
  options.leftovers = words.leftovers == "end" ? supervisor::Leftovers::end : supervisor::Leftovers::keep;
  TS_CHECK(take_labels(words.labels, options));
  TS_CHECK(take_gate(words, options.gate));
  if (!options.containment.empty())
    if (const auto tier = process::parse_tier(options.containment); tier.has_error()) return with_context(words.name("--containment"), tier.error());
  if (!options.agent.empty() && agents::profile_named(options.agent) == nullptr)
    return bad_word(words.name("--agent"), options.agent, "the agents are claude, codex, gemini, opencode, qwen and other");
  for (const int percent : options.warn_at)
    if (percent < 1 || percent > 99) return bad_word(words.name("--warn-at"), std::to_string(percent), "thresholds are whole percents from 1 to 99");
  std::ranges::sort(options.warn_at);
  options.write_task = !words.no_write;
  return options;
}

/// What decides whether and with which cap a run may start: of `run` and of `can-start`.
void add_question_options(CLI::App& run, RunWords& w) {
  session::RunOptions& o = w.options;
  run.add_option("--task", o.task, "The task file, or a task id to look for")->type_name("PATH|ID");
  run.add_option("--cap", o.cap, "120000, 120k, 1.5M, 4x (times the upper estimate), $5 or none. Default: the task file's, else 4x")->type_name("CAP");
  run.add_option("--cap-factor", w.factor, "Times the upper estimate, where no cap is stated (default 4x)")->type_name("FACTOR");
  run.add_option("--cap-formula", w.formula, "What the cap counts: fresh (default), total, output or usd")->type_name("FORMULA");
  run.add_option("--estimate", o.estimate, "The estimate, instead of the task file's")->type_name("TOKENS");
  run.add_option("--role", o.role, "engineer (default), or what this run is instead: its counts go to that role's fields")->type_name("ROLE");
  run.add_option("--agent", o.agent, "claude, codex, gemini, opencode, qwen or other, where the command line does not tell")->type_name("NAME");
  run.add_option("--label", w.labels, "A label for reports; may be given several times")->type_name("NAME=VALUE");
  run.add_option("--claim", o.gate.claims, "What else must be nobody's, besides the task: an issue's URL, owner/project#12, another task; may be given several times")->type_name("KEY");
  run.add_option("--claim-token", o.gate.claim_token, "The token that `claim` gave: its claim goes over to this run")->type_name("N");
  run.add_flag("--no-claim", w.no_claim, "Don't claim the task: several may work on it");
  run.add_flag("--cap-to-headroom", o.gate.cap_to_headroom, "Where a budget has less room than the cap, start with what is left");
  run.add_option("--least-cap", o.gate.least_cap, "The smallest cap that is worth a start (default: a tenth of the cap)")->type_name("CAP");
}

void add_options(CLI::App& run, RunWords& w) {
  session::RunOptions& o = w.options;
  add_question_options(run, w);
  run.add_option("--wait", w.wait, "Where a budget or a claim says no, wait for it; with a time at most so long")->expected(0, 1)->default_str(kNoEnd)->type_name("TIME");
  run.add_option("--check", o.gate.check, "A shell command that must succeed right before the launch, such as one that looks for an open pull request")->type_name("CMD");
  run.add_option("--check-time", w.check_limit, "How long that may take (default 60s)")->type_name("TIME");
  run.add_option("--lease", w.lease, "How long claims and reservations outlive a run that was killed (default 5m)")->type_name("TIME");
  run.add_option("--on-cap", w.on_cap, "stop (default), hold (requests wait for `extend` or `stop`; needs the gateway) or report")->type_name("ACTION");
  run.add_option("--gateway", w.gateway, "Lead the agent's requests through a gateway that refuses what the cap can't pay for: auto (default: where the agent is known and has a cap), on or off")->type_name("WHEN");
  run.add_option("--gateway-env", o.gateway_env, "A variable that gets the gateway's URL, such as OPENAI_BASE_URL=/v1; turns it on")->type_name("NAME=PATH");
  run.add_option("--count", w.count, "How the gateway sizes a prompt before it is sent: estimate, auto (default: asks the provider where an estimate has little to go by) or exact (asks always)")->type_name("HOW");
  run.add_option("--max-time", w.max_time, "Stop after this long: 90s, 15m, 2h")->type_name("TIME");
  run.add_option("--max-idle", w.max_idle, "Stop after this long without a sign of life")->type_name("TIME");
  run.add_option("--grace", w.grace, "Between SIGTERM and SIGKILL (default 5s; 0: SIGKILL at once)")->type_name("TIME");
  run.add_option("--drain", w.drain, "How long processes may outlive the agent (default 2s)")->type_name("TIME");
  run.add_option("--leftovers", w.leftovers, "end (default) or keep processes that outlive the agent")->type_name("WHAT");
  run.add_option("--warn-at", o.warn_at, "Percent of the cap at which to warn")->delimiter(',')->type_name("50,75,90,95");
  run.add_option("--wind-down", w.wind_down, "Percent of the cap at which the agent itself is told to finish and summarise (off by default; needs the gateway)")->delimiter(',')->type_name("80%");
  run.add_option("--containment", o.containment, "cgroup, subreaper or process-group instead of the best that works")->type_name("TIER");
  run.add_option("--result", o.result_file, "Write the run as JSON to this file at its end")->type_name("FILE");
  run.add_flag("--detach", o.detach, "Print the run's id and let it go on by itself");
  run.add_flag("--json", o.json, "With --detach: print the id as JSON");
  run.add_flag("--dry-run", o.dry_run, "Print the contract and what would be written; launch nothing");
  run.add_flag("--no-write", w.no_write, "Leave the task file as it is");
  run.add_flag("-q,--quiet", w.quiet, "Say only what went wrong");
  run.add_flag("-v,--verbose", w.verbose, "Say more");
}

/// The options of a line that was parsed.
Result<session::RunOptions> options_of(CLI::App& app, Context& context, RunWords& words) {
  words.options.argv = context.agent_argv;
  TS_CHECK(configure(context));
  TS_CHECK(take_settings(app, *context.settings, words));
  return meaning_of(words);
}

}  // namespace

std::function<Result<session::RunOptions>()> add_question(CLI::App& app, Context& context) {
  auto words = std::make_shared<RunWords>();
  add_question_options(app, *words);
  return [&app, &context, words] { return options_of(app, context, *words); };
}

Result<void> check_run_settings(const config::Settings& settings) {
  CLI::App app;
  RunWords words;
  add_options(app, words);
  TS_CHECK(take_settings(app, settings, words));
  for (const config::Key& key : config::run_keys())
    if (const auto cap = settings.run.find("cap"); key.name == "cap" && cap != settings.run.end())
      if (const auto spec = parse_cap(cap->second.text); spec.has_error()) return with_context(place_of(key, cap->second), spec.error());
  TS_TRY(const session::RunOptions meant, meaning_of(words));
  return {};
}

void add_run(CLI::App& program, Context& context) {
  auto words = std::make_shared<RunWords>();
  CLI::App* run = program.add_subcommand("run", "Launch an agent, meter it, stop it at its cap, write the count back");
  run->footer("Examples:\n"
              "  tracked-spawn --task tasks/TASK-914.md -- claude -p \"Implement the task\" --output-format stream-json --verbose\n"
              "  tracked-spawn --cap 120k --max-time 2h --result run.json -- codex exec --json \"Fix the build\"\n"
              "The agent and its arguments stand behind `--` and are passed on untouched.\n"
              "Exit status: the agent's own; 120 stopped at the cap; 121 refused before the launch; 122 stopped on request;\n"
              "125 tracked-spawn failed; 126 agent not executable; 127 agent not found.");
  add_options(*run, *words);
  run->callback([&context, words, run] {
    context.action = [&context, words, run]() -> int {
      if (words->verbose) context.console.set_verbosity(Verbosity::verbose);
      if (words->quiet) context.console.set_verbosity(Verbosity::quiet);
      if (context.agent_argv.empty()) {
        context.console.error("no agent to run: put `--` and the agent's command behind the options, as in `tracked-spawn --cap 120k -- claude -p \"…\"`");
        return session::kExitFailed;
      }
      const auto options = options_of(*run, context, *words);
      if (options.has_error()) return fail(context, options.error());
      return session::run(*options, context.world, context.console);
    };
  });
}

}  // namespace ts::cli
