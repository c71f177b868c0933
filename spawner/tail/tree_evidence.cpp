#include "spawner/tail/tree_evidence.hpp"

#include <dirent.h>
#include <limits.h>
#include <unistd.h>

#include <array>
#include <fstream>
#include <iterator>
#include <memory>

namespace ts::tail {

namespace {

constexpr std::size_t kMostBytes = 128 * 1024;
constexpr std::string_view kRunVariable = "TRACKED_SPAWN_RUN=";

struct CloseDir {
  void operator()(DIR* dir) const { ::closedir(dir); }
};

bool below(const std::string& path, const std::vector<std::string>& roots) {
  for (const std::string& root : roots)
    if (path.size() > root.size() && path.starts_with(root) && path[root.size()] == '/') return true;
  return false;
}

void look_at_files(const std::string& process, const std::vector<std::string>& roots, TreeEvidence& evidence) {
  const std::string folder = process + "/fd";
  const std::unique_ptr<DIR, CloseDir> dir(::opendir(folder.c_str()));
  if (dir == nullptr) return;
  std::array<char, PATH_MAX> target{};
  while (const dirent* entry = ::readdir(dir.get())) {
    if (entry->d_name[0] == '.') continue;
    const ssize_t n = ::readlink((folder + "/" + entry->d_name).c_str(), target.data(), target.size());
    if (n <= 0 || target[0] != '/') continue;
    std::string path(target.data(), static_cast<std::size_t>(n));
    if (below(path, roots)) evidence.open_files.insert(std::move(path));
  }
}

/// The words of a file of /proc that ends each with a NUL.
std::vector<std::string> words_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::string bytes;
  std::array<char, 4096> piece{};
  while (bytes.size() < kMostBytes && (file.read(piece.data(), piece.size()), file.gcount() > 0))
    bytes.append(piece.data(), static_cast<std::size_t>(file.gcount()));
  std::vector<std::string> words;
  for (std::size_t at = 0; at < bytes.size();) {
    const auto end = std::min(bytes.find('\0', at), bytes.size());
    words.push_back(bytes.substr(at, end - at));
    at = end + 1;
  }
  return words;
}

/// Its agent's processes have that run's id in their environment.
bool is_of_nested_run(const std::string& process, std::string_view run) {
  if (run.empty()) return false;
  for (const std::string& word : words_of(process + "/environ"))
    if (word.starts_with(kRunVariable)) return std::string_view{word}.substr(kRunVariable.size()) != run;
  return false;
}

}  // namespace

TreeEvidence look_at_tree(const std::vector<pid_t>& tree, const std::vector<std::string>& roots, std::string_view run) {
  TreeEvidence evidence;
  for (const pid_t pid : tree) {
    const std::string process = "/proc/" + std::to_string(pid);
    if (is_of_nested_run(process, run)) continue;
    look_at_files(process, roots, evidence);
    const auto argv = words_of(process + "/cmdline");
    const auto agent = agents::detect(argv);
    if (agent.profile->kind == agents::AgentKind::other) continue;
    std::string line(agent.profile->name);
    for (std::size_t i = agent.program + 1; i < argv.size(); ++i) line += '\0' + argv[i];
    evidence.agents.insert(std::move(line));
  }
  return evidence;
}

}  // namespace ts::tail
