#include <algorithm>
#include <array>
#include <cctype>

#include "spawner/agents/profile.hpp"

namespace ts::agents {

namespace {

using Words = std::span<const std::string>;

struct AgentNames {
  std::string_view profile;
  std::array<std::string_view, 3> programs;
  std::string_view package;  ///< npm
};

constexpr std::array<AgentNames, 5> kNames = {{
    {"claude", {"claude", "claude-code", ""}, "@anthropic-ai/claude-code"},
    {"codex", {"codex", "codex-cli", ""}, "@openai/codex"},
    {"gemini", {"gemini", "gemini-cli", ""}, "@google/gemini-cli"},
    {"opencode", {"opencode", "opencode-ai", "opencode-cli"}, "opencode-ai"},
    {"qwen", {"qwen", "qwen-code", ""}, "@qwen-code/qwen-code"},
}};

/// A program that runs the program named after its own options.
struct Wrapper {
  std::string_view name;
  std::string_view with_value;  ///< options that take the next word, each between blanks
  int positionals;              ///< own words before the program (timeout: the duration)
};

constexpr std::array<Wrapper, 10> kWrappers = {{
    {"env", " -u --unset -C --chdir ", 0},
    {"nice", " -n --adjustment ", 0},
    {"ionice", " -c --class -n --classdata ", 0},
    {"timeout", " -k --kill-after -s --signal ", 1},
    {"stdbuf", " -i --input -o --output -e --error ", 0},
    {"nohup", " ", 0},
    {"setsid", " ", 0},
    {"time", " -f --format -o --output ", 0},
    {"exec", " -a ", 0},
    {"command", " ", 0},
}};

constexpr std::array<std::string_view, 4> kInterpreters = {"node", "nodejs", "bun", "deno"};
constexpr std::string_view kInterpreterValues = " -r --require --import --loader --experimental-loader -C --conditions --env-file ";
constexpr std::array<std::string_view, 3> kPackageRunners = {"npx", "bunx", "pnpx"};
/// `pnpm dlx`, `npm exec` …: manager and the subcommands that run a package.
constexpr std::array<std::pair<std::string_view, std::string_view>, 4> kManagers = {
    {{"npm", " exec x "}, {"pnpm", " dlx exec "}, {"yarn", " dlx exec "}, {"bun", " x "}}};
constexpr std::string_view kRunnerValues = " -p --package -c --call --registry -w --workspace ";

std::string_view base_name(std::string_view path) { return path.substr(path.rfind('/') + 1); }

bool in_list(std::string_view list, std::string_view word) {
  return !word.empty() && list.find(" " + std::string(word) + " ") != std::string_view::npos;
}

std::string_view without_suffix(std::string_view name) {
  for (std::string_view suffix : {".exe", ".cmd", ".mjs", ".cjs", ".js"})
    if (name.ends_with(suffix)) return name.substr(0, name.size() - suffix.size());
  return name;
}

/// `name` alone, or with a version or platform: codex-0.169.0, codex-x86_64-unknown-linux-musl, claude@2.
bool is_program(std::string_view base, std::string_view name) {
  if (name.empty() || !base.starts_with(name)) return false;
  const std::string_view rest = base.substr(name.size());
  if (rest.empty()) return true;
  if (rest.size() < 2 || (rest[0] != '-' && rest[0] != '@')) return false;
  if (rest[0] == '@' || std::isdigit(static_cast<unsigned char>(rest[1])) != 0) return true;
  for (std::string_view platform : {"-linux", "-darwin", "-x86_64", "-aarch64", "-x64", "-arm64"})
    if (rest.starts_with(platform)) return true;
  return false;
}

const Profile* by_program(std::string_view word) {
  const std::string_view base = without_suffix(base_name(word));
  for (const AgentNames& agent : kNames) {
    for (std::string_view name : agent.programs)
      if (is_program(base, name)) return profile_named(agent.profile);
    const std::string inside = "/" + std::string(agent.package) + "/";
    if (word.find(inside) != std::string_view::npos) return profile_named(agent.profile);
  }
  return nullptr;
}

/// `@scope/name@version`, `name`, a path.
const Profile* by_package(std::string_view spec) {
  if (const auto at = spec.rfind('@'); at != std::string_view::npos && at > 0) spec = spec.substr(0, at);
  for (const AgentNames& agent : kNames)
    if (spec == agent.package) return profile_named(agent.profile);
  return spec.starts_with('@') ? nullptr : by_program(spec);
}

/// Index of the first word at or after `from` that is neither an option nor an option's value.
std::size_t skip_options(Words argv, std::size_t from, std::string_view with_value) {
  for (; from < argv.size(); ++from) {
    const std::string& word = argv[from];
    if (word == "--") return from + 1;
    if (word.size() < 2 || word[0] != '-') return from;
    if (in_list(with_value, word)) ++from;
  }
  return from;
}

bool is_assignment(std::string_view word) { return word.find('=') != std::string_view::npos && word[0] != '='; }

Detected search(Words argv, std::size_t at, int depth);

Detected in_package_runner(Words argv, std::size_t at) {
  at = skip_options(argv, at, kRunnerValues);
  if (at < argv.size())
    if (const Profile* found = by_package(argv[at])) return {found, at};
  return {};
}

Detected behind_wrapper(Words argv, std::size_t at, const Wrapper& wrapper, int depth) {
  at = skip_options(argv, at + 1, wrapper.with_value);
  if (wrapper.name == "env")
    while (at < argv.size() && is_assignment(argv[at])) ++at;
  return search(argv, at + static_cast<std::size_t>(wrapper.positionals), depth + 1);
}

Detected behind_interpreter(Words argv, std::size_t at) {
  std::size_t script = skip_options(argv, at + 1, kInterpreterValues);
  if (script < argv.size() && argv[script] == "run") script = skip_options(argv, script + 1, kInterpreterValues);
  if (script >= argv.size()) return {};
  const std::string_view spec = argv[script];
  if (spec.starts_with("npm:")) {  // deno run npm:@scope/name
    const Profile* found = by_package(spec.substr(4));
    return found != nullptr ? Detected{found, script} : Detected{};
  }
  const Profile* found = by_program(spec);
  return found != nullptr ? Detected{found, script} : Detected{};
}

Detected search(Words argv, std::size_t at, int depth) {
  if (at >= argv.size() || depth > 8) return {};
  if (const Profile* found = by_program(argv[at])) return {found, at};
  const std::string_view base = without_suffix(base_name(argv[at]));
  for (const Wrapper& wrapper : kWrappers)
    if (base == wrapper.name) return behind_wrapper(argv, at, wrapper, depth);
  for (const auto& [manager, subcommands] : kManagers)
    if (base == manager && at + 1 < argv.size() && in_list(subcommands, argv[at + 1])) return in_package_runner(argv, at + 2);
  for (std::string_view runner : kPackageRunners)
    if (base == runner) return in_package_runner(argv, at + 1);
  for (std::string_view interpreter : kInterpreters)
    if (base == interpreter) return behind_interpreter(argv, at);
  return {};
}

}  // namespace

Detected detect(Words argv) {
  const Detected found = search(argv, 0, 0);
  return found.profile != nullptr ? found : Detected{profile_named("other"), 0};
}

}  // namespace ts::agents
