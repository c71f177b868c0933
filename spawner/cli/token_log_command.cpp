#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cerrno>
#include <nlohmann/json.hpp>

#include "accounting/base/text.hpp"
#include "accounting/budget/cap.hpp"
#include "accounting/report/token_log.hpp"
#include "spawner/cli/context.hpp"
#include "spawner/session/activity.hpp"
#include "spawner/session/settle.hpp"
#include "spawner/session/words.hpp"
#include "taskfile/store.hpp"
#include "taskfile/token_ledger.hpp"

namespace ts::cli {
namespace {

namespace fs = std::filesystem;

struct TokenLogWords {
  std::string run;
  std::vector<std::string> phases;
  std::string high_cost = "30k";
  std::string append;
  bool dry_run = false;
  bool json = false;
};

/// `NAME`, `NAME@2026-11-21T18:47:30Z` or `NAME@+12m` (after the run's start).
Result<report::PhaseStart> phase_of(const std::string& word, UtcTime started) {
  const std::size_t at = word.rfind('@');
  report::PhaseStart phase{printable(word.substr(0, at), 60), std::nullopt};
  if (phase.name.empty()) return Error{Errc::invalid_argument, fmt::format("--phase {}: write NAME, NAME@TIME or NAME@+12m", printable(word, 80))};
  if (at == std::string::npos) return phase;
  const std::string when = word.substr(at + 1);
  if (when.starts_with('+')) {
    const auto after = parse_duration(when.substr(1));
    if (after.has_error()) return with_context("--phase " + printable(word, 80), after.error());
    phase.at = started + *after;
    return phase;
  }
  const auto time = parse_rfc3339(when);
  if (time.has_error()) return with_context("--phase " + printable(word, 80), time.error());
  phase.at = *time;
  return phase;
}

Result<report::TokenLog> log_of(Context& context, const TokenLogWords& words) {
  TS_TRY(const auto ledger, open_for_reading(context));
  TS_TRY(const ledger::RunRecord run, ledger->find(words.run));
  TS_TRY(const auto responses, ledger->responses(run.start.id));
  ledger::HistoryFilter filter;
  filter.role = run.start.role;
  filter.ended_only = true;
  filter.newest = 1000;
  TS_TRY(const auto history, ledger->past_runs(filter));
  const session::RunActivity did = session::activity_of(run);
  report::TokenLogSources sources{run, responses, did.activity, did.evidence, history, *prices_of(context)};
  if (run.end) sources.resume = session::resume_of(run.start, *run.end);
  for (const std::string& word : words.phases) {
    TS_TRY(report::PhaseStart phase, phase_of(word, run.start.started));
    sources.phases.push_back(std::move(phase));
  }
  const auto high_cost = parse_token_count(words.high_cost);
  if (high_cost.has_error()) return with_context("--high-cost", high_cost.error());
  sources.high_cost = *high_cost;
  return report::make_token_log(sources);
}

std::vector<taskfile::LedgerPhase> ledger_phases(const report::TokenLog& log) {
  std::vector<taskfile::LedgerPhase> phases;
  const auto add = [&](UtcTime began, const std::string& name, const TokenCounts& c) {
    phases.push_back({began, name, saturating_add(c.input, c.cache_write()), c.output});
  };
  for (const report::PhaseRow& phase : log.phases) add(phase.began, phase.name, phase.counts);
  if (by_formula(log.beyond, Formula::fresh) > 0) add(log.run.start.started, "settlement", log.beyond);
  return phases;
}

/// A ledger that is not there yet begins with its title.
Result<void> create_if_missing(const fs::path& file, const std::string& title) {
  const int fd = ::open(file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
  if (fd < 0) return errno == EEXIST ? Result<void>{} : Result<void>{errno_error(file.string(), errno)};
  const ssize_t written = ::write(fd, title.data(), title.size());
  const int error = errno;
  ::close(fd);
  if (written != static_cast<ssize_t>(title.size())) return errno_error(file.string(), written < 0 ? error : ENOSPC);
  return {};
}

Result<void> append(Context& context, const report::TokenLog& log, const TokenLogWords& words) {
  const RunId& run = log.run.start.id;
  if (!log.run.end) return Error{Errc::conflict, fmt::format("run {}: has not ended; a ledger gets its row once, at the end", run.text)};
  if (!log.source) return Error{Errc::not_found, fmt::format("run {}: no meter saw any usage, so there is no count to append", run.text)};
  const std::vector<taskfile::LedgerPhase> phases = ledger_phases(log);
  const fs::path file = fs::absolute(words.append);
  const std::string title = taskfile::token_ledger_title(log.run.start.task_id.empty() ? run.text : log.run.start.task_id);
  if (words.dry_run) {
    auto document = fs::exists(file) ? taskfile::load(file) : taskfile::Document::parse(title);
    if (document.has_error()) return document.error();
    TS_TRY(const taskfile::EditPlan plan, taskfile::plan_token_ledger(*document, run, phases));
    if (!plan.edits.empty()) print(taskfile::unified_diff(document->bytes(), taskfile::apply(*document, plan), words.append));
    else context.console.say(fmt::format("{}: has this run already; nothing would change", words.append));
    for (const std::string& note : plan.notes) context.console.say(fmt::format("{}: {}", words.append, note));
    return {};
  }
  TS_CHECK(create_if_missing(file, title));
  TS_TRY(const auto report, taskfile::update({file, {}}, [&](const taskfile::Document& document) { return taskfile::plan_token_ledger(document, run, phases); }));
  if (report.edits == 0) {
    context.console.say(fmt::format("{}: has this run already", words.append));
    return {};
  }
  print(report.diff);
  context.console.say(fmt::format("{}: {} fresh tokens appended in {} row{}, cumulative {}", words.append, with_commas(log.fresh()), phases.size(),
                                  phases.size() == 1 ? "" : "s", with_commas(report.task_count)));
  for (const std::string& note : report.notes) context.console.say(fmt::format("{}: {}", words.append, note));
  return {};
}

Result<void> token_log(Context& context, const TokenLogWords& words) {
  TS_CHECK(configure(context));
  TS_TRY(const report::TokenLog log, log_of(context, words));
  if (!words.append.empty()) return append(context, log, words);
  print(words.json ? report::token_log_json(log) : report::token_log_markdown(log));
  return {};
}

}  // namespace

void add_token_log(CLI::App& program, Context& context) {
  auto words = std::make_shared<TokenLogWords>();
  CLI::App* app = program.add_subcommand("token-log", "What a run took, as a token log in Markdown, from measured data");
  app->add_option("RUN", words->run, "The run's id, or the beginning of it")->required();
  app->add_option("--phase", words->phases, "Where a phase begins: NAME (at the start), NAME@TIME, NAME@+12m; may be given several times. Without it: lines of the agent's words such as \"## Phase: review\"")
      ->type_name("PHASE")->allow_extra_args(false);
  app->add_option("--high-cost", words->high_cost, "From how many tokens on an operation is called dear (default 30k)")->type_name("TOKENS");
  auto* append = app->add_option("--append", words->append, "Append the run to this ledger (| Timestamp | Phase | Input | Output | Total | Cumulative |), once; it is made if it isn't there")->type_name("FILE");
  app->add_flag("--dry-run", words->dry_run, "With --append: only show the diff")->needs(append);
  app->add_flag("--json", words->json, "As JSON")->excludes(append);
  app->footer("Examples:\n  tracked-spawn token-log 7f3k2m > TOKEN-LOG.md\n  tracked-spawn token-log 7f3k2m --phase plan --phase build@+10m\n"
              "  tracked-spawn token-log 7f3k2m --append _implementation/TOKEN-LOG.md");
  app->callback([&context, words] {
    context.action = [&context, words]() -> int {
      const auto done = token_log(context, *words);
      return done.has_error() ? fail(context, done.error()) : 0;
    };
  });
}

}  // namespace ts::cli
