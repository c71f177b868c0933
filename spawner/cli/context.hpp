#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "accounting/ledger/books.hpp"
#include "spawner/cli/terminal_console.hpp"
#include "spawner/config/settings.hpp"
#include "spawner/session/options.hpp"

namespace CLI {
class App;
}

namespace ts::cli {

/// What every command gets: the world, the console, and a place to say what is to be done once the line is read.
struct Context {
  session::Surroundings world;
  TerminalConsole console{Verbosity::normal};
  std::vector<std::string> agent_argv;   ///< what stood behind `--`
  bool has_separator = false;            ///< `--` was there
  std::function<int()> action;           ///< set by the command that was named
  std::optional<config::Settings> settings;   ///< present after configure()
};

/// The moment in which a command asks and answers.
[[nodiscard]] inline UtcTime utc_now() { return std::chrono::time_point_cast<std::chrono::microseconds>(std::chrono::system_clock::now()); }

/// Prints the error and gives the exit status for a failed command.
int fail(Context& context, const Error& error);

/// The ledger for a reading command: never creates or writes one. Errors: not_found says which command makes one.
[[nodiscard]] Result<std::unique_ptr<ledger::Ledger>> open_for_reading(const Context& context);

/// Reads the configuration, once: `settings`, and with it the world's patterns and prices. Errors: as config::load().
[[nodiscard]] Result<void> configure(Context& context);

/// The prices that hold: the built-in ones and what is configured. Lifetime: the context's.
[[nodiscard]] const PriceBook* prices_of(const Context& context);

/// The ledger with budgets, claims and alerts. For writing it is made where there is none.
[[nodiscard]] Result<std::unique_ptr<ledger::Books>> open_books(const Context& context, ledger::OpenMode mode);

/// Says which configured budgets the ledger does not have yet: reading commands write nothing.
void tell_unapplied(Context& context, ledger::Books& books);

/// The options of `run` that decide whether a run may start, on another command. The function gives their meaning once the line is read.
[[nodiscard]] std::function<Result<session::RunOptions>()> add_question(CLI::App& app, Context& context);

/// Text on stdout, ended by a newline.
void print(std::string_view text);

// One function a command, each in a file of its own: it adds the command's options to the program.
void add_run(CLI::App& program, Context& context);
void add_ps(CLI::App& program, Context& context);
void add_show(CLI::App& program, Context& context);
void add_live(CLI::App& program, Context& context);   ///< usage, extend, hold, resume, stop
void add_recover(CLI::App& program, Context& context);
void add_logs(CLI::App& program, Context& context);
void add_watch(CLI::App& program, Context& context);
void add_meter(CLI::App& program, Context& context);
void add_report(CLI::App& program, Context& context);
void add_trend(CLI::App& program, Context& context);
void add_import(CLI::App& program, Context& context);
void add_recost(CLI::App& program, Context& context);
void add_task(CLI::App& program, Context& context);   ///< show, set, sync
void add_budget(CLI::App& program, Context& context);      ///< list, set, show, remove
void add_alerts(CLI::App& program, Context& context);      ///< list, deliver
void add_forecast(CLI::App& program, Context& context);
void add_status(CLI::App& program, Context& context);
void add_can_start(CLI::App& program, Context& context);
void add_claim(CLI::App& program, Context& context);       ///< claim, release
void add_token_log(CLI::App& program, Context& context);
void add_retro(CLI::App& program, Context& context);
void add_config(CLI::App& program, Context& context);
void add_doctor(CLI::App& program, Context& context);
void add_completion(CLI::App& program, Context& context);   ///< after all others: it walks over them

}  // namespace ts::cli
