#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <thread>
#include <utility>

#include "taskfile/find.hpp"
#include "taskfile/store.hpp"

namespace ts::taskfile {
namespace {

namespace fs = std::filesystem;

constexpr std::chrono::seconds kLockPatience{30};
constexpr std::string_view kTempMark = ".tracked-spawn-tmp-";

class Descriptor {
 public:
  explicit Descriptor(int fd = -1) : fd_(fd) {}
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Descriptor& operator=(Descriptor&&) = delete;
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  [[nodiscard]] int get() const { return fd_; }

 private:
  int fd_;
};

FileStamp stamp_of(const struct stat& info) {
  return {info.st_dev, info.st_ino, info.st_size, info.st_mtim.tv_sec * 1'000'000'000 + info.st_mtim.tv_nsec};
}

bool is_unsupported(int code) { return code == EBADF || code == EOPNOTSUPP || code == ENOLCK || code == ENOSYS || code == EINVAL; }

class FolderLock : public FileLock {
 public:
  explicit FolderLock(Descriptor folder) : folder_(std::move(folder)) {}

 private:
  Descriptor folder_;  ///< closing it gives the lock up
};

/// Files that a crash left in the folder. Only called under the folder's lock, when no writer is at work.
void remove_leftovers(const fs::path& folder) {
  std::error_code ignored;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder, ignored))
    if (entry.path().filename().string().starts_with(kTempMark)) fs::remove(entry.path(), ignored);
}

Result<void> copy_attribute(int from, int to, const char* name) {
  std::string value(64, '\0');
  ssize_t size = 0;
  while ((size = ::fgetxattr(from, name, value.data(), value.size())) < 0 && errno == ERANGE) value.resize(value.size() * 4);
  if (size < 0) return {};
  if (::fsetxattr(to, name, value.data(), static_cast<std::size_t>(size), 0) == 0) return {};
  const bool ours = std::string_view(name).starts_with("user.") || std::string_view(name).starts_with("system.posix_acl");
  if (!ours || errno == EOPNOTSUPP) return {};  // security labels are the system's to set
  return errno_error(fmt::format("extended attribute {}", name), errno);
}

Result<void> copy_attributes(int from, int to) {
  const ssize_t size = ::flistxattr(from, nullptr, 0);
  if (size <= 0) return {};
  std::string names(static_cast<std::size_t>(size), '\0');
  const ssize_t read = ::flistxattr(from, names.data(), names.size());
  for (ssize_t at = 0; at < read;) {
    const char* name = names.data() + at;
    TS_CHECK(copy_attribute(from, to, name));
    at += static_cast<ssize_t>(std::strlen(name)) + 1;
  }
  return {};
}

/// A file without a name where the system knows such, else a named one; the name is given or kept until the replacement.
class PosixTemp : public TempFile {
 public:
  PosixTemp(Descriptor file, fs::path name, bool named) : file_(std::move(file)), name_(std::move(name)), named_(named) {}
  PosixTemp(const PosixTemp&) = delete;
  PosixTemp& operator=(const PosixTemp&) = delete;
  ~PosixTemp() override { remove(); }

  Result<void> append(std::string_view bytes) override {
    while (!bytes.empty()) {
      const ssize_t written = ::write(file_.get(), bytes.data(), bytes.size());
      if (written < 0 && errno == EINTR) continue;
      if (written < 0) return errno_error("write", errno);
      bytes.remove_prefix(static_cast<std::size_t>(written));
    }
    return {};
  }

  Result<void> sync() override {
    if (::fsync(file_.get()) != 0) return errno_error("fsync", errno);
    return {};
  }

  /// The name beside the target, made now if there is none yet.
  Result<fs::path> name() {
    if (!named_) {
      const std::string self = fmt::format("/proc/self/fd/{}", file_.get());
      if (::linkat(AT_FDCWD, self.c_str(), AT_FDCWD, name_.c_str(), AT_SYMLINK_FOLLOW) != 0) return errno_error(name_.string(), errno);
      named_ = true;
    }
    return name_;
  }

  [[nodiscard]] int descriptor() const { return file_.get(); }

  void remove() {
    if (named_) ::unlink(name_.c_str());
    named_ = false;
  }

  /// The name now belongs to the target.
  void forget() { named_ = false; }

