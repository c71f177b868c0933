#include <fmt/format.h>

#include <CLI/CLI.hpp>

#include "accounting/base/text.hpp"
#include "accounting/budget/cap.hpp"
#include "spawner/cli/context.hpp"
#include "spawner/control/socket.hpp"
#include "spawner/session/words.hpp"

namespace ts::cli {
namespace {

constexpr std::chrono::milliseconds kPatience{5000};

struct LiveWords {
  std::string run;
  std::string amount;
  bool json = false;
};

/// The socket of the run that is named; inside a run its own.
Result<std::string> socket_of(const Context& context, const std::string& run) {
  if (run.empty()) {
    const auto own = context.world.env.find("TRACKED_SPAWN_SOCKET");
    if (own != context.world.env.end()) return own->second;
    return Error{Errc::invalid_argument, "name the run: `tracked-spawn ps` lists those that are alive (inside a run the name can be left out)"};
  }
  TS_TRY(const auto ledger, open_for_reading(context));
  TS_TRY(const auto record, ledger->find(run));
  if (record.end)
    return Error{Errc::not_found, fmt::format("run {} has ended ({}); `tracked-spawn show {}` tells more", record.start.id.text,
                                              ledger::name_of(record.end->outcome), record.start.id.text)};
  return record.start.run_dir + "/control.sock";
}

int ask_and_print(Context& context, const LiveWords& words, const control::Request& request) {
  auto socket = socket_of(context, words.run);
  if (socket.has_error()) return fail(context, socket.error());
  auto answer = control::ask(*socket, request, kPatience);
  if (answer.has_error()) return fail(context, answer.error());
  if (!answer->standing) return fail(context, {Errc::refused, answer->error});
  const control::Standing& s = *answer->standing;
  if (words.json) {
    print(control::standing_json(s));
    return 0;
  }
  std::string text = fmt::format("run {}{}: {}", s.run, s.task.empty() ? "" : " (" + s.task + ")", session::live_line(s));
  if (s.cap) {
    const std::int64_t left = std::max<std::int64_t>(*s.cap - s.spent, 0);
    text += fmt::format(" · {} left", s.formula == Formula::usd ? dollars(left) : with_commas(left) + " " + std::string{name_of(s.formula)} + " tokens");
  }
  print(text);
  return 0;
}

/// "+40k" and "-10k" are relative, "80k" is the new cap; "$" where the cap is in dollars, and only there.
Result<control::ExtendRequest> extension(const std::string& text, Formula formula) {
  const bool relative = text.starts_with('+') || text.starts_with('-');
  const std::string number = relative ? text.substr(1) : text;
  std::int64_t value = 0;
  const bool in_dollars = number.starts_with('$');
  if (in_dollars != (formula == Formula::usd))
    return Error{Errc::invalid_argument,
                 fmt::format("extend {}: the run's cap is in {}, so write {}", printable(text, 40), in_dollars ? std::string{name_of(formula)} + " tokens" : "US dollars",
                             in_dollars ? "+40k" : "+$2 or $10 (in quotes)")};
  if (in_dollars) {
    TS_TRY(const CapSpec spec, parse_cap(number));
    value = std::get<DollarCap>(spec).limit;
  } else {
    auto count = parse_token_count(number);
    if (count.has_error()) return with_context("extend", count.error());
    value = *count;
  }
  if (!relative) return control::ExtendRequest{std::nullopt, value};
  return control::ExtendRequest{text.front() == '-' ? -value : value, std::nullopt};
}

/// A run that waits to start has no socket: it is told through the queue. False: it doesn't wait.
bool stop_waiting(const Context& context, const std::string& run) {
  const auto books = open_books(context, ledger::OpenMode::write);
  return books.has_value() && (*books)->gate().cancel_waiting({run}).has_value();
}

int stop_run(Context& context, const LiveWords& words) {
  const auto reading = open_books(context, ledger::OpenMode::read);
  const auto waiting = reading.has_value() ? (*reading)->gate().waiting(utc_now()) : reading.error();
  const bool waits = waiting.has_value() && std::ranges::any_of(*waiting, [&](const ledger::Waiting& one) { return one.owner.run == words.run; });
  if (!waits || !stop_waiting(context, words.run)) return ask_and_print(context, words, control::StopRequest{});
  print(words.json ? fmt::format("{{\"run\": \"{}\", \"state\": \"waiting\", \"stopped\": true}}\n", words.run) : fmt::format("run {}: waits no longer", words.run));
  return 0;
}

int extend_run(Context& context, const LiveWords& words) {
  const bool in_dollars = words.amount.find('$') != std::string::npos;
  if (const auto readable = extension(words.amount, in_dollars ? Formula::usd : Formula::fresh); readable.has_error()) return fail(context, readable.error());
  const auto socket = socket_of(context, words.run);
  if (socket.has_error()) return fail(context, socket.error());
  const auto now = control::ask(*socket, control::UsageRequest{}, kPatience);
  if (now.has_error()) return fail(context, now.error());
  const auto request = extension(words.amount, now->standing ? now->standing->formula : Formula::fresh);
  if (request.has_error()) return fail(context, request.error());
  return ask_and_print(context, words, *request);
}

}  // namespace

void add_live(CLI::App& program, Context& context) {
  auto words = std::make_shared<LiveWords>();
  CLI::App* usage = program.add_subcommand("usage", "What a live run has spent and has left; inside a run: this one");
  usage->add_option("RUN", words->run, "The run's id");
  usage->add_flag("--json", words->json, "As JSON");
  usage->footer("Examples:\n  tracked-spawn usage          inside a run: what it has spent and has left\n  tracked-spawn usage 7f3k2m --json");
  usage->callback([&context, words] { context.action = [&context, words] { return ask_and_print(context, *words, control::UsageRequest{}); }; });

  CLI::App* stop = program.add_subcommand("stop", "Stop a live run: its whole process tree, by the ladder; one that waits to start waits no longer");
  stop->add_option("RUN", words->run, "The run's id")->required();
  stop->add_flag("--json", words->json, "As JSON");
  stop->footer("Example:\n  tracked-spawn stop 7f3k2m");
  stop->callback([&context, words] { context.action = [&context, words] { return stop_run(context, *words); }; });

  CLI::App* hold = program.add_subcommand("hold", "Let every request of a live run wait, from now on (needs its gateway)");
  hold->add_option("RUN", words->run, "The run's id")->required();
  hold->add_flag("--json", words->json, "As JSON");
  hold->footer("Example:\n  tracked-spawn hold 7f3k2m");
  hold->callback([&context, words] { context.action = [&context, words] { return ask_and_print(context, *words, control::HoldRequest{}); }; });

  CLI::App* resume = program.add_subcommand("resume", "Let the waiting requests of a live run go on");
  resume->add_option("RUN", words->run, "The run's id")->required();
  resume->add_flag("--json", words->json, "As JSON");
  resume->footer("Example:\n  tracked-spawn resume 7f3k2m");
  resume->callback([&context, words] { context.action = [&context, words] { return ask_and_print(context, *words, control::ResumeRequest{}); }; });

  CLI::App* extend = program.add_subcommand("extend", "Give a live run another cap");
  extend->add_option("RUN", words->run, "The run's id")->required();
  extend->add_option("CAP", words->amount, "+40k (more), -10k (less) or 80k (the new cap)")->required();
  extend->add_flag("--json", words->json, "As JSON");
  extend->footer("Examples:\n  tracked-spawn extend 7f3k2m +40k\n  tracked-spawn extend 7f3k2m 200k --json");
  extend->callback([&context, words] { context.action = [&context, words] { return extend_run(context, *words); }; });
}

}  // namespace ts::cli
