#include "spawner/process/program_search.hpp"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <vector>

namespace ts::process {
namespace {

enum class Found { nothing, directory, not_a_file, not_executable, program };

std::string from(std::string_view cwd, std::string_view path) {
  if (cwd.empty() || path.starts_with('/')) return std::string(path);
  return fmt::format("{}/{}", cwd, path);
}

Found look_at(const std::string& path) {
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0) return errno == EACCES ? Found::not_executable : Found::nothing;
  if (S_ISDIR(info.st_mode)) return Found::directory;
  if (!S_ISREG(info.st_mode)) return Found::not_a_file;
  return ::access(path.c_str(), X_OK) == 0 ? Found::program : Found::not_executable;
}

std::string_view text_of(Found found) {
  switch (found) {
    case Found::directory:
      return "is a directory";
    case Found::not_a_file:
      return "is no regular file";
    default:
      return "is not executable (permission denied; chmod +x?)";
  }
}

Result<std::string> at_path(std::string_view program, std::string_view cwd) {
  const auto found = look_at(from(cwd, program));
  if (found == Found::program) return std::string(program);
  if (found == Found::nothing) return Error{Errc::not_found, fmt::format("{}: no such file", from(cwd, program))};
  return Error{Errc::permission_denied, fmt::format("{}: {}", from(cwd, program), text_of(found))};
}

}  // namespace

Result<std::string> find_program(std::string_view program, std::string_view path, std::string_view cwd) {
  if (program.empty()) return Error{Errc::not_found, "the agent's name is empty: give a program after --"};
  if (program.find('/') != std::string_view::npos) return at_path(program, cwd);
  std::string refused;
  std::vector<std::string_view> tried;
  for (std::size_t begin = 0; begin <= path.size();) {
    const auto end = std::min(path.find(':', begin), path.size());
    const auto folder = path.substr(begin, end - begin);
    begin = end + 1;
    tried.push_back(folder.empty() ? "." : folder);
    auto candidate = fmt::format("{}/{}", tried.back(), program);
    const auto found = look_at(from(cwd, candidate));
    if (found == Found::program) return candidate;
    if (found != Found::nothing) refused += fmt::format("{}{} {}", refused.empty() ? "" : "; ", candidate, text_of(found));
  }
  if (!refused.empty()) return Error{Errc::permission_denied, fmt::format("{}: {}", program, refused)};
  return Error{Errc::not_found, fmt::format("{}: not found in PATH (looked in {})", program, fmt::join(tried, ", "))};
}

}  // namespace ts::process
