#include "accounting/import/scan_paths.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <map>

namespace ts {
namespace {

namespace fs = std::filesystem;

class Finder {
 public:
  void named(const fs::path& path) {
    struct stat info {};
    if (::stat(path.c_str(), &info) != 0) {
      problem(path, errno_error(path.string(), errno));
    } else if (S_ISDIR(info.st_mode)) {
      folder(path);
    } else if (S_ISREG(info.st_mode)) {
      add(path, info, true);
    } else {
      problem(path, {Errc::invalid_argument, path.string() + ": not a file; name a file or a folder"});
    }
  }

  FoundFiles take() {
    const auto by_path = [](const auto& a, const auto& b) { return a.path < b.path; };
    std::sort(found_.files.begin(), found_.files.end(), by_path);
    std::sort(found_.problems.begin(), found_.problems.end(), by_path);
    return std::move(found_);
  }

 private:
  // An own walk: the library's iterator gives up on the whole walk at the first folder that it can't read.
  void folder(const fs::path& path) {
    std::error_code error;
    fs::directory_iterator entries(path, error);
    if (error) return problem(path, errno_error(path.string(), error.value()));
    std::vector<fs::path> folders;
    for (; !error && entries != fs::directory_iterator(); entries.increment(error)) {
      std::error_code ignored;
      if (entries->symlink_status(ignored).type() == fs::file_type::directory) {
        folders.push_back(entries->path());
        continue;
      }
      struct stat info {};
      if (::stat(entries->path().c_str(), &info) == 0 && S_ISREG(info.st_mode)) add(entries->path(), info, false);
    }
    if (error) problem(path, errno_error(path.string(), error.value()));
    for (const fs::path& below : folders) folder(below);
  }

  void add(const fs::path& path, const struct stat& info, bool named) {
    const auto [place, fresh] = seen_.try_emplace({info.st_dev, info.st_ino}, found_.files.size());
    if (!fresh) {
      FoundFile& known = found_.files[place->second];
      known.named = known.named || named;
      return;
    }
    found_.files.push_back({path.string(), static_cast<std::uint64_t>(info.st_size), named, static_cast<std::uint64_t>(info.st_dev),
                            static_cast<std::uint64_t>(info.st_ino),
                            static_cast<std::int64_t>(info.st_mtim.tv_sec) * 1'000'000'000 + info.st_mtim.tv_nsec});
  }

  void problem(const fs::path& path, Error error) { found_.problems.push_back({path.string(), std::move(error)}); }

  FoundFiles found_;
  std::map<std::pair<dev_t, ino_t>, std::size_t> seen_;
};

}  // namespace

FoundFiles find_files(const std::vector<fs::path>& paths) {
  Finder finder;
  for (const fs::path& path : paths) finder.named(path);
  return finder.take();
}

}  // namespace ts
