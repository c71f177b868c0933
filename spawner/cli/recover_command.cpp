#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "accounting/base/text.hpp"
#include "accounting/report/json_parts.hpp"
#include "spawner/cli/context.hpp"
#include "spawner/session/books.hpp"
#include "spawner/session/paths.hpp"
#include "spawner/session/recover.hpp"

namespace ts::cli {
namespace {

std::string line_of(const session::Recovered& r) {
  const std::string count = r.end.ruling ? with_commas(by_formula(r.end.totals.counts, Formula::fresh)) + " fresh tokens" : "count unknown";
  return fmt::format("{}{}: {}, {}{}\n", r.run.text, r.task_id.empty() ? "" : " (" + r.task_id + ")", ledger::name_of(r.end.outcome), count,
                     r.note.empty() ? "" : " · " + r.note);
}

std::string json_of(const std::vector<session::Recovered>& runs) {
  auto array = nlohmann::ordered_json::array();
  for (const auto& r : runs)
    array.push_back({{"run", r.run.text},
                     {"task", r.task_id.empty() ? nlohmann::ordered_json(nullptr) : nlohmann::ordered_json(r.task_id)},
                     {"outcome", std::string{ledger::name_of(r.end.outcome)}},
                     {"fresh", r.end.ruling ? nlohmann::ordered_json(by_formula(r.end.totals.counts, Formula::fresh)) : nlohmann::ordered_json(nullptr)},
                     {"note", r.note}});
  return report::dump(array);
}

int recover(Context& context, bool json) {
  if (const auto configured = configure(context); configured.has_error()) return fail(context, configured.error());
  auto home = session::state_home(context.world.env);
  if (home.has_error()) return fail(context, home.error());
  if (auto exists = open_for_reading(context); exists.has_error() && exists.error().code == Errc::not_found &&
                                               !std::filesystem::exists(session::runs_folder(*home)))
    return fail(context, exists.error());
  auto books = session::open_books(*home, ledger::OpenMode::write, {context.world.prices});
  if (books.has_error()) return fail(context, books.error());
  auto done = session::recover(**books, *home, context.world, session::RecoverScope::everything);
  if (done.has_error()) return fail(context, done.error());
  if (json) {
    print(json_of(*done));
    return 0;
  }
  std::string text = done->empty() ? "nothing to recover: every run has its end\n" : "";
  for (const auto& run : *done) text += line_of(run);
  print(text);
  return 0;
}

}  // namespace

void add_recover(CLI::App& program, Context& context) {
  auto json = std::make_shared<bool>(false);
  CLI::App* command = program.add_subcommand("recover", "Settle runs that a crash left open, from their raw files");
  command->add_flag("--json", *json, "As JSON");
  command->footer("Examples:\n  tracked-spawn recover\n  tracked-spawn recover --json");
  command->callback([&context, json] { context.action = [&context, json] { return recover(context, *json); }; });
}

}  // namespace ts::cli
