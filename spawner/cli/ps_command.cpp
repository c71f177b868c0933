#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <thread>

#include "accounting/report/budget_json.hpp"
#include "accounting/report/run_json.hpp"
#include "spawner/cli/budget_text.hpp"
#include "spawner/cli/context.hpp"
#include "spawner/cli/run_table.hpp"
#include "spawner/cli/validators.hpp"

namespace ts::cli {
namespace {

struct PsWords {
  bool all = false;
  bool claims = false;
  bool waiting = false;
  bool json = false;
  std::size_t newest = 50;
};

Result<std::string> claim_listing(ledger::Books& books, const PsWords& words) {
  TS_TRY(const auto claims, books.claims().list());
  const UtcTime now = utc_now();
  if (words.json) return report::claims_json(claims, [now](const ledger::Claim& c) { return claim_state(c, now); });
  return claims.empty() ? std::string{} : claim_table(claims, now);
}

Result<std::string> waiting_listing(ledger::Books& books, const PsWords& words) {
  const UtcTime now = utc_now();
  TS_TRY(const auto waiting, books.gate().waiting(now));
  if (words.json) return report::waiting_json(waiting);
  return waiting.empty() ? std::string{} : waiting_table(waiting, now);
}

Result<std::string> listing(const Context& context, const PsWords& words) {
  TS_TRY(const auto books, open_books(context, ledger::OpenMode::read));
  if (words.claims) return claim_listing(*books, words);
  if (words.waiting) return waiting_listing(*books, words);
  ledger::Ledger* ledger = &books->runs();
  ledger::RunFilter filter;
  filter.running_only = !words.all;
  filter.newest = words.newest;
  TS_TRY(const auto runs, ledger->list(filter));
  if (words.json) return report::runs_json(runs, phase_of);
  TS_TRY(const std::string claims, claim_listing(*books, words));
  TS_TRY(const std::string waiting, waiting_listing(*books, words));
  return run_table(*ledger, runs, *prices_of(context), utc_now()) + (waiting.empty() ? "" : "\n" + waiting) + (claims.empty() ? "" : "\n" + claims);
}

int show_once(Context& context, const PsWords& words) {
  const auto text = listing(context, words);
  if (text.has_error()) return fail(context, text.error());
  print(*text);
  return 0;
}

/// Draws the table anew each second until somebody interrupts. A ledger that is busy for a moment leaves the last picture.
int keep_showing(Context& context, const PsWords& words) {
  std::string shown;
  while (true) {
    const auto text = listing(context, words);
    if (text.has_error() && shown.empty()) return fail(context, text.error());
    if (text.has_value()) shown = *text;
    const std::string note = text.has_error() ? text.error().message + "\n" : "";
    print("\x1b[H\x1b[2J" + shown + note + "\nCtrl-C ends the watching, not the runs");
    std::fflush(stdout);
    if (std::ferror(stdout) != 0) return session::kExitFailed;
    std::this_thread::sleep_for(std::chrono::seconds{1});
  }
}

}  // namespace

void add_ps(CLI::App& program, Context& context) {
  auto words = std::make_shared<PsWords>();
  CLI::App* ps = program.add_subcommand("ps", "Running runs, runs that wait to start, and claims; with --all past runs too");
  ps->add_flag("-a,--all", words->all, "Past runs too");
  ps->add_option("-n,--newest", words->newest, "At most so many, newest first (default 50)")->type_name("N")->check(check_how_many);
  ps->add_flag("--claims", words->claims, "Claims instead of runs");
  ps->add_flag("--waiting", words->waiting, "Instead: the runs that wait to start, in the order of coming")->excludes("--claims");
  ps->add_flag("--json", words->json, "As JSON");
  ps->footer("Examples:\n  tracked-spawn ps\n  tracked-spawn ps --all -n 10\n  tracked-spawn ps --all --json\n  tracked-spawn ps --claims --json");
  ps->callback([&context, words] { context.action = [&context, words] { return show_once(context, *words); }; });
}

void add_watch(CLI::App& program, Context& context) {
  auto words = std::make_shared<PsWords>();
  CLI::App* watch = program.add_subcommand("watch", "Running runs, drawn anew each second; one table where stdout is no terminal");
  watch->add_flag("-a,--all", words->all, "Past runs too");
  watch->add_option("-n,--newest", words->newest, "At most so many, newest first (default 50)")->type_name("N")->check(check_how_many);
  watch->add_flag("--json", words->json, "One JSON array, once");
  watch->footer("Example:\n  tracked-spawn watch");
  watch->callback([&context, words] {
    context.action = [&context, words] {
      return context.world.stdout_terminal && !words->json ? keep_showing(context, *words) : show_once(context, *words);
    };
  });
}

}  // namespace ts::cli
