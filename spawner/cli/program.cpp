#include "spawner/cli/program.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <cerrno>
#include <filesystem>

#include "accounting/base/text.hpp"
#include "spawner/cli/context.hpp"
#include "spawner/config/keys.hpp"
#include "spawner/session/books.hpp"
#include "spawner/session/paths.hpp"

extern char** environ;

namespace ts::cli {
namespace {

constexpr const char* kAbout =
    "Runs an engineer agent as a child process, meters every token it spends, stops its whole process tree at the cap,\n"
    "records the run in a ledger, and writes the measured count back into the task file.\n\n"
    "  tracked-spawn [OPTIONS] -- AGENT [ARGS...]   is short for   tracked-spawn run [OPTIONS] -- AGENT [ARGS...]";
constexpr const char* kExamples =
    "Examples:\n"
    "  tracked-spawn --task tasks/TASK-914.md -- claude -p \"Implement the task\" --output-format stream-json --verbose\n"
    "  tracked-spawn --cap 120k -- codex exec --json \"Fix the build\"\n"
    "  tracked-spawn --cap '$5' --on-cap report -- gemini -p \"Review\" --output-format stream-json\n"
    "  tracked-spawn ps ; tracked-spawn show RUN --json ; tracked-spawn extend RUN +40k\n"
    "`tracked-spawn COMMAND --help` has more, `man tracked-spawn` all; `tracked-spawn doctor` says whether all is well.";

/// Of 0 to 2 what we were given closed. Else something of ours gets the number, and the agent's output goes into it.
void take_standard_descriptors() {
  for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; ++fd)
    if (::fcntl(fd, F_GETFD) < 0) (void)::open("/dev/null", O_RDWR);  // takes the lowest number that is free
}

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

/// `--cap -5` and `--cap -$5`: a value that begins with a dash is the option's, so that its own message speaks.
void join_negative_values(std::vector<std::string>& words) {
  for (std::size_t i = 0; i + 1 < words.size(); ++i) {
    const std::string& next = words[i + 1];
    const bool value = next.size() > 1 && next[0] == '-' && (next[1] == '$' || next[1] == '.' || (next[1] >= '0' && next[1] <= '9'));
    if (!value || !words[i].starts_with("--") || words[i].find('=') != std::string::npos) continue;
    words[i] += "=" + next;
    words.erase(words.begin() + static_cast<std::ptrdiff_t>(i) + 1);
  }
}

/// Who adds which commands, in the order of the help.
struct Adder {
  std::array<std::string_view, 5> names;
  void (*add)(CLI::App& program, Context& context);
};
constexpr Adder kAdders[] = {{{"run"}, add_run},         {{"ps"}, add_ps},         {{"show"}, add_show},     {{"usage", "extend", "hold", "resume", "stop"}, add_live},
                             {{"logs"}, add_logs},       {{"watch"}, add_watch},   {{"meter"}, add_meter},   {{"task"}, add_task},
                             {{"report"}, add_report},   {{"trend"}, add_trend},   {{"import"}, add_import},   {{"recost"}, add_recost},
                             {{"token-log"}, add_token_log}, {{"retro"}, add_retro}, {{"recover"}, add_recover}, {{"budget"}, add_budget},
                             {{"alerts"}, add_alerts},   {{"forecast"}, add_forecast}, {{"status"}, add_status},
                             {{"can-start"}, add_can_start}, {{"claim", "release"}, add_claim}, {{"doctor"}, add_doctor},
                             {{"config"}, add_config},   {{"completion"}, add_completion}};

const Adder* adder_of(std::string_view word) {
  const auto named = [&](const Adder& adder) { return !word.empty() && std::ranges::find(adder.names, word) != adder.names.end(); };
  const auto found = std::ranges::find_if(kAdders, named);
  return found == std::end(kAdders) ? nullptr : found;
}

/// Adds the one command that the line names: the others would cost each start half a millisecond. All of them where it speaks of the program.
void add_commands(CLI::App& program, Context& context, const std::vector<std::string>& words) {
  const Adder* only = adder_of(words.front());
  if (only != nullptr && only->add != add_completion) return only->add(program, context);
  for (const Adder& adder : kAdders) adder.add(program, context);
  program.set_help_all_flag("--help-all", "The help of every command");  // last: commands would inherit it
}

/// `--cap "$CAP"` with nothing in it is a slip, and no wish for the default.
Result<void> check_nothing_empty(const CLI::App& command) {
  for (const CLI::Option* option : command.get_options())
    if (!option->get_positional() && option->get_type_size_max() > 0 && std::ranges::any_of(option->results(), &std::string::empty))
      return Error{Errc::invalid_argument, option->get_name() + ": its value is empty; give one or leave the option out"};
  for (const CLI::App* part : command.get_subcommands()) TS_CHECK(check_nothing_empty(*part));
  return {};
}

/// Says what is wrong with the line, each line of it as ours.
int fail_usage(Context& context, const std::vector<std::string>& words, std::string_view what) {
  for (std::size_t begin = 0; begin < what.size();) {
    const std::size_t end = std::min(what.find('\n', begin), what.size());
    if (end > begin) context.console.error(printable(what.substr(begin, end - begin), 400));
    begin = end + 1;
  }
  context.console.error(fmt::format("`tracked-spawn {}--help` says more", words.empty() || adder_of(words.front()) == nullptr ? "" : words.front() + " "));
  return session::kExitFailed;
}

int fail_unknown_command(Context& context, const std::string& word) {
  std::vector<std::string> known;
  for (const Adder& adder : kAdders)
    for (const std::string_view name : adder.names)
      if (!name.empty()) known.emplace_back(name);
  const std::string near = agents::profile_named(word) != nullptr ? std::string{} : config::nearest(word, known);
  context.console.error(fmt::format("'{}': there is no such command; {}", printable(word, 60),
                                    near.empty() ? "`tracked-spawn --help` lists them" : "did you mean '" + near + "'?"));
  context.console.error("an agent's command stands behind `--`, as in `tracked-spawn --cap 120k -- claude -p \"…\"`");
  return session::kExitFailed;
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

Result<std::unique_ptr<ledger::Books>> open_books(const Context& context, ledger::OpenMode mode) {
  TS_TRY(const std::string home, session::state_home(context.world.env));
  return session::open_books(home, mode, {context.world.prices});
}

int run_program(int argc, char** argv) {
  take_standard_descriptors();
  Context context;
  context.world = surroundings();
  CLI::App program{kAbout, "tracked-spawn"};
  program.set_version_flag("--version", fmt::format("tracked-spawn {}", TS_VERSION));
  program.footer(kExamples);
  program.require_subcommand(0, 1);
  std::vector<std::string> words = own_words(argc, argv, context);
  join_negative_values(words);
  const bool about_program = !words.empty() && (words.front() == "--help" || words.front() == "-h" || words.front() == "--help-all" || words.front() == "--version");
  if (words.empty() && !context.has_separator) words.emplace_back("--help");
  else if (!words.empty() && !words.front().starts_with('-') && adder_of(words.front()) == nullptr) return fail_unknown_command(context, words.front());
  else if (!about_program && (words.empty() || adder_of(words.front()) == nullptr)) words.insert(words.begin(), "run");
  const std::vector<std::string> said = words;
  add_commands(program, context, words);
  std::ranges::reverse(words);  // CLI11 takes them from the back
  try {
    program.parse(words);
  } catch (const CLI::ParseError& error) {
    return error.get_exit_code() == 0 ? program.exit(error) : fail_usage(context, said, error.what());
  }
  if (const auto checked = check_nothing_empty(program); checked.has_error()) return fail(context, checked.error());
  const int status = context.action ? context.action() : 0;
  errno = 0;
  if ((std::fflush(stdout) != 0 || std::ferror(stdout) != 0) && status == 0) return fail(context, errno_error("stdout", errno == 0 ? EIO : errno));
  return status;
}

}  // namespace ts::cli