 private:
  Descriptor file_;
  fs::path name_;
  bool named_;
};

fs::path temp_name(const fs::path& folder) {
  static std::atomic<unsigned> counter{0};
  return folder / fmt::format("{}{}-{}", kTempMark, ::getpid(), counter++);
}

Result<std::unique_ptr<PosixTemp>> open_temp(const fs::path& folder) {
  const fs::path name = temp_name(folder);
  if (Descriptor file(::open(folder.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600)); file.get() >= 0)
    if (::access("/proc/self/fd", X_OK) == 0) return std::make_unique<PosixTemp>(std::move(file), name, false);
  Descriptor file(::open(name.c_str(), O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (file.get() < 0) return errno_error(fmt::format("cannot write in folder {}", folder.string()), errno);
  return std::make_unique<PosixTemp>(std::move(file), name, true);
}

/// `expected`: its size, if nobody is writing.
Result<std::string> read_all(int fd, std::size_t expected, std::size_t limit) {
  constexpr std::size_t kMore = 4096;
  std::string bytes;
  for (std::size_t piece = expected + 1;; piece = kMore) {
    const std::size_t had = bytes.size();
    bytes.resize(had + piece);
    const ssize_t got = ::read(fd, bytes.data() + had, piece);
    bytes.resize(had + static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return errno_error("read", errno);
    if (got == 0) return bytes;
    if (bytes.size() > limit) return Error{Errc::too_large, fmt::format("more than {} bytes: too large for a task file", limit)};
  }
}

class PosixStore : public FileStore {
 public:
  Result<fs::path> resolve(const fs::path& path) override {
    std::error_code code;
    fs::path real = fs::canonical(path, code);
    if (code) return errno_error("task file", code.value());
    return real;
  }

  Result<std::unique_ptr<FileLock>> lock(const fs::path& folder) override {
    Descriptor descriptor(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (descriptor.get() < 0) return errno_error(folder.string(), errno);
    const auto deadline = std::chrono::steady_clock::now() + kLockPatience;
    for (auto pause = std::chrono::microseconds(200); ::flock(descriptor.get(), LOCK_EX | LOCK_NB) != 0; pause = std::min(pause * 2, std::chrono::microseconds(20'000))) {
      if (is_unsupported(errno)) return std::make_unique<FolderLock>(std::move(descriptor));  // network file systems: the stamps guard alone
      if (errno != EWOULDBLOCK && errno != EINTR) return errno_error(folder.string(), errno);
      if (std::chrono::steady_clock::now() > deadline)
        return Error{Errc::timed_out, fmt::format("{}: locked by another writer for {} s", folder.string(), kLockPatience.count())};
      std::this_thread::sleep_for(pause);
    }
    remove_leftovers(folder);
    return std::make_unique<FolderLock>(std::move(descriptor));
  }

  Result<FileImage> read(const fs::path& path, std::size_t limit) override {
    const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
    if (file.get() < 0) return errno_error("task file", errno);
    struct stat info {};
    if (::fstat(file.get(), &info) != 0) return errno_error("task file", errno);
    if (S_ISDIR(info.st_mode)) return Error{Errc::unsupported, "a directory, not a task file"};
    if (!S_ISREG(info.st_mode)) return Error{Errc::unsupported, "not a regular file"};
    if (static_cast<std::uint64_t>(info.st_size) > limit)
      return Error{Errc::too_large, fmt::format("{} bytes, over the limit of {} for a task file", info.st_size, limit)};
    TS_TRY(std::string bytes, read_all(file.get(), static_cast<std::size_t>(info.st_size), limit));
    return FileImage{std::move(bytes), stamp_of(info)};
  }

  Result<std::unique_ptr<TempFile>> create_like(const fs::path& like) override {
    const Descriptor file(::open(like.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    struct stat info {};
    if (file.get() < 0 || ::fstat(file.get(), &info) != 0) return errno_error("task file", errno);
    if ((info.st_mode & 0222) == 0) return Error{Errc::permission_denied, "read-only; chmod u+w it, then write again"};
    if (::access(like.c_str(), W_OK) != 0) return errno_error("not writable", errno);
    TS_TRY(auto temp, open_temp(like.parent_path()));
    TS_CHECK(adopt(file.get(), info, *temp));
    return std::unique_ptr<TempFile>(std::move(temp));
  }

  Result<fs::path> find_again(const fs::path& lost, const std::string& task_id) override { return find_moved(lost, task_id); }

  Result<Replaced> replace(TempFile& temp, const fs::path& path, const FileStamp& stamp) override {
    auto& own = static_cast<PosixTemp&>(temp);
    struct stat info {};
    if (::stat(path.c_str(), &info) != 0) return errno_error("task file", errno);
    if (stamp_of(info) != stamp) return Replaced::changed_meanwhile;
    TS_TRY(const fs::path name, own.name());
    TS_TRY(const Replaced replaced, exchange(own, name, path, stamp));
    if (replaced == Replaced::yes) TS_CHECK(sync_folder(path.parent_path()));
    return replaced;
  }

 private:
  static Result<void> adopt(int from, const struct stat& info, const PosixTemp& temp) {
    const int to = temp.descriptor();
    struct stat own {};
    if (::fstat(to, &own) != 0) return errno_error("temporary file", errno);
    if (own.st_gid != info.st_gid && ::fchown(to, static_cast<uid_t>(-1), info.st_gid) != 0) return errno_error("cannot keep the file's group", errno);
    if (own.st_uid != info.st_uid && ::fchown(to, info.st_uid, static_cast<gid_t>(-1)) != 0 && errno != EPERM) return errno_error("cannot keep the file's owner", errno);
    if (::fchmod(to, info.st_mode & 07777) != 0) return errno_error("cannot keep the file's mode", errno);
    return copy_attributes(from, to);
  }

  /// Swaps the two names, looks at what was swapped out, and swaps back if it is not what was read: then nobody's bytes are lost.
  static Result<Replaced> exchange(PosixTemp& temp, const fs::path& name, const fs::path& path, const FileStamp& stamp) {
    if (::renameat2(AT_FDCWD, name.c_str(), AT_FDCWD, path.c_str(), RENAME_EXCHANGE) != 0) {
      if (!is_unsupported(errno)) return errno_error("rename", errno);
      if (::rename(name.c_str(), path.c_str()) != 0) return errno_error("rename", errno);
      temp.forget();
      return Replaced::yes;
    }
    struct stat out {};
    const bool same = ::stat(name.c_str(), &out) == 0 && stamp_of(out) == stamp;
    if (same) return Replaced::yes;  // the old file goes away with the temporary name
    if (::renameat2(AT_FDCWD, name.c_str(), AT_FDCWD, path.c_str(), RENAME_EXCHANGE) != 0) return errno_error("rename", errno);
    return Replaced::changed_meanwhile;
  }

  static Result<void> sync_folder(const fs::path& folder) {
    const Descriptor descriptor(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (descriptor.get() < 0 || (::fsync(descriptor.get()) != 0 && errno != EINVAL)) return errno_error(folder.string(), errno);
    return {};
  }
};

}  // namespace

FileStore& file_system() {
  static PosixStore store;
  return store;
}

}  // namespace ts::taskfile
