#include "taskfile/find.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "accounting/base/ascii.hpp"
#include "accounting/base/text.hpp"
#include "taskfile/reading.hpp"
#include "taskfile/store.hpp"
#include "taskfile/text/words.hpp"

namespace ts::taskfile {
namespace {

namespace fs = std::filesystem;

constexpr int kDeepest = 12;
constexpr std::size_t kMostFiles = 100'000;
constexpr std::size_t kMostListed = 12;
constexpr std::array<std::string_view, 9> kSkippedFolders = {"node_modules", "build", "dist", "target", "vendor", "venv", "__pycache__", "out", "coverage"};

bool is_skipped(const fs::path& folder) {
  const std::string name = folder.filename().string();
  return name.starts_with(".") || std::find(kSkippedFolders.begin(), kSkippedFolders.end(), name) != kSkippedFolders.end();
}

bool is_task_file(const fs::directory_entry& entry) {
  const std::string name = entry.path().filename().string();
  const std::string extension = ascii_lower(entry.path().extension().string());
  std::error_code ignored;
  return !name.starts_with(".") && (extension == ".md" || extension == ".markdown") && entry.is_regular_file(ignored);
}

/// Every task file below `root`, sorted, links to folders not followed.
std::vector<fs::path> task_files(const fs::path& root) {
  std::vector<fs::path> files;
  std::error_code code;
  fs::recursive_directory_iterator at(root, fs::directory_options::skip_permission_denied, code);
  for (; !code && at != fs::recursive_directory_iterator() && files.size() < kMostFiles; at.increment(code)) {
    std::error_code ignored;
    if (at->is_directory(ignored)) {
      if (is_skipped(at->path()) || at.depth() >= kDeepest) at.disable_recursion_pending();
    } else if (is_task_file(*at)) {
      files.push_back(at->path());
    }
  }
  std::sort(files.begin(), files.end());
  return files;
}

bool same_id(std::string_view a, std::string_view b) { return !a.empty() && equal_ignoring_case(a, b); }

bool name_has_id(const fs::path& file, std::string_view id) {
  const std::string stem = ascii_lower(file.stem().string());
  const std::string key = ascii_lower(id);
  if (!stem.starts_with(key)) return false;
  return stem.size() == key.size() || (!is_letter(stem[key.size()]) && !is_digit(stem[key.size()]));
}

bool says_id(const fs::path& file, std::string_view id) {
  const auto document = load(file);
  return document.has_value() && same_id(read(*document).task_id, id);
}

std::vector<fs::path> with_id(const std::vector<fs::path>& files, std::string_view id) {
  std::vector<fs::path> hits;
  std::copy_if(files.begin(), files.end(), std::back_inserter(hits), [&](const fs::path& file) { return name_has_id(file, id); });
  if (!hits.empty()) return hits;
  std::copy_if(files.begin(), files.end(), std::back_inserter(hits), [&](const fs::path& file) { return says_id(file, id); });
  return hits;
}

Error ambiguous(std::string_view id, const std::vector<fs::path>& hits) {
  std::string list;
  for (std::size_t i = 0; i < std::min(hits.size(), kMostListed); ++i) list += "\n  " + hits[i].string();
  if (hits.size() > kMostListed) list += fmt::format("\n  and {} more", hits.size() - kMostListed);
  return Error{Errc::ambiguous, fmt::format("task {}: {} files have this id; give the path of one:{}", printable(id, 60), hits.size(), list)};
}

bool looks_like_path(std::string_view text) {
  const std::string low = ascii_lower(text);
  return text.find('/') != std::string_view::npos || low.ends_with(".md") || low.ends_with(".markdown");
}

}  // namespace

fs::path project_root(const fs::path& path) {
  std::error_code ignored;
  fs::path at = fs::absolute(path, ignored);
  for (fs::path folder = at; !folder.empty(); folder = folder.parent_path()) {
    if (fs::exists(folder / ".git", ignored)) return folder;
    if (folder == folder.root_path()) break;
  }
  return at;
}

Result<fs::path> resolve(std::string_view path_or_id, const fs::path& root) {
  std::error_code ignored;
  const fs::path path(path_or_id);
  if (path_or_id.empty()) return Error{Errc::invalid_argument, "task: give a path or a task id"};
  if (fs::exists(path, ignored)) return path;
  if (fs::is_symlink(path, ignored)) return Error{Errc::not_found, fmt::format("task file {}: a link that leads nowhere", path.string())};
  if (looks_like_path(path_or_id)) return Error{Errc::not_found, fmt::format("task file {}: no such file", printable(path_or_id))};
  const std::vector<fs::path> files = task_files(root);
  std::vector<fs::path> hits = with_id(files, path_or_id);
  if (hits.size() > 1) return ambiguous(path_or_id, hits);
  if (hits.empty())
    return Error{Errc::not_found, fmt::format("task {}: none of {} Markdown files below {} has this id; give the file's path", printable(path_or_id, 60), files.size(), root.string())};
  return std::move(hits.front());
}

Result<fs::path> find_moved(const fs::path& lost, std::string_view task_id) {
  std::error_code ignored;
  fs::path folder = fs::absolute(lost, ignored).parent_path();
  while (!fs::is_directory(folder, ignored) && folder != folder.root_path()) folder = folder.parent_path();
  const fs::path root = project_root(folder);
  for (const fs::path& place : {folder, root}) {
    const std::vector<fs::path> files = task_files(place);
    std::vector<fs::path> same_name;
    std::copy_if(files.begin(), files.end(), std::back_inserter(same_name), [&](const fs::path& file) { return file.filename() == lost.filename(); });
    if (same_name.size() == 1 && says_id(same_name.front(), task_id)) return same_name.front();
    std::vector<fs::path> hits = with_id(files, task_id);
    if (hits.size() > 1) return ambiguous(task_id, hits);
    if (hits.size() == 1) return std::move(hits.front());
    if (place == root) break;
  }
  return Error{Errc::not_found, fmt::format("no such file, and no other file below {} has the id {}", root.string(), printable(task_id, 60))};
}

}  // namespace ts::taskfile
