#include "spawner/session/doctor.hpp"

#include <fmt/format.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "accounting/base/text.hpp"
#include "accounting/ledger/recovery.hpp"
#include "accounting/ledger/schema.hpp"
#include "spawner/config/settings.hpp"
#include "spawner/process/cgroup.hpp"
#include "spawner/process/containment.hpp"
#include "spawner/process/program_search.hpp"
#include "spawner/session/alerting.hpp"
#include "spawner/session/books.hpp"
#include "spawner/session/identity.hpp"
#include "spawner/session/paths.hpp"

namespace ts::session {
namespace {

namespace fs = std::filesystem;
using Findings = std::vector<Finding>;

constexpr std::uintmax_t kManyBytes = std::uintmax_t{5} << 30;
constexpr std::uintmax_t kLittleSpace = std::uintmax_t{200} << 20;

std::string bytes_text(std::uintmax_t bytes) { return compact(static_cast<std::int64_t>(std::min<std::uintmax_t>(bytes, INT64_MAX))) + "B"; }

void look_at_containment(Findings& out) {
  const auto checks = process::detect_containment();
  const process::Tier best = process::best_of(checks);
  for (const auto& check : checks) {
    const bool used = check.tier == best;
    out.push_back({"containment", std::string{process::name_of(check.tier)}, check.usable ? Health::good : Health::note,
                   check.reason + (used ? " · this one is used" : ""), {}});
  }
  if (best == process::Tier::process_group)
    out.push_back({"containment", "processes that leave the group", Health::bad, "an agent's process that starts its own session would survive a stop",
                   "mount /proc, or give tracked-spawn a cgroup v2 of its own (systemd-run --user --scope -p Delegate=yes tracked-spawn …)"});
  const auto folder = process::own_cgroup_folder();
  out.push_back({"containment", "own cgroup", folder.has_value() ? Health::good : Health::note, folder.has_value() ? *folder : folder.error().message, {}});
}

/// Whether the nearest folder that exists can be written.
void look_at_place(const std::string& path, Findings& out) {
  fs::path there = path;
  struct stat info {};
  while (::lstat(there.c_str(), &info) != 0 && there.has_parent_path() && there != there.root_path()) there = there.parent_path();
  if (!S_ISDIR(info.st_mode) && !fs::is_directory(there)) {
    out.push_back({"ledger", "folder", Health::bad, there.string() + ": not a directory", "set XDG_STATE_HOME to a folder, or move that file away"});
  } else if (::access(there.c_str(), W_OK | X_OK) != 0) {
    out.push_back({"ledger", "folder", Health::bad, errno_error(there.string(), errno).message,
                   "make it writable for this user, or set XDG_STATE_HOME to a folder that is; until then runs are kept below $TMPDIR or /tmp"});
  }
  struct statvfs space {};
  if (::statvfs(there.c_str(), &space) != 0) return;
  const std::uintmax_t left = std::uintmax_t{space.f_bavail} * space.f_frsize;
  out.push_back({"ledger", "disk space", left < kLittleSpace ? Health::bad : Health::good, bytes_text(left) + " free at " + there.string(),
                 left < kLittleSpace ? "free some: on a full disk runs go on, but their output and counts can't be kept" : ""});
}

void look_at_modes(const fs::path& path, mode_t wanted, Findings& out) {
  struct stat info {};
  if (::lstat(path.c_str(), &info) != 0) return;
  const auto mode = static_cast<unsigned>(info.st_mode & 07777);
  if (info.st_uid != ::geteuid())
    out.push_back({"ledger", "owner", Health::bad, fmt::format("{} belongs to user {}", path.string(), info.st_uid), fmt::format("chown it to user {}", ::geteuid())});
  else if ((mode & 077) != 0)
    out.push_back({"ledger", "permissions", Health::bad, fmt::format("{} has mode {:04o}: others can read what agents did", path.string(), mode),
                   fmt::format("chmod {:04o} {}", wanted, path.string())});
}

void look_at_runs(ledger::Ledger& ledger, Findings& out) {
  const auto open = ledger::open_runs(ledger, here());
  if (open.has_error()) {
    out.push_back({"ledger", "runs", Health::bad, open.error().message, "try again; if it stays so, move the file away and run `tracked-spawn recover`: the run folders fill a new one"});
    return;
  }
  std::size_t dead = 0;
  for (const auto& run : *open) dead += run.liveness == ledger::Liveness::dead ? 1U : 0U;
  out.push_back({"ledger", "runs", dead > 0 ? Health::bad : Health::good, fmt::format("{} without an end, of them {} crashed", open->size(), dead),
                 dead > 0 ? "`tracked-spawn recover` settles them from their raw files" : ""});
}

/// The budgets' sums against what they are sums of, and alerts that nobody could be told.
void look_at_books(ledger::Books& books, const Surroundings& world, Findings& out) {
  auto differences = books.budgets().verify();
  if (differences.has_error()) return out.push_back({"ledger", "sums", Health::bad, differences.error().message, {}});
  const auto of_reports = books.reports().verify();
  if (of_reports.has_error()) return out.push_back({"ledger", "sums", Health::bad, of_reports.error().message, {}});
  differences->insert(differences->end(), of_reports->begin(), of_reports->end());
  if (differences->empty()) out.push_back({"ledger", "sums", Health::good, "usage, budgets and reports add up", {}});
  else out.push_back({"ledger", "sums", Health::bad, fmt::format("{} do not add up: {}", differences->size(), differences->front()), "`tracked-spawn budget rebuild` adds them up anew"});
  const auto missing = unapplied_budgets(books, world);
  if (missing.has_value() && !missing->empty())
    out.push_back({"ledger", "budgets", Health::note, fmt::format("configured, and not yet in the ledger: {}", fmt::join(*missing, ", ")), "the next run takes them over"});
  std::size_t given_up = 0;
  std::string last;
  if (const auto deliveries = books.alerts().deliveries({}); deliveries.has_value())
    for (const ledger::DeliveryRecord& d : *deliveries)
      if (d.state == "failed") {
        ++given_up;
        last = d.sink + ": " + d.detail;
      }
  if (given_up > 0) out.push_back({"ledger", "alerts", Health::note, fmt::format("{} could not be delivered; the last to {}", given_up, last), "`tracked-spawn alerts deliver --test` tries the sinks"});
}

void look_at_folders(const std::string& home, Findings& out) {
  std::uintmax_t bytes = 0;
  std::size_t runs = 0;
  std::error_code error;
  for (fs::recursive_directory_iterator entry(runs_folder(home), fs::directory_options::skip_permission_denied, error), end; !error && entry != end; entry.increment(error)) {
    if (entry.depth() == 0) ++runs;
    std::error_code gone;
    if (entry->is_regular_file(gone) && !entry->is_symlink(gone)) bytes += entry->file_size(gone);
  }
  out.push_back({"ledger", "run folders", bytes > kManyBytes ? Health::note : Health::good,
                 fmt::format("{} in {}, {}", runs, runs_folder(home).string(), bytes_text(bytes)),
                 bytes > kManyBytes ? "remove folders of old runs: the ledger keeps their counts" : ""});
}

void look_at_ledger(const Surroundings& world, Findings& out) {
  const auto home = state_home(world.env);
  if (home.has_error()) {
    out.push_back({"ledger", "place", Health::bad, home.error().message, "export HOME or XDG_STATE_HOME"});
    return;
  }
  const fs::path path = ledger_path(*home);
  look_at_place(path.parent_path().string(), out);
  look_at_modes(path.parent_path(), 0700, out);
  look_at_modes(path, 0600, out);
  auto opened = open_books(*home, ledger::OpenMode::read, {world.prices});
  if (opened.has_error() && opened.error().code == Errc::not_found) {
    out.push_back({"ledger", "file", Health::note, fmt::format("{}: not there yet; the first run makes it", path.string()), {}});
  } else if (opened.has_error()) {
    out.push_back({"ledger", "file", Health::bad, opened.error().message,
                   opened.error().code == Errc::unsupported ? "use the tracked-spawn that wrote it, or a newer one"
                                                            : "move it away: the next run makes a new one, and `tracked-spawn recover` fills it from the run folders"});
  } else {
    out.push_back({"ledger", "file", Health::good, fmt::format("{}, version {}", path.string(), ledger::schema_version()), {}});
    look_at_runs((*opened)->runs(), out);
    look_at_books(**opened, world, out);
  }
  look_at_folders(*home, out);
}

void look_at_agents(const Surroundings& world, Findings& out) {
  const auto path = world.env.find("PATH");
  std::size_t found = 0;
  for (const agents::Profile& profile : agents::all_profiles()) {
    if (profile.kind == agents::AgentKind::other) continue;
    const auto program = process::find_program(profile.name, path == world.env.end() ? std::string_view{} : path->second, world.cwd);
    std::string says = program.has_value() ? *program : "not on PATH";
    found += program.has_value() ? 1U : 0U;
    for (const auto& place : agents::transcript_places(profile, world.env)) {
      std::error_code error;
      const bool there = fs::is_directory(place.root, error);
      says += fmt::format(" · transcripts {}{}", place.root, there ? "" : " (not there yet)");
    }
    out.push_back({"agents", std::string{profile.title}, program.has_value() ? Health::good : Health::note, says, {}});
  }
  if (found == 0)
    out.push_back({"agents", "all", Health::note, "no known agent is on PATH; any other program can be run and metered by what it prints",
                   "install one, or put its folder on PATH"});
}

/// What is wrong with one source of settings.
std::vector<std::string> troubles_of(const Result<config::Settings>& settings, const SettingsCheck& check) {
  if (settings.has_error()) return {settings.error().message};
  std::vector<std::string> troubles;
  if (const auto patterns = config::patterns_of(*settings); patterns.has_error()) troubles.push_back(patterns.error().message);
  if (const auto prices = config::prices_of(*settings); prices.has_error()) troubles.push_back(prices.error().message);
  std::ranges::move(check(*settings), std::back_inserter(troubles));
  return troubles;
}

void look_at_settings(const std::string& subject, const std::vector<std::string>& troubles, Findings& out) {
  for (const std::string& trouble : troubles) out.push_back({"configuration", subject, Health::bad, trouble, "mend that: no run starts before"});
}

void look_at_configuration(const Surroundings& world, const SettingsCheck& check, Findings& out) {
  const std::pair<std::string, config::Origin> files[] = {{config::user_file(world.env), config::Origin::user},
                                                          {config::project_file(world.cwd), config::Origin::project}};
  bool any = false;
  for (const auto& [path, origin] : files) {
    std::error_code error;
    if (path.empty() || !fs::exists(fs::symlink_status(path, error))) continue;
    any = true;
    const std::string subject = origin == config::Origin::user ? "user" : "project";
    const auto troubles = troubles_of(config::load_file(path, origin), check);
    look_at_settings(subject, troubles, out);
    if (troubles.empty()) out.push_back({"configuration", subject, Health::good, path, {}});
  }
  if (!any) out.push_back({"configuration", "files", Health::good, "none: the defaults hold", {}});
  look_at_settings("environment", troubles_of(config::from_environment(world.env), check), out);
  out.push_back({"configuration", "prices", Health::good, fmt::format("built in, of {}", builtin_prices_date()), {}});
}

void look_at_number(const char* path, std::int64_t least, Findings& out) {
  std::ifstream file(path);
  std::int64_t value = 0;
  const std::string name = fs::path{path}.filename().string();
  if (!(file >> value)) {
    out.push_back({"system", name, Health::note, fmt::format("{}: can't be read, so the limit is not known", path), {}});
    return;
  }
  const bool low = value < least;
  out.push_back({"system", name, low ? Health::bad : Health::good, fmt::format("{}", value),
                 low ? fmt::format("raise it (sysctl fs.inotify.{}={}): too low a limit makes transcript metering slow", name, least) : ""});
}

/// What a run does first: the limits alone don't tell what others have used up.
void look_at_inotify(Findings& out) {
  const int fd = ::inotify_init1(IN_CLOEXEC);
  const bool works = fd >= 0 && ::inotify_add_watch(fd, "/", IN_CREATE | IN_ONLYDIR) >= 0;
  const Error why = errno_error(fd < 0 ? "no instance is to be had" : "no watch is to be had", errno);
  if (fd >= 0) ::close(fd);
  out.push_back({"system", "inotify", works ? Health::good : Health::bad, works ? "works" : why.message,
                 works ? "" : "raise fs.inotify.max_user_instances and max_user_watches, or end what holds them; until then runs look through transcripts every second"});
}

}  // namespace

std::string_view name_of(Health health) {
  constexpr std::string_view names[] = {"good", "note", "bad"};
  return names[static_cast<int>(health)];
}

std::vector<Finding> examine(const Surroundings& world, const SettingsCheck& check) {
  Findings out;
  look_at_containment(out);
  look_at_ledger(world, out);
  look_at_agents(world, out);
  look_at_configuration(world, check, out);
  look_at_inotify(out);
  look_at_number("/proc/sys/fs/inotify/max_user_watches", 8192, out);
  look_at_number("/proc/sys/fs/inotify/max_user_instances", 32, out);
  return out;
}

}  // namespace ts::session
