#include "spawner/cli/program.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <filesystem>

#include "spawner/cli/context.hpp"
#include "spawner/session/paths.hpp"

extern char** environ;

namespace ts::cli {
namespace {

constexpr const char* kVersion = "0.1.0";
constexpr const char* kAbout =
    "Runs an engineer agent as a child process, meters every token it spends, stops its whole process tree at the cap,\n"
    "records the run in a ledger, and writes the measured count back into the task file.\n\n"
    "  tracked-spawn [OPTIONS] -- AGENT [ARGS...]   is short for   tracked-spawn run [OPTIONS] -- AGENT [ARGS...]";
constexpr const char* kExamples =
    "Examples:\n"
    "  tracked-spawn --task tasks/TASK-914.md -- claude -p \"Implement the task\" --output-format stream-json --verbose\n"
    "  tracked-spawn --cap 120k -- codex exec --json \"Fix the build\"\n"
    "  tracked-spawn --cap '$5' --on-cap report -- gemini -p \"Review\" --output-format stream-json\n"
    "  tracked-spawn ps ; tracked-spawn show RUN --json ; tracked-spawn extend RUN +40k";

session::Surroundings surroundings() {
  session::Surroundings world;
  for (char** word = environ; *word != nullptr; ++word) world.env_words.emplace_back(*word);
  world.env = agents::environment_from(environ);
  std::error_code error;
  world.cwd = std::filesystem::current_path(error).string();
  world.stdin_terminal = ::isatty(STDIN_FILENO) != 0;
  world.stdout_terminal = ::isatty(STDOUT_FILENO) != 0;
  return world;
}

/// Our words before `--`, the agent's behind it. Without a command in front, `run` is meant.
std::vector<std::string> own_words(int argc, char** argv, Context& context) {
  std::vector<std::string> words(argv + std::min(argc, 1), argv + argc);
  const auto separator = std::ranges::find(words, "--");
  context.has_separator = separator != words.end();
  if (context.has_separator) {
    context.agent_argv.assign(separator + 1, words.end());
    words.erase(separator, words.end());
  }
  return words;
}

bool names_command(const CLI::App& program, const std::vector<std::string>& words) {
  const auto commands = program.get_subcommands([](const CLI::App*) { return true; });
  return !words.empty() && std::ranges::any_of(commands, [&](const CLI::App* c) { return c->check_name(words.front()); });
}

}  // namespace

int fail(Context& context, const Error& error) {
  context.console.error(error.message);
  return session::kExitFailed;
}

void print(std::string_view text) {
  std::fwrite(text.data(), 1, text.size(), stdout);
  if (!text.ends_with('\n')) std::fputc('\n', stdout);
}

Result<std::unique_ptr<ledger::Ledger>> open_for_reading(const Context& context) {
  TS_TRY(const std::string home, session::state_home(context.world.env));
  return ledger::open_ledger(session::ledger_path(home), ledger::OpenMode::read);
}

int run_program(int argc, char** argv) {
  Context context;
  context.world = surroundings();
  CLI::App program{kAbout, "tracked-spawn"};
  program.set_version_flag("--version", fmt::format("tracked-spawn {}", kVersion));
  program.footer(kExamples);
  program.require_subcommand(0, 1);
  add_run(program, context);
  add_ps(program, context);
  add_show(program, context);
  add_live(program, context);
  add_recover(program, context);

  std::vector<std::string> words = own_words(argc, argv, context);
  const bool about_program = !words.empty() && (words.front() == "--help" || words.front() == "-h" || words.front() == "--version");
  if (words.empty() && !context.has_separator) words.emplace_back("--help");
  else if (!about_program && !names_command(program, words)) words.insert(words.begin(), "run");
  std::ranges::reverse(words);  // CLI11 takes them from the back
  try {
    program.parse(words);
  } catch (const CLI::ParseError& error) {
    const int status = program.exit(error);
    return status == 0 ? 0 : session::kExitFailed;
  }
  const int status = context.action ? context.action() : 0;
  std::fflush(stdout);
  return status;
}

}  // namespace ts::cli
