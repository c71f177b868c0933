#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>

#include "accounting/base/text.hpp"
#include "accounting/budget/cap.hpp"
#include "accounting/report/budget_json.hpp"
#include "spawner/cli/budget_text.hpp"
#include "spawner/cli/context.hpp"
#include "spawner/session/admission.hpp"
#include "spawner/session/alerting.hpp"
#include "spawner/session/identity.hpp"

namespace ts::cli {
namespace {

using ledger::GateAnswer;
using ledger::Verdict;

std::string limit_text(const ledger::Cap& cap) { return cap.limit ? describe_limit({cap.limit, cap.formula, cap.source, {}}) : "no cap"; }

using Past = std::optional<report::PastSpending>;

/// The cap that fits: the run's, or what the budgets have left of it; where the run has none, what history suggests.
report::StartAdvice advice_of(const GateAnswer& answer, const Past& past) {
  report::StartAdvice advice;
  advice.past = past;
  const bool queued = answer.verdict == Verdict::denied && answer.obstacle == ledger::Obstacle::queue;
  if ((answer.room && *answer.room <= 0) || queued) return advice;
  advice.suggested_cap = answer.cap.limit;
  advice.suggested_why = answer.cap.source;
  if (!answer.cap.limit && past && answer.cap.formula == Formula::fresh) {
    advice.suggested_cap = report::suggested_cap(past->fresh);
    advice.suggested_why = "90th percentile of past runs";
  }
  if (answer.room && (!advice.suggested_cap || *answer.room < *advice.suggested_cap)) {
    advice.suggested_cap = answer.room;
    advice.suggested_why = "what is left of the budgets";
  }
  return advice;
}

std::string text_of(const GateAnswer& answer, const Past& past) {
  std::string text;
  if (answer.verdict == Verdict::denied) text = "no: " + session::denial_text(answer) + "\n";
  else text = fmt::format("yes: {}{}\n", limit_text(answer.cap), answer.verdict == Verdict::cut ? ": " + answer.reason : "");
  const auto advice = advice_of(answer, past);
  if (answer.verdict == Verdict::denied && advice.suggested_cap && answer.obstacle == ledger::Obstacle::budget)
    text += fmt::format("a cap of {} fits ({})\n", limit_text({advice.suggested_cap, answer.cap.formula, ""}), advice.suggested_why);
  else if (answer.verdict == Verdict::denied && !answer.cap.limit && advice.suggested_cap)
    text += fmt::format("history suggests --cap {} ({})\n", *advice.suggested_cap, advice.suggested_why);
  if (past) text += "past runs: " + in_words(*past) + "\n";
  if (!answer.budgets.empty()) text += budget_table(answer.budgets);
  return text;
}

Past past_of(ledger::Books& books, const ledger::RunStart& start) {
  const auto past = report::past_spending(books.runs(), {start.category, start.role, start.agent, ""});
  return past.has_value() ? *past : std::nullopt;
}

struct Known {
  GateAnswer answer;
  Past past;   ///< what runs of its category, role and agent took; absent where that can't be had: the answer holds all the same
};

/// The ledger as the run would find it: what the configuration says of budgets is taken over first. Null: there is none, and none is needed.
Result<std::unique_ptr<ledger::Books>> books_to_ask(Context& context) {
  auto reading = open_books(context, ledger::OpenMode::read);
  const bool none = reading.has_error() && reading.error().code == Errc::not_found;
  const bool no_budgets = std::ranges::all_of(context.world.budgets, [](const auto& file) { return file.second.empty(); });
  if (none && no_budgets) return std::unique_ptr<ledger::Books>{};
  if (!none) {
    if (reading.has_error()) return reading.error();
    const auto missing = session::unapplied_budgets(**reading, context.world);
    if (missing.has_value() && missing->empty()) return std::move(*reading);
  }
  TS_TRY(auto writing, open_books(context, ledger::OpenMode::write));
  const auto applied = session::apply_budgets(*writing, context.world, utc_now());
  if (applied.has_error()) return Error{Errc::refused, applied.error().message};
  return writing;
}

/// Without a ledger nothing is spent, reserved or claimed.
Result<Known> known_of(Context& context, const session::Contract& contract, const session::RunOptions& options) {
  TS_TRY(ledger::GateRequest request, session::gate_request(contract, options, context.world));
  auto books = books_to_ask(context);
  if (books.has_error() && books.error().code != Errc::refused) return books.error();
  if (books.has_error() || *books == nullptr) {
    Known known;
    known.answer.cap = contract.start.cap;
    if (books.has_error()) known.answer.verdict = Verdict::denied, known.answer.reason = books.error().message;
    return known;
  }
  const auto parent = context.world.env.find("TRACKED_SPAWN_RUN");
  if (parent != context.world.env.end()) session::leave_out_parents_claims(**books, parent->second, request);
  Known known;
  TS_TRY(known.answer, (*books)->gate().ask(request, utc_now()));
  known.past = past_of(**books, contract.start);
  return known;
}

int can_start(Context& context, Result<session::RunOptions> options, bool json) {
  if (options.has_error()) return fail(context, options.error());
  options->gateway = session::GatewayMode::off;  // nothing is launched
  session::Agreement agreement = session::agree(*options, context.world);
  Known known;
  GateAnswer& answer = known.answer;
  if (agreement.refusal) {
    answer.verdict = Verdict::denied;
    answer.reason = agreement.refusal->message;
    if (const auto books = open_books(context, ledger::OpenMode::read); books.has_value()) known.past = past_of(**books, agreement.known);
  } else {
    const session::ProcessIdentity me = session::this_process();
    ledger::RunStart& start = agreement.contract->start;
    start.id.text = "this one";  // owns nothing yet
    start.host = me.host;
    start.boot_id = me.boot_id;
    auto asked = known_of(context, *agreement.contract, *options);
    if (asked.has_error()) return fail(context, asked.error());
    known = std::move(*asked);
  }
  print(json ? report::answer_json(answer, advice_of(answer, known.past)) : text_of(answer, known.past));
  return answer.verdict == Verdict::denied ? session::kExitRefused : 0;
}

}  // namespace

void add_can_start(CLI::App& program, Context& context) {
  CLI::App* app = program.add_subcommand("can-start", "Whether a run may start now, with which cap, and why not; takes nothing");
  const auto options = add_question(*app, context);
  auto json = std::make_shared<bool>(false);
  app->add_flag("--json", *json, "As JSON");
  app->footer("Examples:\n  tracked-spawn can-start --task tasks/TASK-914.md --json\n  tracked-spawn can-start --cap 120k --agent claude --label team=core\n"
              "The agent may stand behind `--`, as for `run`. Exit status: 0 it may; 121 it may not; 125 the question could not be answered.");
  app->callback([&context, options, json] { context.action = [&context, options, json] { return can_start(context, options(), *json); }; });
}

}  // namespace ts::cli
