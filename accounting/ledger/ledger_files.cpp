#include "accounting/ledger/ledger_files.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

namespace ts::ledger {
namespace {

constexpr mode_t kFolderMode = 0700;
constexpr mode_t kFileMode = 0600;

Error folder_error(const std::filesystem::path& folder, int errno_value) {
  Error error = errno_error(folder.string() + ": can't make the ledger's folder", errno_value);
  error.message += ": set XDG_STATE_HOME to a folder that you can write to";
  return error;
}

/// Not std::filesystem::create_directories: that one makes them with mode 0777.
Result<void> make_folders(const std::filesystem::path& folder) {
  if (folder.empty() || ::mkdir(folder.c_str(), kFolderMode) == 0) return {};
  const int reason = errno;
  if (reason == EEXIST) return {};  // if it is not a folder, creating the file in it says so
  if (reason != ENOENT || folder == folder.parent_path()) return folder_error(folder, reason);
  TS_CHECK(make_folders(folder.parent_path()));
  if (::mkdir(folder.c_str(), kFolderMode) == 0 || errno == EEXIST) return {};
  return folder_error(folder, errno);
}

/// A new name is on disk only when its folder is.
void sync_folder(const std::filesystem::path& folder) {
  const int fd = ::open(folder.empty() ? "." : folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return;
  (void)::fsync(fd);
  ::close(fd);
}

}  // namespace

Error no_ledger_error(const std::filesystem::path& path) {
  return {Errc::not_found,
          path.string() + ": there is no ledger yet: the first `tracked-spawn run` makes one"};
}

Result<void> require_ledger_file(const std::filesystem::path& path) {
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0) {
    if (errno == ENOENT || errno == ENOTDIR) return no_ledger_error(path);
    return errno_error(path.string() + ": can't read the ledger", errno);
  }
  if (!S_ISREG(info.st_mode))
    return Error{Errc::invalid_argument, path.string() + ": not a file, so not a ledger"};
  if (::access(path.c_str(), R_OK) != 0) return errno_error(path.string() + ": can't read the ledger", errno);
  return {};
}

Result<void> make_ledger_file(const std::filesystem::path& path) {
  struct stat info {};
  if (::stat(path.c_str(), &info) == 0) {
    // Never opened here: closing a second descriptor would drop the POSIX locks that SQLite holds on the
    // first.
    if (S_ISREG(info.st_mode)) return {};
    return Error{Errc::invalid_argument, path.string() + ": not a file, so not a ledger: move it away"};
  }
  TS_CHECK(make_folders(path.parent_path()));
  const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, kFileMode);
  if (fd < 0) {
    if (errno == EEXIST) return {};
    Error error = errno_error(path.string() + ": can't create the ledger", errno);
    if (error.code == Errc::not_found)
      error.code = Errc::invalid_argument;  // a part of the path is not a folder
    error.message += ": set XDG_STATE_HOME to a folder that you can write to";
    return error;
  }
  (void)::fchmod(fd, kFileMode);  // whatever the umask says
  ::close(fd);
  sync_folder(path.parent_path());
  return {};
}

}  // namespace ts::ledger
