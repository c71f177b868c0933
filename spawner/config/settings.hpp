#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "accounting/base/result.hpp"
#include "accounting/budget/budget.hpp"
#include "accounting/budget/prices.hpp"
#include "taskfile/patterns.hpp"

namespace ts::config {

/// Who said something, weakest first. The command line is above them all.
enum class Origin { user, project, environment };

/// A value that somebody gave to a key of `[run]`.
struct Setting {
  std::string text;   ///< as the option would be given it
  std::string where;  ///< "/home/a/.config/tracked-spawn/config.toml:4", "TRACKED_SPAWN_CAP"
  Origin origin = Origin::user;
};

/// A label of `[taskfile.patterns]`.
struct PatternSetting {
  std::string kind;
  std::string label;
  std::string where;
};

/// A budget of `[budget.NAME]`.
struct BudgetSetting {
  Budget budget;
  std::string where;
  std::string file;
};

/// What is configured, all sources together.
struct Settings {
  std::map<std::string, Setting, std::less<>> run;     ///< by key; what nobody said is absent
  std::map<std::string, Setting, std::less<>> labels;  ///< `[run.labels]`
  std::vector<PatternSetting> patterns;
  std::vector<BudgetSetting> budgets;
  std::map<std::string, Setting, std::less<>> alerts;  ///< `[alerts]`, by key
  PriceList prices;                                    ///< on top of the built-in ones
  std::vector<std::string> files;                      ///< that were read, weakest first
};

using Environment = std::map<std::string, std::string, std::less<>>;

/// What one configuration file says. `name` stands in messages and in Setting::where.
/// Errors: invalid_argument with name:line for what isn't TOML, an unknown key (with the nearest known one) or a wrong type.
[[nodiscard]] Result<Settings> parse(std::string_view text, const std::string& name, Origin origin);

/// `over` on top of `base`.
[[nodiscard]] Settings merged(Settings base, Settings over);

/// What the variables of the environment say: TRACKED_SPAWN_CAP and so on. An empty one says nothing.
[[nodiscard]] Settings from_environment(const Environment& env);

/// The user's file: `$XDG_CONFIG_HOME/tracked-spawn/config.toml`, else below `$HOME/.config`. Empty: neither is set.
[[nodiscard]] std::string user_file(const Environment& env);

/// The project's `.tracked-spawn.toml`, from `cwd` upward to the folder that holds `.git` (without one: in `cwd` alone).
/// Empty: there is none.
[[nodiscard]] std::string project_file(const std::string& cwd);

/// Reads what there is: environment > project > user. A file that does not exist costs one system call.
/// Errors: as parse(); permission_denied, io or too_large for a file that can't be read.
[[nodiscard]] Result<Settings> load(const Environment& env, const std::string& cwd);

/// Reads one file if it exists. Absent file: empty settings.
[[nodiscard]] Result<Settings> load_file(const std::string& path, Origin origin);

/// The default patterns with the configured ones. Errors: invalid_argument with the place.
[[nodiscard]] Result<taskfile::Patterns> patterns_of(const Settings& settings);

/// The built-in prices with the configured ones. Errors: invalid_argument with the place.
[[nodiscard]] Result<PriceBook> prices_of(const Settings& settings);

}  // namespace ts::config
