#include "spawner/capture/run_folder.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

namespace ts::capture {

namespace {

/// Like `mkdir -p`, with mode 0700 for what is new.
Result<void> make_folders(const std::string& path) {
  for (std::size_t at = 1; at != std::string::npos && at < path.size();) {
    at = path.find('/', at);
    const std::string part = path.substr(0, at);
    if (::mkdir(part.c_str(), 0700) != 0 && errno != EEXIST) {
      // Below a read-only or foreign root an existing folder answers EROFS or EACCES, so look before complaining.
      const int why = errno;
      struct stat found {};
      if (::stat(part.c_str(), &found) != 0 || !S_ISDIR(found.st_mode)) return errno_error("run folder: " + part, why);
    }
    if (at != std::string::npos) ++at;
  }
  return {};
}

Result<void> write_all(int fd, std::string_view bytes, const std::string& path) {
  while (!bytes.empty()) {
    const ssize_t n = ::write(fd, bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return errno_error("run folder: " + path, n == 0 ? EIO : errno);
    bytes.remove_prefix(static_cast<std::size_t>(n));
  }
  if (::fdatasync(fd) != 0) return errno_error("run folder: " + path, errno);
  return {};
}

}  // namespace

Result<RunFolder> RunFolder::create(const std::string& state_home, const RunId& id) {
  const bool plain = !id.text.empty() && id.text.find('/') == std::string::npos && id.text.front() != '.';
  if (!plain) return Error{Errc::invalid_argument, "run folder: '" + id.text + "' is not a run id"};
  const std::string runs = state_home + "/tracked-spawn/runs";
  TS_CHECK(make_folders(runs));
  RunFolder folder;
  folder.path_ = runs + "/" + id.text;
  if (::mkdir(folder.path_.c_str(), 0700) != 0) return errno_error("run folder: " + folder.path_, errno);
  return folder;
}

RunFolder RunFolder::nowhere(Error why) {
  RunFolder folder;
  folder.why_not_ = std::move(why);
  return folder;
}

std::string RunFolder::file(std::string_view name) const {
  if (path_.empty()) return {};
  return path_ + "/" + std::string(name);
}

RawFile RunFolder::open(std::string_view name) const {
  if (path_.empty()) return RawFile(why_not_);
  return RawFile::create(file(name));
}

Result<void> RunFolder::write_whole(std::string_view name, std::string_view bytes) const {
  if (path_.empty()) return Error{Errc::not_found, "run folder: " + std::string(name) + " is not kept: " + why_not_.message};
  const std::string path = file(name);
  const std::string temporary = path + ".new";
  const int fd = ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
  if (fd < 0) return errno_error("run folder: " + temporary, errno);
  auto written = write_all(fd, bytes, temporary);
  ::close(fd);
  if (written.has_value() && ::rename(temporary.c_str(), path.c_str()) != 0) written = errno_error("run folder: " + path, errno);
  if (written.has_error()) ::unlink(temporary.c_str());
  return written;
}

}  // namespace ts::capture
