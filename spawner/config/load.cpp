#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "spawner/config/keys.hpp"
#include "spawner/config/settings.hpp"

namespace ts::config {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kLargest = std::size_t{1} << 20;

std::string value_of(const Environment& env, std::string_view name) {
  const auto found = env.find(name);
  return found == env.end() ? std::string{} : found->second;
}

bool exists(const std::string& path) { return ::access(path.c_str(), F_OK) == 0; }

struct Closer {
  int fd;
  ~Closer() { ::close(fd); }
};

Result<std::string> read_whole(int fd, const std::string& path) {
  struct stat info {};
  if (::fstat(fd, &info) != 0) return errno_error(path, errno);
  if (!S_ISREG(info.st_mode)) return Error{Errc::invalid_argument, path + ": not a regular file; the configuration is a TOML file"};
  std::string text;
  char buffer[16384];
  while (true) {
    const ssize_t n = ::read(fd, buffer, sizeof buffer);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return errno_error(path, errno);
    if (n == 0) return text;
    text.append(buffer, static_cast<std::size_t>(n));
    if (text.size() > kLargest) return Error{Errc::too_large, path + ": larger than 1 MiB; that is no configuration of ours"};
  }
}

}  // namespace

Result<Settings> load_file(const std::string& path, Origin origin) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  if (fd < 0 && (errno == ENOENT || errno == ENOTDIR)) return Settings{};
  if (fd < 0) return errno_error(path, errno);
  const Closer closer{fd};
  TS_TRY(const std::string text, read_whole(fd, path));
  TS_TRY(Settings settings, parse(text, path, origin));
  settings.files.push_back(path);
  for (BudgetSetting& budget : settings.budgets) budget.file = path;
  return settings;
}

Settings merged(Settings base, Settings over) {
  for (auto& [key, setting] : over.run) base.run.insert_or_assign(key, std::move(setting));
  for (auto& [name, label] : over.labels) base.labels.insert_or_assign(name, std::move(label));
  // The first pattern that fits a line rules it, and patterns_of() puts later ones in front.
  for (auto& [key, setting] : over.alerts) base.alerts.insert_or_assign(key, std::move(setting));
  for (auto& budget : over.budgets) base.budgets.push_back(std::move(budget));
  for (auto& pattern : over.patterns) base.patterns.push_back(std::move(pattern));
  for (auto& row : over.prices.rows) {
    std::erase_if(base.prices.rows, [&](const PriceRow& old) { return old.model == row.model; });
  }
  for (auto& row : over.prices.rows) base.prices.rows.push_back(std::move(row));
  for (auto& [name, model] : over.prices.aliases) base.prices.aliases.insert_or_assign(name, model);
  base.prices.unpriced.insert(over.prices.unpriced.begin(), over.prices.unpriced.end());
  for (auto& file : over.files) base.files.push_back(std::move(file));
  return base;
}

Settings from_environment(const Environment& env) {
  Settings settings;
  for (const Key& key : run_keys()) {
    const std::string name = environment_name(key);
    if (const std::string text = value_of(env, name); !text.empty())
      settings.run[std::string{key.name}] = {text, name, Origin::environment};
  }
  return settings;
}

std::string user_file(const Environment& env) {
  // The specification says that a relative path is to be ignored.
  std::string base = value_of(env, "XDG_CONFIG_HOME");
  if (!base.starts_with('/')) {
    base = value_of(env, "HOME");
    if (!base.starts_with('/')) return {};
    base += "/.config";
  }
  return base + "/tracked-spawn/config.toml";
}

std::string project_file(const std::string& cwd) {
  std::string beside;  // without a project only the folder itself is looked at
  for (fs::path folder = cwd; !folder.empty(); folder = folder.parent_path()) {
    std::string file = (folder / ".tracked-spawn.toml").string();
    const bool here = exists(file);
    if (folder == fs::path{cwd} && here) return file;
    if (here && beside.empty()) beside = file;
    if (exists((folder / ".git").string())) return beside;
    if (folder == folder.root_path()) break;
  }
  return {};
}

Result<Settings> load(const Environment& env, const std::string& cwd) {
  Settings settings;
  if (const std::string file = user_file(env); !file.empty()) {
    TS_TRY(settings, load_file(file, Origin::user));
  }
  if (const std::string file = project_file(cwd); !file.empty()) {
    TS_TRY(Settings project, load_file(file, Origin::project));
    settings = merged(std::move(settings), std::move(project));
  }
  return merged(std::move(settings), from_environment(env));
}

Result<taskfile::Patterns> patterns_of(const Settings& settings) {
  taskfile::Patterns patterns = taskfile::default_patterns();
  for (const PatternSetting& pattern : settings.patterns)
    if (const auto added = patterns.add(pattern.kind, pattern.label); added.has_error()) return with_context(pattern.where, added.error());
  return patterns;
}

Result<PriceBook> prices_of(const Settings& settings) { return builtin_prices().with(settings.prices); }

}  // namespace ts::config
