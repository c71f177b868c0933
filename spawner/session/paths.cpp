#include "spawner/session/paths.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

namespace ts::session {
namespace {

std::string value_of(const agents::Environment& env, std::string_view name) {
  const auto found = env.find(name);
  return found == env.end() ? std::string{} : found->second;
}

}  // namespace

Result<std::string> state_home(const agents::Environment& env) {
  // The specification says that a relative path is to be ignored.
  if (std::string xdg = value_of(env, "XDG_STATE_HOME"); xdg.starts_with('/')) return xdg;
  if (const std::string home = value_of(env, "HOME"); home.starts_with('/')) return home + "/.local/state";
  return Error{Errc::not_found, "no place for the ledger: neither XDG_STATE_HOME nor HOME is set to an absolute path; set one of them"};
}

std::filesystem::path ledger_path(const std::string& state_home) {
  return std::filesystem::path{state_home} / "tracked-spawn" / "ledger.db";
}

std::filesystem::path runs_folder(const std::string& state_home) {
  return std::filesystem::path{state_home} / "tracked-spawn" / "runs";
}

Result<std::string> fallback_state_home(const agents::Environment& env) {
  std::string base = value_of(env, "TMPDIR");
  if (!base.starts_with('/')) base = "/tmp";
  const std::string path = base + "/tracked-spawn-" + std::to_string(::getuid());
  if (::mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) return errno_error(path, errno);
  struct stat info {};
  if (::lstat(path.c_str(), &info) != 0) return errno_error(path, errno);
  if (!S_ISDIR(info.st_mode) || info.st_uid != ::getuid() || (info.st_mode & 077) != 0)
    return Error{Errc::permission_denied, path + ": not a folder of ours with mode 0700"};
  return path;
}

}  // namespace ts::session
