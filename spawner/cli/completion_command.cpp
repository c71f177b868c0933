#include <fmt/format.h>

#include <CLI/CLI.hpp>

#include "spawner/cli/context.hpp"

namespace ts::cli {
namespace {

/// A command with what may stand behind it.
struct Words {
  std::string path;    ///< "task show"; empty: the program itself
  std::string about;
  struct Option {
    std::string name;  ///< with its dashes
    std::string about;
    bool takes_value = false;
  };
  std::vector<Option> options;
  std::vector<std::pair<std::string, std::string>> commands;   ///< name, about
};

Words words_of(const CLI::App& app, const std::string& path) {
  Words words{path, app.get_description(), {}, {}};
  for (const CLI::Option* option : app.get_options([](const CLI::Option* o) { return !o->get_group().empty() && o->nonpositional(); })) {
    for (const std::string& name : option->get_snames()) words.options.push_back({"-" + name, option->get_description(), option->get_type_size_max() > 0});
    for (const std::string& name : option->get_lnames()) words.options.push_back({"--" + name, option->get_description(), option->get_type_size_max() > 0});
  }
  for (const CLI::App* command : app.get_subcommands([](const CLI::App* c) { return !c->get_group().empty(); }))
    words.commands.emplace_back(command->get_name(), command->get_description());
  return words;
}

std::vector<Words> all_words(const CLI::App& program) {
  std::vector<Words> all{words_of(program, "")};
  for (const CLI::App* command : program.get_subcommands([](const CLI::App* c) { return !c->get_group().empty(); })) {
    all.push_back(words_of(*command, command->get_name()));
    for (const CLI::App* part : command->get_subcommands([](const CLI::App*) { return true; }))
      all.push_back(words_of(*part, command->get_name() + " " + part->get_name()));
  }
  return all;
}

std::string quoted(const std::string& text) {
  std::string out = "'";
  for (const char c : text) out += c == '\'' ? std::string{"'\\''"} : std::string{c};
  return out + "'";
}

/// Options and commands of one place, as one line; `run`'s options also stand behind the program's name alone.
std::string choices(const Words& words, const std::vector<Words>& all) {
  std::string line;
  for (const auto& [name, about] : words.commands) line += name + " ";
  for (const auto& option : words.options) line += option.name + " ";
  if (words.path.empty())
    for (const Words& run : all)
      if (run.path == "run")
        for (const auto& option : run.options) line += option.name + " ";
  return line + (words.path.empty() || words.path == "run" ? "--" : "");
}

std::string bash(const std::vector<Words>& all) {
  std::string cases;
  for (const Words& words : all) cases += fmt::format("    {}) words={} ;;\n", quoted(words.path), quoted(choices(words, all)));
  return "# bash completion for tracked-spawn; made by `tracked-spawn completion bash`\n"
         "_tracked_spawn() {\n"
         "  local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD-1]} path='' word words i\n"
         "  for ((i = 1; i < COMP_CWORD; i++)); do\n"
         "    word=${COMP_WORDS[i]}\n"
         "    if [[ $word == -- ]]; then\n"
         "      if declare -F _command_offset >/dev/null; then _command_offset $((i + 1)); else COMPREPLY=($(compgen -c -f -- \"$current\")); fi\n"
         "      return\n"
         "    fi\n"
         "    if [[ $word != -* && ( -z $path || $path == task ) ]]; then path=\"${path:+$path }$word\"; fi\n"
         "  done\n"
         "  case $previous in\n"
         "    --task | --result) COMPREPLY=($(compgen -f -- \"$current\")); return ;;\n"
         "  esac\n"
         "  case $path in\n" +
         cases +
         "    *) words='' ;;\n"
         "  esac\n"
         "  COMPREPLY=($(compgen -W \"$words\" -- \"$current\"))\n"
         "  [[ $current == -* ]] || COMPREPLY+=($(compgen -f -- \"$current\"))\n"
         "}\n"
         "complete -o filenames -F _tracked_spawn tracked-spawn\n";
}

/// zsh's _describe takes "name:about".
std::string zsh_list(const std::vector<std::pair<std::string, std::string>>& items) {
  std::string list;
  for (const auto& [name, about] : items) {
    std::string escaped;
    for (const char c : name) escaped += c == ':' ? std::string{"\\:"} : std::string{c};
    list += " " + quoted(escaped + ":" + about);
  }
  return list;
}

std::string zsh(const std::vector<Words>& all) {
  std::string cases;
  for (const Words& words : all) {
    auto items = words.commands;
    for (const auto& option : words.options) items.emplace_back(option.name, option.about);
    if (words.path.empty())
      for (const Words& run : all)
        if (run.path == "run")
          for (const auto& option : run.options) items.emplace_back(option.name, option.about);
    cases += fmt::format("    {}) items=({} ) ;;\n", quoted(words.path), zsh_list(items));
  }
  return "#compdef tracked-spawn\n# zsh completion for tracked-spawn; made by `tracked-spawn completion zsh`\n"
         "_tracked_spawn() {\n"
         "  local command_path='' word i\n"
         "  local -a items\n"
         "  for ((i = 2; i < CURRENT; i++)); do\n"
         "    word=${words[i]}\n"
         "    if [[ $word == -- ]]; then shift $i words; ((CURRENT -= i)); _normal; return; fi\n"
         "    if [[ $word != -* && ( -z $command_path || $command_path == task ) ]]; then command_path=\"${command_path:+$command_path }$word\"; fi\n"
         "  done\n"
         "  case $command_path in\n" +
         cases +
         "  esac\n"
         "  _describe -o 'tracked-spawn' items\n"
         "  _files\n"
         "}\n"
         "_tracked_spawn \"$@\"\n";
}

std::string fish_condition(const std::string& path) {
  if (path.empty()) return "__fish_use_subcommand";
  const std::size_t blank = path.find(' ');
  if (blank == std::string::npos) return "__fish_seen_subcommand_from " + path;
  return "__fish_seen_subcommand_from " + path.substr(0, blank) + "; and __fish_seen_subcommand_from " + path.substr(blank + 1);
}

std::string fish(const std::vector<Words>& all) {
  std::string text = "# fish completion for tracked-spawn; made by `tracked-spawn completion fish`\n";
  const auto add = [&](const std::string& condition, const Words& words) {
    for (const auto& [name, about] : words.commands)
      text += fmt::format("complete -c tracked-spawn -n {} -f -a {} -d {}\n", quoted(condition), name, quoted(about));
    for (const auto& option : words.options) {
      const bool is_long = option.name.starts_with("--");
      text += fmt::format("complete -c tracked-spawn -n {} -{} {}{} -d {}\n", quoted(condition), is_long ? "l" : "s", option.name.substr(is_long ? 2 : 1),
                          option.takes_value ? " -r" : "", quoted(option.about));
    }
  };
  for (const Words& words : all) {
    add(fish_condition(words.path), words);
    if (words.path == "run") add(fish_condition(""), words);
  }
  return text;
}

}  // namespace

void add_completion(CLI::App& program, Context& context) {
  auto shell = std::make_shared<std::string>();
  CLI::App* app = program.add_subcommand("completion", "The completion script of a shell");
  app->group("");  // for installers; not among the commands of the help
  app->add_option("SHELL", *shell, "bash, zsh or fish")->required();
  app->callback([&context, &program, shell] {
    context.action = [&context, &program, shell]() -> int {
      const auto all = all_words(program);
      if (*shell == "bash") print(bash(all));
      else if (*shell == "zsh") print(zsh(all));
      else if (*shell == "fish") print(fish(all));
      else return fail(context, {Errc::invalid_argument, fmt::format("completion: '{}': the shells are bash, zsh and fish", *shell)});
      return 0;
    };
  });
}

}  // namespace ts::cli
